"""Ids, clock, canonical encoding and the error tree: what every room may lean on. Standard library only."""
