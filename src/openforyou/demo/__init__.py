"""The demo world: clips, creators and viewers made from a seed, on the real platform."""
