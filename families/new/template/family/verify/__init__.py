"""Parts that the verifier uses."""
