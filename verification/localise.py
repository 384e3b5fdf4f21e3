"""Localisation of a difference: the paths in module order, and suspects in the candidate's source."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verification.fields import FieldTable
from verification.plugin import Plugin
from verification.results import FieldDifference

SHOWN_DIFFERENCES = 40


def differences(
    table: FieldTable, paths: Sequence[str], reference: Mapping[str, Any], candidate: Mapping[str, Any], case: int
) -> tuple[FieldDifference, ...]:
    """The differing paths of one case of a batch, in the order of `paths` (module order)."""
    found = []
    for path in paths:
        theirs, ours = reference[path][case], candidate[path][case]
        if table.differs(path, np.asarray(theirs)[None], np.asarray(ours)[None])[0]:
            module = table.spec(path).module
            found.append(FieldDifference(path, module, np.asarray(ours).tolist(), np.asarray(theirs).tolist()))
    return tuple(found[:SHOWN_DIFFERENCES])


def ochiai(failing: NDArray[np.bool_], present: NDArray[np.bool_]) -> float:
    """Spectrum-based suspicion of a behaviour: how well its presence (bool [N]) goes with failing (bool [N])."""
    together = int((failing & present).sum())
    if not together:
        return 0.0
    return together / float(np.sqrt(int(failing.sum()) * int(present.sum())))


def suspects(
    plugin: Plugin,
    found: Sequence[FieldDifference],
    behaviours: Mapping[str, NDArray[np.bool_]] | None = None,
    failing: NDArray[np.bool_] | None = None,
    case: int | None = None,
    limit: int = 5,
) -> tuple[tuple[str, float], ...]:
    """Places in the candidate's source, the likeliest first, with scores.

    A place scores for writing the first differing modules' fields (1, then less by rank), and for running a behaviour
    whose presence goes with the failures of the batch (Ochiai); with `case`, only behaviours of that case count.
    """
    scores: dict[str, float] = {}

    def raise_to(place: str, score: float) -> None:
        scores[place] = max(scores.get(place, 0.0), score)

    modules = list(dict.fromkeys(difference.module for difference in found))
    owners: dict[str, float] = {}
    for rank, module in enumerate(modules[:3]):
        for order, place in enumerate(plugin.state.sources.get(module, ())):
            owners[place] = max(owners.get(place, 0.0), 1.0 / (1 + rank) / (1 + 0.3 * order))
    if behaviours and failing is not None and failing.any():
        for name, present in behaviours.items():
            if case is not None and not present[case]:
                continue
            score = ochiai(failing, present)
            for order, place in enumerate(_places(plugin, name)):
                raise_to(place, score / (1 + 0.3 * order))
    total = {place: scores.get(place, 0.0) + 0.5 * owners.get(place, 0.0) for place in {*scores, *owners}}
    ranked = sorted(total.items(), key=lambda item: (-item[1], item[0]))
    return tuple((place, round(score, 3)) for place, score in ranked[:limit])


def _places(plugin: Plugin, behaviour: str) -> Sequence[str]:
    for pattern, places in plugin.behaviours.sources.items():
        if fnmatch.fnmatchcase(behaviour, pattern):
            return places
    return ()
