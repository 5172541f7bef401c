"""Sounds: whose each is, under which licence, who may use it, and in which items it is heard."""
