"""Trained policies for every environment of the suite: PPO and PQN in JAX. `python -m baselines --help`."""
