"""Training: losses, recipes, and a loop that survives interruption."""
