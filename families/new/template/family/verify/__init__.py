"""What the verifier is told."""
