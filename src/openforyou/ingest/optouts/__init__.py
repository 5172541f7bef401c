"""What a page and its host say of being learned from, in the several ways in which it is said on the web."""
