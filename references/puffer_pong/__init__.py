"""Driver of PufferLib's C Pong."""
