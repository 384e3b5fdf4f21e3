"""A whole family around a toy environment, which `families.new` copies under another name."""
