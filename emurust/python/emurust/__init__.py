"""A Game Boy for reinforcement learning, many at once."""
