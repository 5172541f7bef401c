"""The commands. Each module parses, calls one service, and renders; it holds no rule."""
