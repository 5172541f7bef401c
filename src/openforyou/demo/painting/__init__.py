"""Canvas, colour, noise, brushes and light: what the looks are painted with."""
