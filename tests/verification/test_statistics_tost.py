"""Equivalence tests against statsmodels, against simulation, and at the edges where libraries say NaN."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy import optimize, special, stats
from statsmodels.stats import proportion, weightstats

from verification.statistics.bootstrap import bootstrap_tost, policy_bootstrap_tost
from verification.statistics.distributions import compare_distribution, compare_occupancy
from verification.statistics.equivalence import Combined, Equivalence, combined_verdict
from verification.statistics.margin import Margin
from verification.statistics.power import independent_power
from verification.statistics.proportions import score_statistic, score_tost_proportions
from verification.statistics.tost import (
    episode_equivalence,
    paired_tost,
    policy_equivalence,
    policy_tost,
    policy_yuen_tost,
    welch_tost,
    win_rate_tost,
    yuen_tost,
)

ONE = Margin(1.0, reason="one point of twenty-one")


def _finite(result: Equivalence) -> bool:
    json.dumps(result.to_json(), allow_nan=False)
    return True


@pytest.mark.parametrize(("sizes", "spreads", "gap"), [((20, 100), (1.5, 0.5), 0.2), ((50, 40), (1, 3), 0.9)])
def test_welch_equals_statsmodels(sizes: tuple[int, int], spreads: tuple[float, float], gap: float) -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(gap, spreads[0], sizes[0]), rng.normal(0, spreads[1], sizes[1])
    ours = welch_tost(x, y, ONE)
    p, low, high = weightstats.ttost_ind(x, y, -1, 1, usevar="unequal")
    assert ours.p_low == pytest.approx(low[1], rel=1e-9)
    assert ours.p_high == pytest.approx(high[1], rel=1e-9)
    assert ours.passes == (p < 0.05)
    means = weightstats.CompareMeans(weightstats.DescrStatsW(x), weightstats.DescrStatsW(y))
    assert ours.ci90 == pytest.approx(means.tconfint_diff(alpha=0.10, usevar="unequal"), rel=1e-9)
    assert ours.ci95 == pytest.approx(means.tconfint_diff(alpha=0.05, usevar="unequal"), rel=1e-9)
    assert _finite(ours)


def test_paired_equals_statsmodels() -> None:
    rng = np.random.default_rng(2)
    deck = rng.normal(0, 3, 60)
    x, y = deck + rng.normal(0.1, 1, 60), deck + rng.normal(0, 1, 60)
    ours = paired_tost(x, y, ONE)
    _, low, high = weightstats.ttost_paired(x, y, -1, 1)
    assert (ours.p_low, ours.p_high) == pytest.approx((low[1], high[1]), rel=1e-9)
    assert ours.verdict == "equivalent"
    assert welch_tost(x, y, ONE).standard_error > 3 * ours.standard_error


@pytest.mark.parametrize(
    ("counts", "low", "high"), [((56, 70, 48, 80), 0.0528, 0.3382), ((9, 10, 3, 10), 0.1700, 0.8406)]
)
def test_score_interval_equals_newcombe_s_published_examples(
    counts: tuple[int, int, int, int], low: float, high: float
) -> None:
    result = score_tost_proportions(*counts, Margin(0.1, reason="for the comparison"))
    assert result.ci95 == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("counts", [(5000, 10000, 5050, 10000), (49_000, 100_000, 48_800, 90_000)])
def test_score_test_is_near_statsmodels_at_large_n(counts: tuple[int, int, int, int]) -> None:
    # Only near: statsmodels 0.15's cubic has the successes of arm 2 in place of its trials
    # (statsmodels/stats/proportion.py, score_test_proportions_2indep, tmp1).
    ours = score_tost_proportions(*counts, Margin(0.05, reason="for the comparison"))
    theirs = proportion.tost_proportions_2indep(*counts, -0.05, 0.05, method="score", correction=True)
    assert max(ours.p_low, ours.p_high) == pytest.approx(theirs.pvalue, rel=0.01)
    interval = proportion.confint_proportions_2indep(*counts, method="score", correction=True, alpha=0.10)
    assert ours.ci90 == pytest.approx(interval, abs=1e-5)


@pytest.mark.parametrize(
    "case",
    [
        (12, 40, 30, 90, -0.05),
        (12, 40, 30, 90, 0.11),
        (97, 100, 188, 200, 0.05),
        (3, 10, 40, 50, 0.4),
        (0, 9, 4, 5, -0.3),
    ],
)
def test_score_statistic_uses_the_restricted_maximum_likelihood(case: tuple[int, int, int, int, float]) -> None:
    a, n1, b, n2, gap = case

    def surprise(rate: float) -> float:
        likelihood = special.xlogy(a, rate + gap) + special.xlogy(n1 - a, 1 - rate - gap)
        return -float(likelihood + special.xlogy(b, rate) + special.xlogy(n2 - b, 1 - rate))

    bounds = (max(0.0, -gap), min(1.0, 1 - gap))
    rate = optimize.minimize_scalar(surprise, bounds=bounds, method="bounded", options={"xatol": 1e-12}).x
    variance = (rate + gap) * (1 - rate - gap) / n1 + rate * (1 - rate) / n2
    expected = (a / n1 - b / n2 - gap) / math.sqrt(variance * (n1 + n2) / (n1 + n2 - 1))
    assert score_statistic(*case) == pytest.approx(expected, rel=1e-6)


def test_score_interval_is_the_set_of_differences_not_rejected() -> None:
    result = score_tost_proportions(7, 30, 12, 80, Margin(0.2, reason="for the comparison"))
    z = stats.norm.ppf(0.95)
    for edge, sign in zip(result.ci90, (1, -1), strict=True):
        assert score_statistic(7, 30, 12, 80, edge) == pytest.approx(sign * z, abs=1e-6)


def test_score_interval_at_the_corners() -> None:
    result = score_tost_proportions(30, 30, 0, 30, Margin(0.1, reason="for the comparison"))
    assert result.ci95[1] == 1.0 and 0.8 < result.ci95[0] < 1.0
    assert result.verdict == "different"
    assert result.difference == 1.0
    assert _finite(result)


def test_score_test_keeps_its_level_where_a_t_test_on_scores_does_not() -> None:
    # Rates 0.1 and 0.001 differ by the margin (nearly), so about 5 % may pass. Exact: all outcomes, by their chance.
    sizes, margin = (30, 100), Margin(0.1, reason="for the comparison")
    chances = [stats.binom.pmf(np.arange(n + 1), n, rate) for n, rate in zip(sizes, (0.1, 0.001), strict=True)]
    weight = np.outer(*chances)
    score = wald = 0.0
    for a, b in np.argwhere(weight > 1e-5).tolist():
        x, y = np.repeat([1.0, 0.0], [a, sizes[0] - a]), np.repeat([1.0, 0.0], [b, sizes[1] - b])
        score += weight[a, b] * score_tost_proportions(a, sizes[0], b, sizes[1], margin).passes
        wald += weight[a, b] * welch_tost(x, y, margin).passes
    assert score <= 0.055
    assert wald > 0.15


def _type_one(sizes: tuple[int, int], spreads: tuple[float, float], runs: int, pooled: bool) -> float:
    rng = np.random.default_rng(3)
    x = rng.normal(1.0, spreads[0], (runs, sizes[0]))
    y = rng.normal(0.0, spreads[1], (runs, sizes[1]))
    if pooled:
        return float(np.mean([weightstats.ttost_ind(a, b, -1, 1)[0] < 0.05 for a, b in zip(x, y, strict=True)]))
    return float(np.mean([welch_tost(a, b, ONE).passes for a, b in zip(x, y, strict=True)]))


def test_type_one_error_is_five_percent_where_the_pooled_test_has_eighteen() -> None:
    runs = 3000
    noise = 4 * math.sqrt(0.05 * 0.95 / runs)
    assert _type_one((20, 100), (1.5, 0.5), runs, pooled=False) <= 0.05 + noise
    assert _type_one((20, 100), (1.5, 0.5), 1000, pooled=True) > 0.14


def test_policies_not_episodes_are_the_unit() -> None:
    # The mean gap is the margin itself, so at most 5 % of the runs may pass; policies differ by half a margin.
    rng = np.random.default_rng(4)
    runs, count, episodes = 1000, 5, 100
    pooled = by_policy = 0
    for _ in range(runs):
        gap = rng.normal(1.0, 0.5, (count, 1))
        x, y = gap + rng.normal(0, 1, (count, episodes)), rng.normal(0, 1, (count, episodes))
        by_policy += policy_tost(x, y, ONE).passes
        pooled += welch_tost(x.ravel(), y.ravel(), ONE).passes
    assert by_policy / runs <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / runs)
    assert pooled / runs > 0.25


def test_policy_level_refuses_what_pooling_accepts() -> None:
    gaps = np.array([2.4, -0.6, 1.9, -0.9, 0.2])
    rng = np.random.default_rng(6)
    x, y = gaps[:, None] + rng.normal(0, 1, (5, 400)), rng.normal(0, 1, (5, 400))
    assert welch_tost(x.ravel(), y.ravel(), ONE).passes
    result = policy_tost(x, y, ONE)
    assert result.verdict == "inconclusive"
    assert result.unit == "policies" and result.n_needed is not None and result.n_needed > 5
    assert result.k == 5 and result.n == (2000, 2000)


def test_policy_tost_equals_statsmodels_on_the_policy_means() -> None:
    rng = np.random.default_rng(7)
    x = [rng.normal(0.1, 1, size) for size in (30, 50, 20, 41, 33, 60)]
    y = [rng.normal(0.0, 1, size) for size in (25, 55, 22, 40, 30, 61)]
    _, low, high = weightstats.ttost_paired(
        np.array([row.mean() for row in x]), np.array([row.mean() for row in y]), -1, 1
    )
    ours = policy_tost(x, y, ONE)
    assert (ours.p_low, ours.p_high) == pytest.approx((low[1], high[1]), rel=1e-9)


def test_policy_yuen_trims_episodes_and_never_policies() -> None:
    rng = np.random.default_rng(16)
    x, y = rng.normal(0, 1, (5, 100)), rng.normal(0, 1, (5, 100))
    trimmed = policy_yuen_tost(x, y, ONE)
    gaps = stats.trim_mean(x, 0.2, axis=1) - stats.trim_mean(y, 0.2, axis=1)
    assert trimmed.difference == pytest.approx(gaps.mean())
    assert trimmed.standard_error == pytest.approx(gaps.std(ddof=1) / math.sqrt(5))
    x[:, 0] = 500 * np.arange(5)
    assert not policy_tost(x, y, ONE).passes and policy_yuen_tost(x, y, ONE).passes
    assert policy_equivalence(x, y, ONE).verdict == "inconclusive"


def test_fewer_than_five_policies_are_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match=r"candidate has 3 policies.*unit of replication.*Train more seeds"):
        policy_tost(np.zeros((3, 100)), np.zeros((3, 100)), ONE)


def test_yuen_equals_scipy_on_the_trimmed_means() -> None:
    rng = np.random.default_rng(8)
    x, y = rng.standard_t(2, 41) + 0.2, rng.standard_t(2, 57)
    ours = yuen_tost(x, y, ONE)
    low = stats.ttest_ind(x + 1, y, equal_var=False, trim=0.2, alternative="greater").pvalue
    high = stats.ttest_ind(x - 1, y, equal_var=False, trim=0.2, alternative="less").pvalue
    assert (ours.p_low, ours.p_high) == pytest.approx((low, high), rel=1e-9)


def test_heavy_tails_leave_the_mean_inconclusive_but_not_the_trimmed_mean() -> None:
    rng = np.random.default_rng(9)
    x, y = rng.normal(0, 1, 200), rng.normal(0, 1, 200)
    x[:2] = 150.0
    assert welch_tost(x, y, ONE).verdict == "inconclusive"
    assert yuen_tost(x, y, ONE).verdict == "equivalent"
    assert episode_equivalence(x, y, ONE).verdict == "inconclusive"


def test_bootstrap_agrees_with_t_on_normal_data_and_is_seeded() -> None:
    rng = np.random.default_rng(10)
    x, y = rng.normal(0.2, 2, 300), rng.normal(0, 2, 300)
    boot, exact = bootstrap_tost(x, y, ONE, seed=3), welch_tost(x, y, ONE)
    assert boot.ci90 == pytest.approx(exact.ci90, abs=0.03)
    assert boot.standard_error == pytest.approx(exact.standard_error, rel=0.05)
    assert boot == bootstrap_tost(x, y, ONE, seed=3)
    assert boot != bootstrap_tost(x, y, ONE, seed=4)


def test_bootstrap_of_few_values_by_counts_has_the_same_spread() -> None:
    rng = np.random.default_rng(11)
    x, y = rng.integers(0, 2, 500).astype(float), rng.integers(0, 2, 500).astype(float)
    jitter = 1e-9 * rng.standard_normal((2, 500))
    margin = Margin(0.2, reason="for the comparison")
    counted, drawn = bootstrap_tost(x, y, margin), bootstrap_tost(x + jitter[0], y + jitter[1], margin)
    assert counted.standard_error == pytest.approx(drawn.standard_error, rel=0.06)


def test_policy_bootstrap_resamples_policies() -> None:
    gaps = np.linspace(-2, 2, 20)
    rng = np.random.default_rng(12)
    x, y = gaps[:, None] + rng.normal(0, 1, (20, 50)), rng.normal(0, 1, (20, 50))
    boot, exact = policy_bootstrap_tost(x, y, ONE), policy_tost(x, y, ONE)
    assert boot.standard_error == pytest.approx(exact.standard_error, rel=0.1)
    assert boot.k == 20


@pytest.mark.parametrize(
    ("gap", "spread", "size", "expected"),
    [(0.0, 1, 400, "equivalent"), (0.5, 1, 400, "equivalent but biased"), (3, 1, 100, "different"), (0, 9, 20, None)],
)
def test_the_four_verdicts(gap: float, spread: float, size: int, expected: str | None) -> None:
    base = np.linspace(-1, 1, size) * spread
    result = welch_tost(base + gap, base, ONE)
    assert result.verdict == (expected or "inconclusive")
    assert result.power_at_quarter <= result.power_at_zero


def test_different_says_whether_the_interval_lies_beyond_the_margin() -> None:
    base = np.linspace(-1, 1, 100)
    assert "wholly beyond" in welch_tost(base + 3, base, ONE).notes[0]
    open_case = welch_tost(base + 1.0, base, ONE)
    assert open_case.verdict == "different" and "is open" in open_case.notes[0]


def test_the_paper_s_biased_gap_is_not_plain_equivalence() -> None:
    # A gap of 109 with standard error 35 within ±284: it passes and is three standard errors from 0.
    base = np.linspace(-1, 1, 300)
    base *= 35 * math.sqrt(300 / 2) / base.std(ddof=1)
    result = welch_tost(base + 109, base, Margin(284, reason="as published"))
    assert result.standard_error == pytest.approx(35)
    assert result.verdict == "equivalent but biased"


def test_n_needed_and_powers_follow_from_the_spread() -> None:
    base = np.linspace(-1, 1, 100)
    base *= 3 / base.std(ddof=1)
    result = welch_tost(base, base, ONE)
    assert result.n_needed == 196
    assert result.power_at_zero == pytest.approx(independent_power(1, 3, 100))
    assert result.power_at_quarter == pytest.approx(independent_power(1, 3, 100, true_difference=0.25))


@pytest.mark.parametrize("test", [welch_tost, yuen_tost, paired_tost, bootstrap_tost])
@pytest.mark.parametrize(
    ("gap", "verdict"),
    [(0.0, "equivalent"), (0.25, "equivalent but biased"), (1.0, "different"), (-2.0, "different")],
)
def test_data_without_spread_are_compared_with_the_margin(test, gap: float, verdict: str) -> None:
    result = test(np.full(30, 0.1 + gap), np.full(30, 0.1), ONE)
    assert result.degenerate and result.verdict == verdict
    assert result.n_needed is None and "no spread" in result.notes[-1]
    assert result.passes == (max(result.p_low, result.p_high) < 0.05)
    assert _finite(result)


def test_policies_without_spread() -> None:
    same = np.tile(np.arange(100.0), (5, 1))
    result = policy_tost(same, same, ONE)
    assert result.degenerate and result.verdict == "equivalent"
    assert "repeats the lockstep" in result.notes[0]
    assert policy_tost(same + 2, same, ONE).verdict == "different"
    assert policy_bootstrap_tost(np.ones((5, 9)) * 3, np.ones((5, 9)), ONE).verdict == "different"


def test_one_arm_without_spread_is_not_degenerate() -> None:
    result = welch_tost(np.full(30, 0.5), np.linspace(0, 1, 30), ONE)
    assert not result.degenerate and result.verdict == "equivalent"


def test_win_rates_use_the_score_test_or_welch() -> None:
    wins, draws = np.repeat([1.0, 0.0], 500), np.repeat([1.0, 0.5, 0.0], [450, 100, 450])
    margin = Margin(0.1, reason="for the comparison")
    assert win_rate_tost(wins, wins, margin).method == "score TOST for proportions"
    assert win_rate_tost(draws, wins, margin).method == "Welch TOST"
    with pytest.raises(ValueError, match=r"reference\[1\] is 2\.0"):
        win_rate_tost(wins, np.array([1.0, 2.0]), margin)


def test_a_hundred_battles_say_nothing_about_two_percentage_points() -> None:
    wins = np.repeat([1.0, 0.0], 50)
    result = win_rate_tost(wins, wins, Margin(0.02, reason="less than one rating class"))
    assert result.verdict == "inconclusive"
    assert result.power_at_zero == 0.0
    assert result.n_needed == 13528


def test_a_hopeless_margin_has_no_feasible_n() -> None:
    result = welch_tost([0.0, 1e9, 3.0], [1.0, -1e9, 2.0], Margin(1e-3, reason="for the comparison"))
    assert result.n_needed is None and not result.degenerate and result.verdict == "inconclusive"


def test_combined_needs_agreement_on_passing() -> None:
    base = np.linspace(-1, 1, 400)
    good, bad = welch_tost(base, base, ONE), welch_tost(base + 3, base, ONE)
    assert combined_verdict(good, [good]).verdict == "equivalent"
    assert combined_verdict(bad, [bad]).verdict == "different"
    torn = combined_verdict(good, [good, bad])
    assert torn.verdict == "inconclusive" and "passes while these fail" in torn.notes[0]
    json.dumps(torn.to_json(), allow_nan=False)


def test_policy_equivalence_runs_three_tests_and_says_which_it_left_out() -> None:
    rng = np.random.default_rng(13)
    result: Combined = policy_equivalence(rng.normal(0, 1, (6, 300)), rng.normal(0, 1, (6, 300)), ONE)
    assert result.verdict.startswith("equivalent") and len(result.robust) == 2
    wins = rng.integers(0, 2, (6, 3000)).astype(float)
    scores = policy_equivalence(wins, rng.permutation(wins.T).T, Margin(0.1, reason="for the comparison"))
    assert len(scores.robust) == 1 and "no trimmed test" in scores.notes[0]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: welch_tost([1.0, math.nan], [1, 2], ONE), ValueError, r"candidate\[1\] is nan"),
        (lambda: welch_tost([1.0], [1, 2], ONE), ValueError, "candidate has 1 episodes"),
        (lambda: welch_tost(np.ones((5, 2)), [1, 2], ONE), ValueError, "policy_tost"),
        (lambda: welch_tost([1, 2], [1, 2], 1.0), TypeError, "bare float"),
        (lambda: welch_tost([1, 2], [1, 2], ONE, 0.7), ValueError, "alpha 0.7"),
        (lambda: yuen_tost([1, 2], [1, 2], ONE, trim=0.5), ValueError, "trim 0.5"),
        (lambda: yuen_tost(np.arange(3), np.arange(9), ONE, trim=0.4), ValueError, "keeps 1"),
        (lambda: paired_tost([1, 2, 3], [1, 2], ONE), ValueError, "as many of each"),
        (lambda: policy_tost(np.zeros((5, 2)), np.zeros((6, 2)), ONE), ValueError, "same policies"),
        (lambda: policy_tost(np.zeros(9), np.zeros((6, 2)), ONE), ValueError, r"shape \(9,\)"),
        (lambda: bootstrap_tost([1, 2], [1, 2], ONE, resamples=10), ValueError, "10 resamples"),
        (lambda: score_tost_proportions(5, 4, 1, 4, ONE), ValueError, r"arm 1 \(candidate\)"),
        (lambda: score_tost_proportions(3, 4, 1, 4, ONE), ValueError, "percentage points"),
    ],
)
def test_bad_input_is_named(call, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


def test_distribution_distances_equal_scipy() -> None:
    rng = np.random.default_rng(14)
    x, y = rng.normal(0, 1, 300).round(1), rng.normal(0, 2, 200).round(1)
    distance = compare_distribution("return", x, y)
    assert distance.kolmogorov_smirnov == pytest.approx(stats.ks_2samp(x, y).statistic)
    assert distance.wasserstein == pytest.approx(stats.wasserstein_distance(x, y))
    assert distance.kolmogorov_smirnov > 2 * distance.expected
    constant = compare_distribution("length", [5, 5], [5, 5])
    assert constant.wasserstein_share is None and constant.kolmogorov_smirnov == 0
    json.dumps(distance.to_json(), allow_nan=False)


def test_expected_distances_are_those_of_equal_distributions() -> None:
    rng = np.random.default_rng(15)
    gaps = [compare_distribution("return", *rng.normal(0, 1, (2, 500))) for _ in range(200)]
    assert np.mean([gap.kolmogorov_smirnov for gap in gaps]) == pytest.approx(gaps[0].expected, rel=0.08)
    shares = [0.5, 0.3, 0.15, 0.05]
    tables = rng.multinomial(2000, shares, size=(200, 2))
    pairs = [compare_occupancy(dict(enumerate(one.tolist())), dict(enumerate(other.tolist()))) for one, other in tables]
    assert np.mean([pair.total_variation for pair in pairs]) == pytest.approx(pairs[0].expected, rel=0.1)


def test_occupancy_names_the_actions_that_differ() -> None:
    result = compare_occupancy({"attack": 60, "switch": 40}, {"attack": 90, "switch": 10})
    assert result.total_variation == pytest.approx(0.3)
    assert result.largest[0] == ("attack", pytest.approx(-0.3))
    with pytest.raises(ValueError, match="candidate has no actions"):
        compare_occupancy({}, {"attack": 1})
