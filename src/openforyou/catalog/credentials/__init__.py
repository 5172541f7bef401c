"""Content Credentials as the catalogue keeps them: what a file said of itself, and what that forbids."""
