"""Generations 3 to 9 as one event engine; Generation 4 so far."""
