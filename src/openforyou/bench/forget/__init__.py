"""`bench forget`: how soon a right taken back is out of every slate and every model, and whether it shows any more."""
