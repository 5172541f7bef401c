"""What another policy would have earned, told from what a policy that chose by lot has logged."""
