"""How an item leaves everybody's sight, and comes back."""
