"""What viewers did: taken in once, durable before answered, known to the very next feed request."""
