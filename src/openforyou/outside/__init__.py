"""What this platform asks of other servers: one door, which leads to public addresses only and always closes again."""
