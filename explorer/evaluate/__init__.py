"""Evaluation on a data set: every exit's answers recorded once, then any trade-off computed from them."""
