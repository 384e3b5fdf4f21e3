"""Fields that are compared: paths of a snapshot, their kind, tolerance and the module that owns them."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from references.protocol import UNDEFINED, per_case

#: The module of the paths that every plugin has and none owns.
PROTOCOL = "protocol"

Kind = Literal["int", "float", "angle", "set", "multiset", "ignore"]
_FAMILIES = {"i": "integer", "u": "integer", "f": "float", "b": "bool"}
_KINDS = ("int", "float", "angle", "set", "multiset", "ignore")


class PluginError(ValueError):
    """A plugin that must be mended before anything is run; the message names the place and the remedy."""


@dataclass(frozen=True)
class FieldSpec:
    """Comparison of the paths that match `path` (a glob: "p?.team.*.hp").

    * `kind`: "int" (and bool) equal; "float" within tolerance; "angle" the same modulo 2π; "set"/"multiset" the array's
      entries in any order, once or with repetition; "ignore" not at all.
    * `atol`, `rtol`: |candidate − reference| ≤ atol + rtol·|reference|. `ulp`: or at most so many representable numbers
      apart, in the reference's dtype. All 0 means bitwise (NaN equals NaN).
    * `module`: who owns the field. `why`: the reason, without which no tolerance and no "ignore" is accepted.
    """

    path: str
    module: str
    kind: Kind = "int"
    atol: float = 0.0
    rtol: float = 0.0
    ulp: int = 0
    why: str = ""

    @property
    def tolerant(self) -> bool:
        """True if anything but equality passes."""
        return self.kind == "ignore" or bool(self.atol or self.rtol or self.ulp)


class FieldTable:
    """A plugin's fields, resolved to concrete paths; refuses what is ambiguous or has no reason."""

    def __init__(self, specs: Sequence[FieldSpec], modules: Sequence[str]) -> None:
        self.specs, self.modules = tuple(specs), tuple(modules)
        self._rank = {module: rank for rank, module in enumerate(self.modules)}
        # A mark of the protocol's own, not a field: each check asks `batches.undefined` for it.
        marks = FieldSpec(UNDEFINED, PROTOCOL, "ignore", why="marks steps to which the reference gives no answer")
        self._of: dict[str, FieldSpec] = {UNDEFINED: marks}
        problems = [problem for spec in specs for problem in self._problems(spec)]
        if len(self._rank) != len(self.modules):
            problems.append(f"modules {list(modules)}: each may stand only once")
        if problems:
            raise PluginError("; ".join(problems))

    def _problems(self, spec: FieldSpec) -> Iterable[str]:
        where = f"FieldSpec({spec.path!r})"
        if spec.kind not in _KINDS:
            yield f"{where}: kind {spec.kind!r}, known are {', '.join(_KINDS)}"
        if spec.module not in self._rank:
            yield f"{where}: module {spec.module!r} is not one of the plugin's modules {list(self.modules)}"
        if min(spec.atol, spec.rtol, spec.ulp) < 0:
            yield f"{where}: a tolerance is negative"
        if spec.tolerant and not spec.why.strip():
            yield f"{where}: a tolerance or an ignored field needs a reason, add why=..."
        if (spec.atol or spec.rtol or spec.ulp) and spec.kind not in ("float", "angle"):
            yield f"{where}: kind {spec.kind!r} is compared exactly, remove the tolerance or say kind='float'"

    def spec(self, path: str) -> FieldSpec:
        """The spec of a concrete path; a `PluginError` when none matches, or several of different modules do."""
        found = self._of.get(path)
        if found is None:
            matches = [spec for spec in self.specs if fnmatch.fnmatchcase(path, spec.path)]
            if not matches:
                raise PluginError(
                    f"snapshot path {path!r} is named by no FieldSpec; add one, or one with kind='ignore'"
                )
            owners = {spec.module for spec in matches}
            exact = [spec for spec in matches if spec.path == path]
            if len(owners) > 1 and not exact:
                raise PluginError(
                    f"snapshot path {path!r} is owned by modules {sorted(owners)} through "
                    f"{[spec.path for spec in matches]}; make the globs disjoint"
                )
            found = self._of[path] = (exact or matches)[0]
        return found

    def check(self, reference: Iterable[str], candidate: Iterable[str]) -> list[str]:
        """The compared paths in module order; a `PluginError` names paths of one side only, and idle globs."""
        in_order = list(reference)
        ours, theirs = set(candidate) - {UNDEFINED}, set(in_order) - {UNDEFINED}
        lacking = {path for path in theirs - ours if self.spec(path).kind != "ignore"}
        surplus = {path for path in ours - theirs if self.spec(path).kind != "ignore"}
        if lacking or surplus:
            raise PluginError(
                f"snapshots must have the same paths; only in the reference: {sorted(lacking)[:8]}, only in the "
                f"candidate: {sorted(surplus)[:8]} (a FieldSpec with kind='ignore' and why=... exempts one)"
            )
        used = {self.spec(path).path for path in ours | theirs}
        idle = [spec.path for spec in self.specs if spec.path not in used and not spec.path.startswith("out.")]
        if idle:
            raise PluginError(f"FieldSpec paths {idle} match nothing in a snapshot; correct or remove them")
        both = [path for path in in_order if path in ours and path in theirs]
        return self.ordered(path for path in both if self.spec(path).kind != "ignore")

    def ordered(self, paths: Iterable[str]) -> list[str]:
        """`paths` in module order; within a module as given."""
        return sorted(paths, key=lambda path: self._rank[self.spec(path).module])

    def differs(self, path: str, reference: NDArray[Any], candidate: NDArray[Any]) -> NDArray[np.bool_]:
        """bool [N]: which cases of a batch differ in this path; inputs [N, …]."""
        spec = self.spec(path)
        ours, theirs = np.asarray(candidate), np.asarray(reference)
        cases = len(theirs)
        if spec.kind == "ignore":
            return np.zeros(cases, bool)
        if ours.shape != theirs.shape:
            raise PluginError(f"{path!r}: the reference gives shape {theirs.shape[1:]}, the candidate {ours.shape[1:]}")
        families = {_FAMILIES.get(values.dtype.kind, values.dtype.kind) for values in (ours, theirs)}
        if len(families) > 1:
            raise PluginError(
                f"{path!r}: the reference gives {theirs.dtype}, the candidate {ours.dtype}; convert one of them in its "
                "adapter, so that equal values are equal"
            )
        if spec.kind in ("set", "multiset"):
            return np.array([not _same_entries(a, b, spec.kind) for a, b in zip(theirs, ours, strict=True)], bool)
        wrong = ours != theirs
        if theirs.dtype.kind == "f":
            wrong &= ~(np.isnan(ours) & np.isnan(theirs))
        if spec.kind in ("float", "angle") and wrong.any():
            wrong &= ~_within(spec, theirs, ours)
        return np.asarray(per_case(wrong).any(axis=1))

    def compare(
        self, paths: Sequence[str], reference: Mapping[str, Any], candidate: Mapping[str, Any]
    ) -> dict[str, NDArray[np.bool_]]:
        """Differing paths of a batch, in the order of `paths`, with the cases that differ: bool [N] each."""
        found = {path: self.differs(path, reference[path], candidate[path]) for path in paths}
        return {path: cases for path, cases in found.items() if cases.any()}


def error(spec: FieldSpec, reference: NDArray[Any], candidate: NDArray[Any]) -> NDArray[np.float64]:
    """|candidate − reference|, for angles the shorter way round; NaN on one side only counts as infinite."""
    theirs, ours = np.asarray(reference, np.float64), np.asarray(candidate, np.float64)
    with np.errstate(invalid="ignore"):
        gap = np.abs(ours - theirs)
        if spec.kind == "angle":
            gap = np.mod(gap, 2 * np.pi)
            gap = np.minimum(gap, 2 * np.pi - gap)
    gap = np.where(ours == theirs, 0.0, gap)
    both_nan = np.isnan(ours) & np.isnan(theirs)
    return np.where(both_nan, 0.0, np.where(np.isnan(gap), np.inf, gap))


def _within(spec: FieldSpec, theirs: NDArray[Any], ours: NDArray[Any]) -> NDArray[np.bool_]:
    gap = error(spec, theirs, ours)
    size = np.abs(np.nan_to_num(theirs.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0))
    allowed = spec.atol + spec.rtol * size
    if spec.ulp:
        smallest = np.finfo(theirs.dtype).tiny
        allowed = np.maximum(allowed, spec.ulp * np.spacing(np.maximum(size, smallest).astype(theirs.dtype)))
    return gap <= allowed


def _same_entries(a: NDArray[Any], b: NDArray[Any], kind: str) -> bool:
    if kind == "set":
        return set(a.ravel().tolist()) == set(b.ravel().tolist())
    return sorted(a.ravel().tolist()) == sorted(b.ravel().tolist())
