"""What a slate is made for: one viewer at one moment, against one snapshot."""
