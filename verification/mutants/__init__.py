"""Seeded bugs: what a verifier is worth is measured by the mutants of the implementation that it tells from it."""
