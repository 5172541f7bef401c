"""Personal fields, sealed one by one under a key of the person's own."""
