"""Training on photographs without labels: crops of free pictures, and a classifier that says what it sees."""
