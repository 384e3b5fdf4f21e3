"""Worked examples of verification, for those who bring their own environment."""
