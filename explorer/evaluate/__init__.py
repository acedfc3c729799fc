"""Evaluation over a data set: every exit's answers once, then any trade-off by arithmetic."""
