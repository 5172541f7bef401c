"""Thousands of videos a day were copied, resized, their marks cut. Scrapers who want them to pass for theirs."""

HOSTS = ("news.example",)
"""A server elsewhere whose pages say that nothing may be learned from them."""
