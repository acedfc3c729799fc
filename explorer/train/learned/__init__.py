"""Learned parts of exit rules, trained on what a frozen model's exits read: minutes, not hours."""
