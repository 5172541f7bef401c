"""What is known of a person: sealed, opened for a reason, handed out, destroyed."""
