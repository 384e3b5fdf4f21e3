"""Bradley–Terry ratings against a logistic regression, and matches on mirrored teams."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from baselines.ratings import bradley_terry
from baselines.ratings.bradley_terry import ELO, RatingError, fit, rate, standard_errors
from baselines.ratings.command import result
from baselines.ratings.matches import all_pairs, win_rates

WINS = np.array(
    [
        [0.0, 33.0, 41.0, 48.0],
        [17.0, 0.0, 30.0, 39.0],
        [9.0, 20.0, 0.0, 28.0],
        [2.0, 11.0, 22.0, 0.0],
    ]
)


def _regression(wins: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ratings relative to player 0, and their standard errors, by a binomial regression."""
    rows, outcomes = [], []
    for one, other in all_pairs(len(wins)):
        row = np.zeros(len(wins))
        row[one], row[other] = 1, -1
        rows.append(row[1:])
        outcomes.append([wins[one, other], wins[other, one]])
    found = sm.GLM(np.array(outcomes), np.array(rows), family=sm.families.Binomial()).fit()
    return found.params, found.bse


def test_the_fit_is_the_maximum_of_the_likelihood_and_its_errors_are_those_of_a_regression() -> None:
    ratings = fit(WINS, prior=0.0)
    params, errors = _regression(WINS)
    np.testing.assert_allclose(ratings[1:] - ratings[0], params, atol=1e-8)
    np.testing.assert_allclose(standard_errors(WINS, ratings, anchor=0, prior=0.0)[1:], errors, rtol=1e-6)
    assert ratings.mean() == pytest.approx(0, abs=1e-12)


def test_two_players_by_hand() -> None:
    """Three wins to one are odds of three: 400 log10(3) points."""
    ratings = fit(np.array([[0.0, 3.0], [1.0, 0.0]]), prior=0.0)
    assert (ratings[0] - ratings[1]) * ELO == pytest.approx(400 * np.log10(3))


def test_who_never_lost_has_a_finite_rating_by_the_prior() -> None:
    ratings = fit(np.array([[0.0, 10.0], [0.0, 0.0]]))
    # 10.25 wins to a quarter of one.
    assert ratings[0] - ratings[1] == pytest.approx(np.log(10.25 / 0.25))


def test_players_who_never_met_cannot_be_rated() -> None:
    apart = np.zeros((4, 4))
    apart[0, 1] = apart[1, 0] = apart[2, 3] = apart[3, 2] = 5
    with pytest.raises(RatingError, match=r"players \[2, 3\] never met any of \[0, 1\]"):
        fit(apart)


def test_intervals_cover_what_games_were_drawn_from() -> None:
    """Of 30 tournaments of independent games, the bootstrap's 95 % must hold most true differences, and not be idle."""
    truth = np.array([0.8, 0.2, -0.3, -0.7])
    rng = np.random.default_rng(3)
    inside, widths = [], []
    for tournament in range(30):
        scores = {
            (i, j): (rng.random((60, 2)) < 1 / (1 + np.exp(truth[j] - truth[i]))).astype(float) for i, j in all_pairs(4)
        }
        found = rate(("a", "b", "c", "d"), scores, resamples=200, seed=tournament)
        inside += list((found.low <= truth * ELO) & (truth * ELO <= found.high))
        widths.append((found.high - found.low) / (2 * 1.96 * found.error))
    assert 0.9 <= np.mean(inside) <= 0.99
    assert 0.9 <= np.mean(widths) <= 1.1  # of independent games, as the Hessian supposes


def test_the_two_games_of_a_pair_are_resampled_together() -> None:
    """The winner of each pair's one game by its team loses the other: no spread at all, however many games."""
    scores = {(0, 1): np.tile([[1.0, 0.0]], (200, 1))}
    found = rate(("a", "b"), scores, resamples=200)
    np.testing.assert_allclose([found.elo, found.low, found.high], 0, atol=1e-9)
    # Each game for itself would leave some 25 points of doubt.
    loose = rate(("a", "b"), {(0, 1): np.tile([1.0, 0.0], 200)}, resamples=200)
    assert loose.high[0] > 10


def test_an_anchor_is_zero_and_certain() -> None:
    scores = {(0, 1): np.array([1.0, 1.0, 0.5, 0.0]), (0, 2): np.ones(4), (1, 2): np.array([1.0, 0.5, 1.0, 0.0])}
    found = rate(("a", "b", "c"), scores, anchor="c", resamples=200)
    assert found.elo[2] == found.low[2] == found.high[2] == found.error[2] == 0
    assert found.elo[0] > found.elo[1] > 0
    assert [row["name"] for row in found.to_json()] == ["a", "b", "c"]
    expected = found.expected()
    np.testing.assert_allclose(expected + expected.T, 1)
    with pytest.raises(RatingError, match="anchor 'd' is none of the players: a, b, c"):
        rate(("a", "b", "c"), scores, anchor="d")


def test_the_matrix_is_that_of_the_games() -> None:
    scores = {(0, 1): np.array([[1.0, 0.5], [1.0, 0.0]])}
    rates = win_rates(2, scores)
    assert rates[0, 1] == 0.625 and rates[1, 0] == 0.375 and np.isnan(rates[0, 0])
    told = result(("a", "b"), rates, rate(("a", "b"), scores, resamples=100))
    assert told["win_rates"] == [[None, 0.625], [0.375, None]]
    assert told["ratings"][0]["name"] == "a"


def test_the_prior_is_small_beside_a_thousand_games() -> None:
    many = WINS * 20
    assert np.abs(fit(many) - fit(many, prior=0.0)).max() * ELO < 1
    assert bradley_terry.PRIOR < 1
