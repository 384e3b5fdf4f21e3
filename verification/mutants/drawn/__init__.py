"""Bugs that nobody has chosen: drawn from all source lines and data of an environment, each run in its own process."""
