"""Localisation of a difference: the paths in module order, and suspects in the candidate's source."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verification.fields import FieldTable
from verification.plugin import Plugin
from verification.results import FieldDifference, Finding

SHOWN_DIFFERENCES = 40
SHOWN_SUSPECTS = 5


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
    limit: int = SHOWN_SUSPECTS,
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


def completed(plugin: Plugin, finding: Finding, level: str) -> Finding:
    """A finding that names no suspects, with those that its words name: fields, their owners, the environment's class.

    A contract that is broken (L0) and draws of a wrong law (L3d) may lie in the environment's own class and in the
    contract's base class too, which stand behind what the words name.
    """
    if finding.suspects:
        return finding
    text = [finding.message, *finding.case.values()]
    for difference in finding.differences:
        text += [difference.name, difference.module, *(v for v in (difference.candidate,) if isinstance(v, str))]
    words = _words(text)
    modules = list(dict.fromkeys(module for word in words for module in _owners(plugin, word)))
    named = [FieldDifference(module, module, None, None) for module in modules]
    places = dict(suspects(plugin, named))
    if level in ("L0", "L3d"):
        own, contract = _classes(plugin)
        resets = any(word.startswith(_OF_AUTORESET) for word in words)
        around = [*contract, *own] if resets else [*own, *contract]
        highest = max(places.values(), default=1.0)
        for order, place in enumerate(around):
            score = (1.1 if resets else 0.6) * highest / (1 + 0.1 * order)
            places[place] = max(places.get(place, 0.0), round(score, 3))
    ranked = sorted(places.items(), key=lambda item: (-item[1], item[0]))
    return replace(finding, suspects=tuple(ranked[:SHOWN_SUSPECTS]))


_OF_AUTORESET = ("final_", "returned_", "autoreset", "auto")


def _words(texts: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(word for text in texts for word in re.findall(r"[a-z_]\w+", str(text).lower())))


def _owners(plugin: Plugin, word: str) -> list[str]:
    """Modules of that name, and of fields whose path ends with it."""
    if word in plugin.state.modules:
        return [word]
    return [spec.module for spec in plugin.state.fields if spec.path.rpartition(".")[2] == word]


def _classes(plugin: Plugin) -> tuple[list[str], list[str]]:
    """Modules of the environment's own classes, and of the contract's."""
    if plugin.sides.env_id is None:
        return [], []
    import jaxenv

    bases = [base.__module__ for base in type(jaxenv.make(plugin.sides.env_id)).__mro__]
    own = [name for name in bases if name.partition(".")[0] not in ("builtins", "typing", "jaxenv")]
    contract = ["jaxenv.autoreset", *(name for name in bases if name.startswith("jaxenv."))]
    return list(dict.fromkeys(own)), list(dict.fromkeys(contract))


def of_error(trace: str, modules: Sequence[str]) -> tuple[str, ...]:
    """Modules among these that a traceback's text passes through, the innermost first."""
    files = re.findall(r'File "([^"]+)\.py"', trace)
    found = []
    for file in reversed(files):
        parts = file.replace("\\", "/").split("/")
        names = {".".join(parts[k:]).removesuffix(".__init__") for k in range(len(parts))}
        found += [module for module in modules if module in names]
    return tuple(dict.fromkeys(found))


def _places(plugin: Plugin, behaviour: str) -> Sequence[str]:
    for pattern, places in plugin.behaviours.sources.items():
        if fnmatch.fnmatchcase(behaviour, pattern):
            return places
    return ()
