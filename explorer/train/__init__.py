"""Training: losses, recipes, and a loop that survives being cut off."""
