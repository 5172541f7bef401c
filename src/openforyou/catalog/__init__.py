"""Creators, their items, and the rights that an item carries from its first day."""
