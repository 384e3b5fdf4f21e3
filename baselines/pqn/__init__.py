"""Parallelised Q-networks (Gallici et al. 2024): the cheap second baseline, for discrete actions and one player."""
