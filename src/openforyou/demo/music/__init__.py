"""Procedural music: what each look sounds like, rendered to samples with NumPy alone."""
