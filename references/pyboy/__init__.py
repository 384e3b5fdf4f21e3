"""PyBoy, driven unmodified and as a black box."""
