"""Rows of the paper that this suite has not yet: environments still to be built, and the cost of translation."""
