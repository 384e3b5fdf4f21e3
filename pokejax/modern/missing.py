"""Effects that the engine does not have. A team that brings one is refused by name, never played as nothing."""

MISSING: dict[str, frozenset[str]] = {"move": frozenset(), "ability": frozenset(), "item": frozenset()}
"""Ids by kind; all generations."""
