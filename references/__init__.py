"""Drivers of the unmodified reference environments; they know nothing of ours."""
