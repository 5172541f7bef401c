"""Drills: scripted attacks, run for real against a live OpenForYou, that must be prevented or detected."""
