"""What a feed server holds in memory, the same for all viewers: one frozen snapshot, and what keeps it fresh."""
