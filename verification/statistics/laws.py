"""Level L3d: the law and the independence of a candidate's own random draws.

Lockstep feeds both sides the same noise, so it cannot see a candidate whose own generator is wrong. Here the candidate
draws by itself, in many lanes at once, and its draws are compared with what the reference's source declares.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from verification.statistics.draw_law import INTEGER_KINDS, Column, DrawLaw, mix
from verification.statistics.goodness import (
    LEAST_EXPECTED,
    binomial_two_sided,
    correlation_test,
    g_test,
    kolmogorov_uniform,
    poisson_upper,
    table_test,
)
from verification.statistics.rates import holm

__all__ = ["DrawLaw", "DrawReport", "DrawTest", "check_draws"]

FALSE_ALARM_RATE = 1e-4
SAME = 0.99  # correlation, or share of equal draws, from which one draw repeats the other
ROW_LOAD = 0.25  # lanes times the chance of the likeliest row above which equal rows are no news

Family = Literal["law", "two draws", "consecutive", "lanes"]


@dataclass(frozen=True)
class DrawTest:
    """One test of the battery. `p`: its own p-value; `p_holm`: corrected over the battery, an alarm where it is at most
    the false-alarm rate. `effect`: size of the finding in 0 … 1, `effect_name` says of what. `meaning`: what an alarm
    says about the candidate."""

    family: Family
    check: str
    labels: tuple[str, ...]
    n: int
    p: float
    p_holm: float
    alarm: bool
    effect: float
    effect_name: str
    meaning: str

    @property
    def name(self) -> str:
        """Family, check and labels in one line."""
        return f"{self.family}: {self.check} ({', '.join(self.labels)})"


@dataclass(frozen=True)
class DrawReport:
    """All tests, and `not_tested`: what these draws are too few or too coarse to tell, in words.

    `false_alarm_rate` bounds the chance that a faultless candidate raises any alarm at all.
    """

    tests: tuple[DrawTest, ...]
    not_tested: tuple[str, ...]
    false_alarm_rate: float

    @property
    def alarms(self) -> tuple[DrawTest, ...]:
        """The alarms, strongest first."""
        return tuple(sorted((test for test in self.tests if test.alarm), key=lambda test: (test.p, -test.effect)))

    @property
    def passes(self) -> bool:
        """No test alarmed."""
        return not self.alarms

    def to_json(self) -> dict[str, Any]:
        """All fields, as JSON values."""
        return {**asdict(self), "passes": self.passes}

    def describe(self, most: int = 10) -> str:
        """Several lines for a person."""
        alarms = self.alarms
        lines = [
            f"{len(self.tests)} tests of the draws, {len(alarms)} alarms (false-alarm rate {self.false_alarm_rate:g})"
        ]
        for test in alarms[:most]:
            lines.append(f"  {test.name}: {test.meaning}; {test.effect_name} {test.effect:.3g}, p {test.p_holm:.2g}")
        if len(alarms) > most:
            lines.append(f"  … and {len(alarms) - most} more")
        return "\n".join([*lines, *(f"  not tested: {reason}" for reason in self.not_tested)])


@dataclass(frozen=True)
class _Finding:
    family: Family
    check: str
    labels: tuple[str, ...]
    n: int
    p: float
    effect: float
    effect_name: str
    meaning: str


def check_draws(
    laws: Sequence[DrawLaw], draws: Mapping[str, ArrayLike], *, false_alarm_rate: float = FALSE_ALARM_RATE
) -> DrawReport:
    """Test a candidate's own draws against their declared laws and for independence.

    `draws`: for every law's label an array [N lanes, R repeats] (permutations [N, R, size]): draw r of a lane belongs
    to that lane's r-th consecutive reset, or step, for all labels alike; R may differ between labels. Lanes are the
    vmap lanes in order, each from its own key. Tests, all Holm-corrected together:
    * law: goodness of fit (G for integers, Kolmogorov–Smirnov and G for continuous laws), values outside the law,
      the lowest and highest value of an integer range, items by position of a shuffle;
    * two draws: independence of each pair of labels, in the same repeat;
    * consecutive: independence of each draw and every label's draw in the next repeat;
    * lanes: independence of a label in neighbouring lanes (also shifted by one repeat) and in lanes half the batch
      apart, and equal rows of draws among all lanes beyond the birthday expectation.
    ValueError for a label without draws or law, unequal numbers of lanes, wrong shapes.
    """
    if not 0 < false_alarm_rate < 1:
        raise ValueError(f"false_alarm_rate {false_alarm_rate} must lie strictly between 0 and 1")
    columns = _columns(laws, draws)
    not_tested: list[str] = []
    findings: list[_Finding] = []
    for column in columns:
        findings += _law(column, not_tested)
        findings += _neighbours(column)
    findings += _pairs(columns)
    findings += _equal_rows(columns, not_tested)
    if all(column.shape[1] == 1 for column in columns):
        not_tested.append("consecutive draws: every label has one repeat")
    corrected = holm([finding.p for finding in findings])
    tests = tuple(
        DrawTest(**finding.__dict__, p_holm=float(p), alarm=bool(p <= false_alarm_rate))
        for finding, p in zip(findings, corrected, strict=True)
    )
    return DrawReport(tests, tuple(not_tested), false_alarm_rate)


def _columns(laws: Sequence[DrawLaw], draws: Mapping[str, ArrayLike]) -> list[Column]:
    labels = [law.label for law in laws]
    if not labels:
        raise ValueError("no law was declared: nothing to test")
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        raise ValueError(f"two laws for the draw {twice[0]!r}: one law a label")
    if missing := sorted(set(labels) - set(draws)):
        raise ValueError(f"no draws for {', '.join(missing)}: every declared draw must be collected")
    if unknown := sorted(set(draws) - set(labels)):
        raise ValueError(f"no law for {', '.join(unknown)}: declare it, or leave the draw out")
    columns = [Column.of(law, draws[law.label]) for law in laws]
    lanes = {column.law.label: column.shape[0] for column in columns}
    if len(set(lanes.values())) > 1:
        raise ValueError(f"labels have unequal numbers of lanes: {lanes}")
    return columns


def _law(column: Column, not_tested: list[str]) -> Iterator[_Finding]:
    law, n = column.law, column.shape[0] * column.shape[1]
    label = (law.label,)
    outside = int(column.outside.sum())
    yield _Finding(
        "law", "support", label, n, 0.0 if outside else 1.0, outside / n, "share of draws outside",
        f"{outside} draws have values that the law {law.kind} cannot give",
    )  # fmt: skip
    other_law = f"the draw does not follow its law {law.kind}"
    if law.kind == "permutation":
        if not outside and n / law.size < LEAST_EXPECTED:
            not_tested.append(f"law of {law.label}: {n} shuffles of {law.size} items are too few")
        elif not outside and law.size > 1:
            p, bias = _positions(column.values.reshape(n, law.size))
            yield _Finding("law", "items by position", label, n, p, bias, "largest bias", "the shuffle is biased")
        return
    codes, chances = column.cells
    counts = np.bincount(codes.ravel(), minlength=len(chances))
    variation = float(np.abs(counts / n - chances).sum() / 2)
    freedom, p = g_test(counts, chances)
    if law.kind not in INTEGER_KINDS:
        _, shape_p = kolmogorov_uniform(column.uniforms.ravel())
        p = min(1.0, 2 * min(p, shape_p))
    elif freedom == 0 and p > 0:
        not_tested.append(f"law of {law.label}: only one value is likely enough to be counted")
        return
    yield _Finding("law", "goodness of fit", label, n, p, variation, "total variation", other_law)
    if law.kind == "uniform_int" and n / law.size >= LEAST_EXPECTED and law.size > 2:
        for side, value in (("lowest", 0), ("highest", law.size - 1)):
            seen = int((column.offsets == value).sum())
            share = abs(seen * law.size / n - 1)
            yield _Finding(
                "law", f"{side} value", label, n, binomial_two_sided(seen, n, 1 / law.size), min(1.0, share),
                "relative error of its share",
                f"the {side} value {int(law.low) + value} comes up {seen} times, {n / law.size:.0f} expected"
                + ("" if seen else ": a bound is off by one"),
            )  # fmt: skip


def _positions(shuffles: NDArray[Any]) -> tuple[float, float]:
    """p and largest bias of item-by-position counts of n shuffles [n, size].

    For fair shuffles (size - 1)/size times the Pearson statistic of the table is χ² on (size - 1)² degrees of freedom.
    """
    n, size = shuffles.shape
    flat = (np.arange(size) * size + shuffles).ravel()
    table = np.bincount(flat, minlength=size * size).reshape(size, size)
    expected = n / size
    statistic = (size - 1) / size * float(((table - expected) ** 2 / expected).sum())
    return float(special.chdtrc((size - 1) ** 2, statistic)), float(np.abs(table / n - 1 / size).max())


def _pairs(columns: Sequence[Column]) -> Iterator[_Finding]:
    for at, first in enumerate(columns):
        for second in columns[at + 1 :]:
            repeats = min(first.shape[1], second.shape[1])
            here = np.s_[:, :repeats]
            yield _dependence("two draws", "same repeat", first, here, second, here)
        for second in columns:
            repeats = min(first.shape[1], second.shape[1])
            if repeats > 1:
                yield _dependence(
                    "consecutive", "next repeat", first, np.s_[:, : repeats - 1], second, np.s_[:, 1:repeats]
                )


def _neighbours(column: Column) -> Iterator[_Finding]:
    lanes, repeats = column.shape
    yield _dependence("lanes", "next lane", column, np.s_[:-1], column, np.s_[1:])
    if lanes >= 4:
        half = lanes // 2
        yield _dependence("lanes", "half the batch apart", column, np.s_[:half], column, np.s_[half : 2 * half])
    if repeats > 1:
        early, late = np.s_[: repeats - 1], np.s_[1:repeats]
        yield _dependence("lanes", "next lane, one repeat later", column, np.s_[:-1, early], column, np.s_[1:, late])
        yield _dependence("lanes", "next lane, one repeat earlier", column, np.s_[:-1, late], column, np.s_[1:, early])


def _dependence(family: Family, check: str, first: Column, here: Any, second: Column, there: Any) -> _Finding:
    """One test of independence from three statistics: correlation, contingency table, exactly equal draws."""
    (codes1, chances1), (codes2, chances2) = first.cells, second.cells
    pair = (codes1[here] * len(chances2) + codes2[there]).ravel()
    table = np.bincount(pair, minlength=len(chances1) * len(chances2)).reshape(len(chances1), len(chances2))
    r, p_correlation = correlation_test(table, _middles(chances1), _middles(chances2))
    strength, p_table = table_test(table)
    p_values = [p_correlation, p_table]
    equal = 0.0
    n = len(pair)
    # Words of coarse integers say no more than the table.
    if max(first.collision, second.collision) <= 1 / 256:
        same = int((first.words[here] == second.words[there]).sum())
        equal = same / n
        p_values.append(poisson_upper(same, n * math.sqrt(first.collision * second.collision)))
    labels = (first.law.label,) if first is second else (first.law.label, second.law.label)
    effect = max(abs(r), strength, equal)
    return _Finding(
        family, check, labels, n, min(1.0, len(p_values) * min(p_values)), effect, "strength of dependence",
        _meaning(family, check, labels, repeated=max(abs(r), equal) >= SAME, equal=equal),
    )  # fmt: skip


def _middles(chances: NDArray[np.float64]) -> NDArray[np.float64]:
    """The distribution function in the middle of each cell."""
    return np.cumsum(chances) - chances / 2


def _meaning(family: Family, check: str, labels: tuple[str, ...], repeated: bool, equal: float) -> str:
    if family == "two draws":
        cause = "one key is used for both draws" if repeated else "the draws share randomness"
    elif family == "consecutive":
        same = "the key is used again at the next reset" if len(labels) == 1 else "a used key is drawn from again"
        cause = same if repeated else "a draw depends on the one before"
    elif "repeat" in check and repeated:
        cause = "a lane's draws are its neighbour's, shifted by one: keys of lanes overlap"
    else:
        cause = "lanes share a key" if repeated else "lanes are not independent"
    return cause if repeated or not equal else f"{cause} ({equal:.2%} of the draws are equal)"


def _equal_rows(columns: Sequence[Column], not_tested: list[str]) -> Iterator[_Finding]:
    """Lanes whose whole row of draws equals another lane's: per label, then over all labels together."""
    rows = []
    lanes = columns[0].shape[0]
    for column in columns:
        rows.append(_row_words(column))
        repeats = column.shape[1]
        load = lanes * column.most_likely**repeats
        if load > ROW_LOAD:
            not_tested.append(
                f"equal lanes of {column.law.label} alone: {repeats} draws a lane must repeat among {lanes} lanes"
            )
            continue
        yield _equal("equal lanes", (column.law.label,), rows[-1], column.collision**repeats)
    if len(columns) == 1:
        return
    labels = tuple(column.law.label for column in columns)
    if lanes * math.prod(column.most_likely ** column.shape[1] for column in columns) > ROW_LOAD:
        not_tested.append("equal lanes over all labels: the draws of a lane are too few to tell lanes apart")
        return
    joint = np.zeros(lanes, dtype=np.uint64)
    for row in rows:
        joint = mix(joint * np.uint64(0x9E3779B97F4A7C15) + row)
    collision = math.prod(column.collision ** column.shape[1] for column in columns)
    yield _equal("equal lanes over all labels", labels, joint, collision)


def _row_words(column: Column) -> NDArray[np.uint64]:
    row = np.zeros(column.shape[0], dtype=np.uint64)
    for repeat in range(column.shape[1]):
        row = mix(row * np.uint64(0x9E3779B97F4A7C15) + column.words[:, repeat] + np.uint64(1))
    return row


def _equal(check: str, labels: tuple[str, ...], row: NDArray[np.uint64], collision: float) -> _Finding:
    lanes = len(row)
    counts = np.unique(row, return_counts=True)[1].astype(np.float64)
    pairs = int((counts * (counts - 1) / 2).sum())
    expected = lanes * (lanes - 1) / 2 * collision
    repeated = 1 - len(counts) / lanes
    return _Finding(
        "lanes", check, labels, lanes, poisson_upper(pairs, expected), repeated, "share of lanes that repeat another",
        f"{pairs} pairs of lanes have equal draws, {expected:.2g} expected: lanes share a key",
    )  # fmt: skip
