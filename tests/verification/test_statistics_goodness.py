"""Tests of counts: their levels far in the tail, and agreement with scipy where scipy is right."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from verification.statistics.goodness import (
    correlation_test,
    g_test,
    kolmogorov_uniform,
    poisson_upper,
    pool_small,
    table_test,
)


def test_tails_are_honest_where_pearson_s_are_not() -> None:
    # A cell expected 20 times comes up 47 times.
    counts, chances = np.array([47, 19_953]), np.array([0.001, 0.999])
    exact = 2 * stats.binom.sf(46, 20_000, 0.001)
    assert 1e-8 < exact < 1e-6
    assert stats.chisquare(counts, chances * 20_000).pvalue < exact / 100
    assert g_test(counts, chances) == (1, pytest.approx(exact))


def test_goodness_of_fit_has_its_level_with_small_cells() -> None:
    rng = np.random.default_rng(11)
    chances = np.concatenate([np.full(10, 0.012), np.full(8, 0.11)])
    p = np.array([g_test(counts, chances)[1] for counts in rng.multinomial(1000, chances, size=20_000)])
    for level in (0.05, 0.01, 0.001):
        noise = 4 * math.sqrt(level / len(p))
        assert float(np.mean(p <= level)) == pytest.approx(level, abs=noise)


def test_independence_has_its_level_with_small_cells() -> None:
    rng = np.random.default_rng(12)
    chances = np.outer([0.02, 0.08, 0.4, 0.5], [0.05, 0.05, 0.3, 0.6]).ravel()
    p = np.array([table_test(table.reshape(4, 4))[1] for table in rng.multinomial(2000, chances, size=10_000)])
    for level in (0.05, 0.01, 0.001):
        noise = 4 * math.sqrt(level / len(p))
        assert float(np.mean(p <= level)) == pytest.approx(level, abs=noise)


def test_table_test_equals_scipy_s_g_up_to_williams() -> None:
    table = np.random.default_rng(4).multinomial(50_000, np.full(12, 1 / 12)).reshape(3, 4)
    strength, p = table_test(table)
    reference = stats.chi2_contingency(table, correction=False, lambda_="log-likelihood")
    assert p == pytest.approx(reference.pvalue, abs=1e-3)
    assert strength == pytest.approx(stats.contingency.association(table, method="cramer"), rel=1e-9)


def test_rare_events_get_fisher_s_test() -> None:
    table = np.array([[5, 15], [2, 9000]])
    _, p = table_test(table)
    assert p == pytest.approx(stats.fisher_exact(table).pvalue, rel=1.5)
    assert table_test(np.array([[5, 7]])) == (0.0, 1.0)


def test_a_rare_event_is_still_compared_in_detail() -> None:
    # A rare event that happens only where a six-way code is even: cutting the code in halves would hide it.
    table = np.array([[40_000] * 6, [100, 0, 100, 0, 100, 0]])
    assert table_test(table)[1] < 1e-30


def test_pooling_keeps_every_group_heavy_enough() -> None:
    weights = np.array([1.0, 1, 9, 20, 2, 2])
    groups = pool_small(weights, 10)
    assert groups.tolist() == [0, 0, 0, 1, 1, 1]
    assert pool_small(np.array([1.0, 2]), 10).tolist() == [0, 0]
    assert g_test(np.array([3, 4]), np.array([0.5, 0.5])) == (0, 1.0)


def test_small_helpers_equal_scipy() -> None:
    rng = np.random.default_rng(5)
    values = rng.random(500)
    expected = stats.kstest(values, "uniform")
    assert kolmogorov_uniform(values) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-6)
    assert poisson_upper(3, 0.5) == pytest.approx(stats.poisson.sf(2, 0.5))
    assert math.isclose(sum(g_test(np.array([500, 500]), np.array([0.5, 0.5]))), 2.0)


def test_correlation_of_a_table_equals_pearson_s_of_its_scores() -> None:
    rng = np.random.default_rng(6)
    rows, columns = rng.integers(0, 5, 3000), rng.integers(0, 4, 3000)
    columns = np.where(rng.random(3000) < 0.05, rows % 4, columns)
    table = np.zeros((5, 4), dtype=int)
    np.add.at(table, (rows, columns), 1)
    scores = np.linspace(0.1, 0.9, 5), np.array([0.0, 0.2, 0.7, 1.0])
    expected = stats.pearsonr(scores[0][rows], scores[1][columns])
    assert correlation_test(table, *scores) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-9)


def test_correlation_leaves_rare_events_to_the_table() -> None:
    scores = np.array([0.0, 1.0])
    assert correlation_test(np.array([[499, 0], [0, 1]]), scores, scores) == (pytest.approx(1.0), 1.0)
    assert correlation_test(np.array([[250, 0], [0, 250]]), scores, scores) == (1.0, 0.0)
    assert correlation_test(np.array([[499, 1]]), scores[:1], scores) == (0.0, 1.0)
