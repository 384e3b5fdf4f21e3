"""One module for each reference that can be timed."""
