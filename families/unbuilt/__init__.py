"""What the paper has and this suite has not: environments that are still to be built, and the cost of translation."""
