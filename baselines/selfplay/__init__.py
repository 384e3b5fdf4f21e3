"""Two-player environments: who sits where, fixed opponents, and the pool of past selves."""
