"""The levels of verification: L0 contract, L1 injected steps, L2 interactions, L3 episodes, L3d draws, L4 transfer."""
