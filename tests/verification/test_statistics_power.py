"""Sizes and powers of equivalence tests, against the measured table and against simulation."""

from __future__ import annotations

import argparse
import math

import numpy as np
import pytest
from rich.console import Console
from scipy import stats

from verification.statistics import command
from verification.statistics.margin import Margin, margin_problems, require_margin
from verification.statistics.power import (
    achieved_power,
    battles_needed,
    differences_needed,
    episodes_needed,
    independent_power,
    one_sample_power,
    policies_needed,
    score_sd,
    tost_power,
)


@pytest.mark.parametrize(
    ("margin", "sd", "expected"),
    [(1, 1, 23), (1, 3, 196), (1, 6, 780), (100, 150, 50), (100, 400, 347), (100, 1000, 2166), (0.5, 1, 88)],
)
def test_episodes_needed_reproduces_the_measured_table(margin: float, sd: float, expected: int) -> None:
    assert episodes_needed(margin, sd) == expected


def test_battles_needed_reproduces_the_measured_table() -> None:
    assert battles_needed(0.05) == 2166
    assert battles_needed(0.02) == 13529
    assert battles_needed(0.02, true_difference=0.005) == 19077


def test_known_variance_needs_one_battle_fewer() -> None:
    z = stats.norm.ppf(0.95)
    assert math.ceil((2 * z) ** 2 * 2 * 0.25 / 0.02**2) == battles_needed(0.02) - 1


def test_pairing_with_correlation_nine_tenths_cuts_n_tenfold() -> None:
    assert differences_needed(0.05, 0.5 * math.sqrt(2 * (1 - 0.9))) == 218


@pytest.mark.parametrize(
    ("margin", "sd", "expected"), [(1, 3, 0.52), (100, 400, 0.095), (0.02, 0.5, 0.0), (0.05, 0.5, 0.0)]
)
def test_power_at_a_hundred_episodes(margin: float, sd: float, expected: float) -> None:
    assert independent_power(margin, sd, 100) == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize(
    ("error", "freedom", "truth"), [(0.3, 4, 0.0), (0.6, 4, 0.0), (1.2, 4, 0.3), (0.5, 38, 0.0), (0.3, 9, 0.25)]
)
def test_power_equals_simulation(error: float, freedom: int, truth: float) -> None:
    rng = np.random.default_rng(5)
    size = 400_000
    estimate = truth + error * rng.standard_normal(size)
    measured = error * np.sqrt(rng.chisquare(freedom, size) / freedom)
    critical = stats.t.ppf(0.95, freedom)
    share = float(np.mean(np.abs(estimate) + critical * measured < 1))
    assert tost_power(1.0, error, freedom, true_difference=truth) == pytest.approx(
        share, abs=4 * math.sqrt(share * (1 - share) / size) + 1e-5
    )


def test_power_agrees_with_noncentral_t_where_that_is_accurate() -> None:
    error, freedom, truth = 0.25, 60, 0.2
    critical = stats.t.ppf(0.95, freedom)
    reference = stats.nct.cdf(-critical, freedom, (truth - 1) / error) - stats.nct.cdf(
        critical, freedom, (truth + 1) / error
    )
    assert tost_power(1.0, error, freedom, true_difference=truth) == pytest.approx(reference, abs=1e-6)


def test_power_with_many_degrees_of_freedom_is_the_normal_formula() -> None:
    assert tost_power(1.0, 0.3, 1e6) == pytest.approx(tost_power(1.0, 0.3, math.inf), abs=1e-5)


def test_power_at_the_margin_is_at_most_alpha() -> None:
    for freedom in (4, 20, 500):
        for error in (0.02, 0.3, 1.0):
            assert tost_power(1.0, error, freedom, true_difference=1.0) <= 0.05 + 1e-9


def test_power_is_a_probability_where_nothing_can_pass() -> None:
    assert tost_power(0.02, 10.0, 4) == pytest.approx(0.0, abs=1e-8)
    assert tost_power(1.0, 0.0, 4) == 1.0
    assert tost_power(1.0, 0.0, 4, true_difference=1.0) == 0.0


def test_achieved_power_counts_policies_not_episodes() -> None:
    assert achieved_power(1.0, 1.0, 5, 100) == one_sample_power(1.0, math.sqrt(2 / 100), 5)
    assert achieved_power(1.0, 1.0, 5, 10**9, policy_sd=2.0) < 0.1
    assert achieved_power(1.0, 1.0, 10, 100, policy_sd=0.5) > achieved_power(1.0, 1.0, 5, 100, policy_sd=0.5)


def test_policies_needed_is_the_smallest_that_reaches_the_power() -> None:
    needed = policies_needed(1.0, 3.0, 20)
    assert needed > 5
    assert achieved_power(1.0, 3.0, needed, 20) >= 0.9 > achieved_power(1.0, 3.0, needed - 1, 20)
    assert policies_needed(100.0, 0.1, 1000) == 5


def test_draws_make_battles_cheaper() -> None:
    assert score_sd(0.5, 0.2) == pytest.approx(math.sqrt(0.2))
    scores = np.repeat([0.0, 0.5, 1.0], [4, 2, 4])
    assert score_sd(0.5, 0.2) == pytest.approx(scores.std())
    assert battles_needed(0.02, draw_rate=0.2) < battles_needed(0.02)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: episodes_needed(1.0, 1.0, true_difference=1.0), "not inside the margin"),
        (lambda: episodes_needed(0.0, 1.0), "margin 0"),
        (lambda: episodes_needed(1.0, -1.0), "sd -1"),
        (lambda: episodes_needed(1.0, 1.0, power=1.0), "power 1"),
        (lambda: episodes_needed(1e-9, 1e3), "more than 1e\\+12"),
        (lambda: battles_needed(2.0), "two percentage points"),
        (lambda: score_sd(1.0), "win rate 1"),
        (lambda: score_sd(0.9, 0.5), "impossible"),
        (lambda: score_sd(0.5, 1.0), "no variance"),
        (lambda: tost_power(1.0, 1.0, 0), "freedom"),
        (lambda: tost_power(1.0, math.nan, 4), "standard_error"),
        (lambda: independent_power(1.0, 1.0, 1), "n 1"),
        (lambda: achieved_power(1.0, 1.0, 5, 10, policy_sd=-1), "policy_sd"),
    ],
)
def test_bad_arguments_are_named(call, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


def test_a_margin_needs_a_reason() -> None:
    with pytest.raises(ValueError, match="no reason"):
        Margin(0.02, reason=" ")
    with pytest.raises(ValueError, match="positive and finite"):
        Margin(-1.0, reason="x")
    with pytest.raises(TypeError, match="not a number"):
        Margin("0.02", reason="x")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="bare float"):
        require_margin(0.02)  # type: ignore[arg-type]


def test_margin_problems_in_words() -> None:
    margin = Margin(100.0, reason="5 % of what training gains", anchor="random 0, trained 4,800")
    assert margin_problems(margin, trained=4800, random=0, reference_standard_error=40) == []
    (wide,) = margin_problems(margin, trained=1000, random=0, reference_standard_error=40)
    assert "10.0%" in wide and "±50" in wide
    (noisy,) = margin_problems(margin, trained=4800, random=0, reference_standard_error=51)
    assert "standard errors" in noisy
    (flat,) = margin_problems(margin, trained=3, random=3, reference_standard_error=1)
    assert "nothing to preserve" in flat
    (unknown,) = margin_problems(margin, trained=4800, random=0, reference_standard_error=None)
    assert "not measured" in unknown
    assert len(margin_problems(margin, trained=math.nan, random=0, reference_standard_error=-1)) == 2


def test_the_margin_at_exactly_its_bounds_is_sound() -> None:
    margin = Margin(0.05, reason="a twentieth of the span")
    assert margin_problems(margin, trained=1.0, random=0.0, reference_standard_error=0.025) == []


def _command(*arguments: str) -> tuple[int, str]:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    console = Console(width=200)
    with console.capture() as capture:
        status = command.run(parser.parse_args(arguments), console)
    return status, capture.get()


def test_command_prints_the_sizes() -> None:
    status, text = _command("--margin", "0.02", "--win-rate", "0.5")
    assert status == 0
    assert "true difference 0: 13529 battles per arm" in text
    assert "(margin/4): 19077 battles per arm" in text


def test_command_says_when_a_plan_is_too_small() -> None:
    status, text = _command("--margin", "100", "--sd", "400", "--episodes", "100")
    assert status == 2
    assert f"have power {independent_power(100, 400, 100):.3f}" in text
    assert "inconclusive" in text


def test_command_judges_a_policy_design() -> None:
    status, text = _command("--margin", "100", "--sd", "400", "--policies", "5", "--episodes", "500")
    assert status == 0
    assert f"have power {achieved_power(100, 400, 5, 500):.3f}" in text
    assert "same gap" in text
    status, text = _command(
        "--margin", "100", "--sd", "400", "--policies", "5", "--episodes", "500", "--policy-sd", "200"
    )
    assert status == 2
    assert "policies would be needed" in text and "same gap" not in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--margin", "1", "--sd", "1", "--policies", "3", "--episodes", "10"), "refuses fewer than 5"),
        (("--margin", "1", "--sd", "1", "--policies", "5"), "needs --episodes"),
        (("--margin", "1", "--sd", "1", "--policy-sd", "1"), "--policies"),
        (("--margin", "1", "--sd", "1", "--draw-rate", "0.1"), "--win-rate"),
        (("--margin", "1", "--sd", "1", "--true-difference", "1"), "not inside the margin"),
        (("--margin", "0", "--sd", "1"), "margin 0"),
        (("--margin", "0.1", "--win-rate", "1"), "win rate 1"),
    ],
)
def test_command_refuses_bad_plans(arguments: tuple[str, ...], words: str) -> None:
    status, text = _command(*arguments)
    assert status == 3
    assert words in text


def test_power_command_on_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.power_command(["--margin", "1", "--sd", "1"]) == 0
    assert "23 episodes per arm" in capsys.readouterr().out
