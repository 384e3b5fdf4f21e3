"""A walk along a corridor: in plain Python (`reference`), and in JAX (`env`)."""
