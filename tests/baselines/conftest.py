"""These tests compile many small programs that run for a moment."""

from compiled_quickly import compiled_quickly

__all__ = ["compiled_quickly"]
