"""What may stand in the slate. A filter decides permission and nothing else; one that fails fails the request."""
