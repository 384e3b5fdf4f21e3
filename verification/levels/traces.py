"""Short traces from injected cases: each is played a few steps on both sides, as long as both agree."""

from __future__ import annotations

import numpy as np

from verification.batches import is_over, legal_many, random_actions, rows, size
from verification.levels.context import Context
from verification.levels.mining import live
from verification.levels.pairs import THREW, compare_steps, state_paths
from verification.plugin import Injected
from verification.results import CheckResult, Finding

TRACE_STEPS = 4
"""Steps that each case is played for."""


def play(context: Context, current: Injected, result: CheckResult, stream: str) -> int:
    """Play the cases, the first step as they say and the others at random; returns the joint steps.

    `stream`: the name of the random numbers, one for each step below it.
    """
    steps = 0
    for step in range(TRACE_STEPS):
        if not size(current.snapshots):
            break
        piece = CheckResult(result.id, result.level, result.title)
        pair, wrong = compare_steps(context, current, piece)
        steps += piece.steps
        for name, count in piece.stats.items():
            if name == THREW:
                result.stats[name] = result.stats.get(name, 0) + count
        for finding in piece.findings:
            result.add(Finding(**{**vars(finding), "case": {**finding.case, "trace step": step + 1}}))
        result.divergences += piece.divergences - len(piece.findings)
        going = {path: pair.reference[path] for path in pair.reference}
        going = rows(going, ~wrong)
        labels = [label for label, bad in zip(current.labels, wrong, strict=True) if not bad]
        over = np.broadcast_to(is_over(going), size(going))
        labels = [label for label, done in zip(labels, over, strict=True) if not done]
        going = live(going)
        if not size(going):
            break
        actions = random_actions(context.rng(f"{stream}/{step}"), legal_many(context.reference, going))
        current = Injected(state_paths(going), actions, labels)
    return steps
