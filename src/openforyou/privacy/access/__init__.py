"""How staff come to see something of a person: asked, granted by another, in the open log, and only then opened."""
