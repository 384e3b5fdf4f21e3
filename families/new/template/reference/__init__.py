"""The reference, unmodified, and its driver."""
