"""Level 4: policies that are trained on the candidate and played on the reference, and a search from their states."""
