"""Places in which episodes of the same policies differ between two sides: steps, features, actions, first states."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from references.protocol import FIGURES, OUTCOME, Batch
from translator.transfer.policies import Played
from translator.verifier import Row
from verification.batches import per_case

PARTS = 10
"""Parts that an episode's steps are divided into."""
SURE = 1e-6
"""Chance at most, over all fields together, that equal laws of first states are called different."""
_TOLD = 0.01


@dataclass(frozen=True)
class Apart:
    """One number whose law differs: its name, means of reference and candidate, and the adjusted p-value."""

    name: str
    reference: float
    candidate: float
    p: float

    def __str__(self) -> str:
        return f"{self.name}: {self.reference:.4g} in the reference, {self.candidate:.4g} here (p {self.p:.1g})"


def window(reference: Played, candidate: Played) -> str:
    """The part of the episode in which the returns part the most, in words; "" where no part differs at all."""
    steps = reference.rewards.shape[1]
    edges = np.unique(np.linspace(0, steps, PARTS + 1).astype(int))
    found = []
    for first, last in itertools.pairwise(edges.tolist()):
        theirs, ours = (side.rewards[:, first:last].sum(1) for side in (reference, candidate))
        gap = float(ours.mean() - theirs.mean())
        error = float(np.sqrt(ours.var() / len(ours) + theirs.var() / len(theirs)))
        going = [float((side.lengths > first).mean()) for side in (reference, candidate)]
        found.append((abs(gap) / (error + 1e-9), gap, first, last, theirs.mean(), ours.mean(), going))
    _, gap, first, last, theirs, ours, going = max(found)
    if gap == 0:
        return ""
    return (
        f"returns part the most in steps {first}–{last - 1}: {theirs:.4g} on average in the reference, "
        f"{ours:.4g} here; "
        f"{going[0]:.0%} of the episodes reach step {first} in the reference, {going[1]:.0%} here"
    )


def seen(reference: Played, candidate: Played, names: Sequence[str]) -> list[Apart]:
    """Numbers of the observation, and actions, whose means over an episode's first steps differ in law."""
    columns = [(name, reference.seen[:, i], candidate.seen[:, i]) for i, name in enumerate(names)]
    columns.append(("action", reference.acted, candidate.acted))
    columns.append(("length of the episode", reference.lengths.astype(float), candidate.lengths.astype(float)))
    return [one for one in _apart(columns) if one.p < _TOLD]


def first_states(reference: Batch, candidate: Batch, paths: Sequence[str]) -> list[tuple[str, Apart]]:
    """Fields of the first states whose laws differ beyond chance (`SURE`): (path, the number of it that differs)."""
    columns, of = [], {}
    for path in paths:
        if path.startswith(OUTCOME) or path in FIGURES or path not in candidate:
            continue
        theirs, ours = (per_case(np.asarray(batch[path], np.float64)) for batch in (reference, candidate))
        if theirs.shape[1] != ours.shape[1]:
            continue  # which level 1 tells
        for number in range(theirs.shape[1]):
            name = path if theirs.shape[1] == 1 else f"{path}[{number}]"
            columns.append((name, theirs[:, number], ours[:, number]))
            of[name] = path
    return [(of[one.name], one) for one in _apart(columns) if one.p < SURE]


def spread(values: np.ndarray) -> str:
    """A sample of one number in words."""
    low, high = float(values.min()), float(values.max())
    return f"{values.mean():.4g} on average, {low:.4g} to {high:.4g}"


def rows_of(reference: Batch, candidate: Batch, paths: Sequence[str], owner: Callable[[str], str]) -> list[Row]:
    """A row for each field of the first states that differs in law, in the order of `paths`."""
    wrong = {path: one for path, one in reversed(first_states(reference, candidate, paths))}
    rows = []
    for path in paths:
        if path in wrong:
            number = int(wrong[path].name.rpartition("[")[2].rstrip("]")) if "[" in wrong[path].name else 0
            theirs, ours = (per_case(np.asarray(b[path], np.float64))[:, number] for b in (reference, candidate))
            rows.append(Row(path, spread(theirs), spread(ours), owner(path)))
    return rows


def _apart(columns: Sequence[tuple[str, np.ndarray, np.ndarray]]) -> list[Apart]:
    """Two-sample Kolmogorov–Smirnov tests, adjusted by Holm, the surest first. Equal constants are never apart."""
    from scipy.stats import ks_2samp

    found = []
    for name, theirs, ours in columns:
        if np.array_equal(np.unique(theirs), np.unique(ours)) and len(np.unique(theirs)) == 1:
            continue
        tested: Any = ks_2samp(theirs, ours, method="asymp")
        found.append((float(tested.pvalue), name, theirs, ours))
    found.sort(key=lambda one: one[0])
    adjusted, worst = [], 0.0
    for rank, (p, name, theirs, ours) in enumerate(found):
        worst = max(worst, min(1.0, p * (len(columns) - rank)))
        adjusted.append(Apart(name, float(theirs.mean()), float(ours.mean()), worst))
    return adjusted
