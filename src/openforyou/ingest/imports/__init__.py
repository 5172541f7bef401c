"""Imports of one's own archive from elsewhere: one file a format, found by the registry."""
