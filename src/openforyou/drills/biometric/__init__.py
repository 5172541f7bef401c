"""Recognising people in clips: an encoder that tells who somebody is, run on those who never agreed to it."""
