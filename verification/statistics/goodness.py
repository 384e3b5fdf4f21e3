"""Tests of counts and of shapes whose small p-values can be trusted.

The battery of `laws` runs hundreds of tests at a family level of 1e-4, so its p-values are needed near 1e-7. There
Pearson's χ² is off by orders of magnitude with cells of 20, its right tail being that of a Poisson count, not a normal
one. The likelihood-ratio χ² (G) with Williams' correction follows the count's own tail; two-by-two tables with small
cells use Fisher's exact test.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

LEAST_EXPECTED = 10.0
EXACT_BELOW = 50.0  # expected count in a two-by-two table under which Fisher's test is used


def pool_small(weights: NDArray[np.float64], least: float) -> NDArray[np.int64]:
    """Group index [m] of each cell, neighbours joined until every group weighs at least `least`.

    One group where even all cells together weigh less than twice that.
    """
    groups = np.zeros(len(weights), dtype=np.int64)
    if weights.min() >= least:
        return np.arange(len(weights))
    group, weight = 0, 0.0
    for at, value in enumerate(weights.tolist()):
        groups[at] = group
        weight += value
        if weight >= least:
            group, weight = group + 1, 0.0
    if weight < least and group > 0:  # the last group stayed too light: it joins its neighbour
        groups[groups == group] = group - 1
    return groups


def g_test(counts: NDArray[Any], chances: NDArray[np.float64]) -> tuple[int, float]:
    """Goodness of fit of counts [m] to chances [m] that sum to 1: (degrees of freedom, p).

    Cells expected below 10 are joined with their neighbours, in the order of their chances; a count in a cell of
    chance 0 gives p = 0. Nothing to test (one cell): (0, 1).
    """
    total = int(counts.sum())
    if counts[chances == 0].sum() > 0:
        return len(counts) - 1, 0.0
    counts, chances = counts[chances > 0], chances[chances > 0]
    # Sorted by chance, so that rare cells are joined with rare ones and do not drown in a common neighbour.
    order = np.argsort(chances, kind="stable")
    groups = pool_small(chances[order] * total, LEAST_EXPECTED)
    observed = np.bincount(groups, counts[order])
    expected = np.bincount(groups, chances[order]) * total
    freedom = len(observed) - 1
    if freedom == 0:
        return 0, 1.0
    if freedom == 1:
        return 1, binomial_two_sided(int(observed[0]), total, float(expected[0] / total))
    statistic = 2 * float(special.rel_entr(observed, expected).sum())
    williams = 1 + (float((total / expected).sum()) - 1) / (6 * total * freedom)
    statistic = max(0.0, statistic / williams)
    return freedom, float(special.chdtrc(freedom, statistic))


def binomial_two_sided(successes: int, trials: int, chance: float) -> float:
    """Twice the smaller exact binomial tail, at most 1."""
    low = special.bdtr(successes, trials, chance)
    high = special.bdtrc(successes - 1, trials, chance) if successes > 0 else 1.0
    return float(min(1.0, 2 * min(low, high)))


def poisson_upper(events: int, mean: float) -> float:
    """The chance of at least `events` of a Poisson count."""
    return 1.0 if events == 0 else float(special.gammainc(events, mean))


def table_test(table: NDArray[Any]) -> tuple[float, float]:
    """Independence of the two codes of a contingency table [a, b]: (Cramér's V, p).

    Margins are those of the data, so a wrong law of either code does not count. Neighbouring rows or columns are joined
    until every expected count is 10; a rare event that would vanish in this gets Fisher's exact test on a two-by-two
    table. (0, 1) where one code is constant.
    """
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0].astype(np.float64)
    total = table.sum()
    if min(table.shape) < 2:
        return 0.0, 1.0
    least = math.sqrt(LEAST_EXPECTED * total)
    groups = [pool_small(table.sum(axis=1 - axis), least) for axis in (0, 1)]
    for axis in (0, 1):
        if groups[axis][-1] == 0:  # a rare event: keep it apart, and make the other code coarse enough for it
            groups[axis] = _even_cut(table.sum(axis=1 - axis))
            rare = np.bincount(groups[axis], table.sum(axis=1 - axis)).min()
            groups[1 - axis] = pool_small(table.sum(axis=axis), LEAST_EXPECTED * total / rare)
    for axis in (0, 1):
        if groups[axis][-1] == 0:
            groups[axis] = _even_cut(table.sum(axis=1 - axis))
    pooled = _joined(_joined(table, groups[0], 0), groups[1], 1)
    if pooled.shape == (2, 2):
        return _two_by_two(pooled)
    rows, columns = pooled.sum(axis=1), pooled.sum(axis=0)
    freedom = (len(rows) - 1) * (len(columns) - 1)
    expected = np.outer(rows, columns) / total
    statistic = 2 * float(special.rel_entr(pooled, expected).sum())
    corrections = (total * (1 / rows).sum() - 1) * (total * (1 / columns).sum() - 1)
    statistic = max(0.0, statistic / (1 + corrections / (6 * total * freedom)))
    return _cramer(pooled, expected), float(special.chdtrc(freedom, statistic))


def kolmogorov_uniform(values: NDArray[np.float64]) -> tuple[float, float]:
    """Kolmogorov and Smirnov's distance of values [n] from uniform on (0, 1), and its p."""
    from scipy.stats import kstwo  # takes a second to import

    ordered = np.sort(values)
    steps = np.arange(len(ordered) + 1) / len(ordered)
    distance = float(max((steps[1:] - ordered).max(), (ordered - steps[:-1]).max()))
    return distance, float(kstwo.sf(distance, len(ordered)))


def correlation_test(
    table: NDArray[Any], row_scores: NDArray[np.float64], column_scores: NDArray[np.float64]
) -> tuple[float, float]:
    """Correlation of the scores [a] and [b] given to a contingency table's rows and columns, and its p.

    p = 1 where the scores are too lopsided for the t distribution: fewer than 20 values would carry all the correlation
    (two rare events), which `table_test` covers.
    """
    rows, columns, n = table.sum(axis=1), table.sum(axis=0), int(table.sum())
    first = row_scores - rows @ row_scores / n
    second = column_scores - columns @ column_scores / n
    squares = float(rows @ first**2) / n, float(columns @ second**2) / n
    if min(squares) <= 1e-12:
        return 0.0, 1.0
    r = float(np.clip(first @ table @ second / n / math.sqrt(squares[0] * squares[1]), -1, 1))
    peaks = float((first[rows > 0] ** 2).max()) / squares[0] * float((second[columns > 0] ** 2).max()) / squares[1]
    if n < 20 * peaks:
        return r, 1.0
    if 1 - r * r < 1e-15:
        return r, 0.0
    return r, float(2 * special.stdtr(n - 2, -abs(r) * math.sqrt((n - 2) / (1 - r * r))))


def _even_cut(weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Group index [m] of two groups of neighbours, as even as can be."""
    below = np.cumsum(weights)[:-1]
    cut = int(np.argmax(np.minimum(below, weights.sum() - below))) + 1
    return (np.arange(len(weights)) >= cut).astype(np.int64)


def _joined(table: NDArray[np.float64], groups: NDArray[np.int64], axis: int) -> NDArray[np.float64]:
    return np.add.reduceat(table, np.flatnonzero(np.diff(groups, prepend=-1)), axis=axis)


def _two_by_two(table: NDArray[np.float64]) -> tuple[float, float]:
    rows, columns, total = table.sum(axis=1), table.sum(axis=0), table.sum()
    expected = np.outer(rows, columns) / total
    strength = _cramer(table, expected)
    if expected.min() < EXACT_BELOW:
        from scipy.stats import hypergeom  # takes a second to import

        law = hypergeom(int(total), int(rows[0]), int(columns[0]))
        both = int(table[0, 0])
        return strength, float(min(1.0, 2 * min(law.cdf(both), law.sf(both - 1))))
    statistic = 2 * float(special.rel_entr(table, expected).sum())
    corrections = (total * (1 / rows).sum() - 1) * (total * (1 / columns).sum() - 1)
    return strength, float(special.chdtrc(1, max(0.0, statistic / (1 + corrections / (6 * total)))))


def _cramer(table: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    pearson = float(((table - expected) ** 2 / expected).sum())
    return min(1.0, math.sqrt(pearson / table.sum() / (min(table.shape) - 1)))
