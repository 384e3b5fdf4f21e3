"""A sweep over everything that one machine can measure in a given time. Needs jax and numpy alone, but for training."""
