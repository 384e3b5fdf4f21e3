"""Saved cases of the verifier, played again."""

from __future__ import annotations

from verification import cases
from verification.levels.context import Context
from verification.levels.pairs import compared_paths


def first_difference(context: Context, case: cases.Case) -> tuple | None:
    """The case's first difference on both sides of a context, which are in its setting; None where they agree."""
    paths = compared_paths(context)
    return cases.play(context.plugin, context.table, paths, context.reference, context.candidate, case)
