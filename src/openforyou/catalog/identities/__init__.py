"""Accounts and sites elsewhere that a creator has proven to hold, and how each of them was proven."""
