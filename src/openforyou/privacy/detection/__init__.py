"""The sequence of what staff ask, watched across people and time."""
