"""What a candidate is worth: the chance of each action, then the published value of the actions."""
