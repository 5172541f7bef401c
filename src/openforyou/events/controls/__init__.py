"""What viewers choose of their own feed: switches, what they muted, what they asked for more of."""
