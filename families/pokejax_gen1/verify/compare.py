"""The first decision point at which two records of one battle differ, and how."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from references.showdown.client import STATUS_NAMES, Replayed
from references.showdown.gen1.fields import MODULE_ORDER, column, field_names, gen1_fields
from references.showdown.lcg import draws_between, state_of
from references.showdown.workers import STATUS_OK, STATUS_REFERENCE_ERROR

SHOWN_FIELDS = 20


@dataclass(frozen=True)
class FieldDifference:
    """One field with both values."""

    name: str
    module: str
    candidate: int
    reference: int


@dataclass(frozen=True)
class Divergence:
    """How a battle differs.

    `kind`: "fields", or the reference's status ("choice rejected", "ended early") where all records still agreed.
    `step`: index of the decision point; the choices that led to it are `actions[step - 1]`.
    `differences`: in module order, the draws first.
    `extra_draws`: draws the candidate made beyond the reference's; None when the states are over 64 draws apart.
    """

    kind: str
    step: int
    message: str
    differences: tuple[FieldDifference, ...]
    extra_draws: int | None

    @property
    def first_field(self) -> str:
        """The name under which divergences are counted."""
        return self.differences[0].name if self.differences else self.kind

    def to_json(self) -> dict[str, Any]:
        """Plain values for a report."""
        return {**asdict(self), "differences": [asdict(difference) for difference in self.differences]}


def column_order(fields: list[str]) -> NDArray[np.intp]:
    """Where each of the reference's columns stands in a candidate's `fields`; a `ValueError` names what is amiss."""
    names = field_names()
    missing, unknown = sorted(set(names) - set(fields)), sorted(set(fields) - set(names))
    if missing or unknown or len(fields) != len(names):
        raise ValueError(
            "the candidate's fields must be the reference's (references/showdown/gen1/fields.json), each once; "
            f"missing: {missing[:8]}, unknown: {unknown[:8]}"
        )
    place = {name: i for i, name in enumerate(fields)}
    return np.array([place[name] for name in names])


def compare(candidate: NDArray[np.int32], reference: Replayed) -> Divergence | None:
    """Compare a battle's records, int32 [T + 1, F] in the reference's column order, with its replay.

    A replay that stopped because the simulator itself threw is compared as far as it got and is no divergence.
    """
    rows = len(reference.records)
    different = (candidate[:rows] != reference.records).any(axis=1)
    if different.any():
        step = int(different.argmax())
        return _field_divergence(step, candidate[step], reference.records[step], reference.message)
    if reference.status in (STATUS_OK, STATUS_REFERENCE_ERROR):
        return None
    return Divergence(STATUS_NAMES[reference.status], rows, reference.message, (), None)


def _field_divergence(
    step: int, candidate: NDArray[np.int32], reference: NDArray[np.int32], message: str
) -> Divergence:
    rank = {module: i for i, module in enumerate(MODULE_ORDER)}
    fields = gen1_fields()
    found = [
        FieldDifference(fields[k].name, fields[k].module, int(candidate[k]), int(reference[k]))
        for k in np.flatnonzero(candidate != reference)
    ]
    found.sort(key=lambda difference: rank[difference.module])  # stable: columns keep their order within a module
    words = column("prng_hi"), column("prng_lo")
    extra = draws_between(state_of(*(int(reference[k]) for k in words)), state_of(*(int(candidate[k]) for k in words)))
    return Divergence("fields", step, message, tuple(found), extra)


def describe(divergence: Divergence) -> str:
    """Several lines: the step, the draws, then the fields with both values."""
    lines = [f"step {divergence.step}: {divergence.kind}"]
    if divergence.message:
        lines.append(f"  the reference says: {divergence.message.splitlines()[0]}")
    if divergence.kind == "fields":
        extra = divergence.extra_draws
        if extra is None:
            lines.append("  draws: the two generator states are more than 64 draws apart")
        elif extra:
            lines.append(
                f"  draws: the candidate made {abs(extra)} {'more' if extra > 0 else 'fewer'} than the reference"
            )
        else:
            lines.append("  draws: the same number")
    width = max((len(difference.name) for difference in divergence.differences), default=0)
    for difference in divergence.differences[:SHOWN_FIELDS]:
        lines.append(
            f"  {difference.module:<10} {difference.name:<{width}}  "
            f"candidate {difference.candidate}, reference {difference.reference}"
        )
    hidden = len(divergence.differences) - SHOWN_FIELDS
    if hidden > 0:
        lines.append(f"  ... and {hidden} more fields")
    return "\n".join(lines)
