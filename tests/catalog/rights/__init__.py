"""The room of rights."""
