"""Bounds on rates and corrections, against statsmodels and simulation."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from verification.statistics.rates import (
    clean_bound,
    clean_sentence,
    holm,
    rule_of_three,
    unseen_mass,
    wilson,
)

COUNTS = [(0, 12), (12, 12), (1, 1), (26, 27), (3, 1000), (500, 1000)]


@pytest.mark.parametrize(("successes", "trials"), COUNTS)
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_intervals_equal_statsmodels(successes: int, trials: int, confidence: float) -> None:
    interval = wilson(successes, trials, confidence)
    expected = proportion_confint(successes, trials, alpha=1 - confidence, method="wilson")
    assert (interval.low, interval.high) == pytest.approx(expected, abs=1e-10)
    assert interval.low <= interval.estimate <= interval.high
    assert interval.confidence == confidence


def test_a_clean_count_bounds_the_rate() -> None:
    assert clean_bound(100) == pytest.approx(1 - 0.05 ** (1 / 100))
    assert (1 - clean_bound(100)) ** 100 == pytest.approx(0.05)
    assert rule_of_three(100) == 0.03
    for trials in (1, 10, 100, 10**6):
        assert clean_bound(trials) <= rule_of_three(trials)
    assert clean_bound(10**9) == pytest.approx(3e-9, rel=0.01)
    assert clean_bound(0) == rule_of_three(0) == 1.0
    # A one-sided bound at 95 % is the upper end of a two-sided exact interval at 90 %.
    assert clean_bound(37) == pytest.approx(proportion_confint(0, 37, alpha=0.1, method="beta")[1])


def test_the_sentence_of_a_clean_count() -> None:
    assert clean_sentence(10_000) == "no divergence in 10,000 episodes bounds the rate at 0.0003 per episode (95 %)"
    assert clean_sentence(0, "battles") == "no battles compared: nothing is bounded"


def test_unseen_mass_counts_singletons() -> None:
    mass = unseen_mass(Counter({"tackle": 90, "toxic": 1, "rest": 1, "surf": 2, "never": 0}))
    assert mass.mass == pytest.approx(2 / 94)
    assert mass.standard_error == pytest.approx((2 + 2) ** 0.5 / 94)
    assert (mass.kinds, mass.singletons, mass.doubletons, mass.observations) == (4, 2, 1, 94)


def test_unseen_mass_is_unbiased_and_its_standard_error_fits() -> None:
    rng = np.random.default_rng(1)
    chances = 1 / np.arange(1, 401)
    chances /= chances.sum()
    errors, claimed = [], []
    for _ in range(400):
        counts = rng.multinomial(500, chances)
        estimate = unseen_mass(Counter(dict(enumerate(counts.tolist()))))
        errors.append(estimate.mass - chances[counts == 0].sum())
        claimed.append(estimate.standard_error)
    spread = float(np.std(errors))
    assert abs(np.mean(errors)) < 4 * spread / 20
    assert np.mean(claimed) == pytest.approx(spread, rel=0.2)


def test_holm_equals_statsmodels() -> None:
    p = np.random.default_rng(2).random(50) ** 4
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])
    assert holm([0.01, 0.04, 0.03]).tolist() == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]).tolist() == []
    assert holm([0.0, 1.0, 1.0]).tolist() == [0.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: wilson(0, 0), "at least one"),
        (lambda: wilson(3, 2), "impossible"),
        (lambda: wilson(1, 2, 95), "0.95, not 95"),
        (lambda: clean_bound(-1), "negative"),
        (lambda: rule_of_three(-1), "negative"),
        (lambda: unseen_mass(Counter()), "nothing was observed"),
        (lambda: unseen_mass(Counter({"x": -1})), "negative"),
        (lambda: holm([0.5, float("nan")]), "p-values"),
        (lambda: holm([1.5]), "p-values"),
    ],
)
def test_bad_counts_are_named(call, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
