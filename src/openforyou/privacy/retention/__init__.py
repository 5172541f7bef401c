"""What is removed because its time is over: each period stands once, in the care that its table declares."""
