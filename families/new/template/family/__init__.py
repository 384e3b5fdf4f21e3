"""A rover beside its reference."""
