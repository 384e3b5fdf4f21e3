"""The generator of the table of cards."""
