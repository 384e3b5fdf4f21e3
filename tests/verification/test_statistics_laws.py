"""The check of a candidate's own draws: what it must catch, and that it stays quiet on faultless ones."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import jax
import numpy as np
import pytest
from scipy import stats

from verification.statistics.draw_law import Column, DrawLaw
from verification.statistics.laws import DrawReport, check_draws

ROLL = DrawLaw.uniform_int("roll", 217, 256)
CRIT = DrawLaw.bernoulli("crit", 1 / 256)
PLACE = DrawLaw.uniform("place", -0.05, 0.05)
SPEED = DrawLaw.normal("speed", 0, 0.1)
EFFECT = DrawLaw.categorical("effect", [0.7, 0.2, 0.1, 0.0])
WORD = DrawLaw.uniform_int("word", 0, 2**32)
DECK = DrawLaw.permutation("deck", 6)
LAWS = (ROLL, CRIT, PLACE, SPEED, EFFECT, WORD, DECK)
FIVE = (ROLL, CRIT, PLACE, EFFECT, DECK)


def _good(rng: np.random.Generator, lanes: int, repeats: int) -> dict[str, np.ndarray]:
    size = (lanes, repeats)
    return {
        "roll": rng.integers(217, 256, size),
        "crit": rng.random(size) < 1 / 256,
        "place": rng.uniform(-0.05, 0.05, size).astype(np.float32),
        "speed": rng.normal(0, 0.1, size),
        "effect": rng.choice(4, p=[0.7, 0.2, 0.1, 0.0], size=size),
        "word": rng.integers(0, 2**32, size, dtype=np.uint32),
        "deck": rng.permuted(np.tile(np.arange(6), (*size, 1)), axis=2),
    }


def _check(*laws: DrawLaw, **draws: np.ndarray) -> DrawReport:
    return check_draws(laws, draws)


def _found(report: DrawReport, family: str, *labels: str) -> bool:
    return any(test.family == family and set(labels) <= set(test.labels) for test in report.alarms)


def test_two_hundred_faultless_candidates_raise_no_alarm() -> None:
    p_values = []
    for seed in range(200):
        draws = _good(np.random.default_rng(seed), 2048, 3)
        report = check_draws(FIVE, {law.label: draws[law.label] for law in FIVE})
        assert report.passes, report.describe()
        p_values += [test.p for test in report.tests]
    assert len(report.tests) > 60
    # The single p-values are honest or on the careful side, in the tail too.
    for level in (0.05, 0.01, 0.001):
        share = float(np.mean(np.asarray(p_values) <= level))
        assert 0.4 * level < share < 1.1 * level


def test_a_batch_of_65536_lanes_takes_well_under_a_second_a_label() -> None:
    draws = _good(np.random.default_rng(0), 65536, 2)
    start = time.process_time()
    assert check_draws(LAWS, draws).passes
    assert time.process_time() - start < 1.0 * len(LAWS)


RNG = np.random.default_rng(77)
N = 8192


@pytest.mark.parametrize(
    ("law", "draws", "check"),
    [
        (ROLL, RNG.integers(217, 255, (N, 1)), "highest value"),
        (ROLL, RNG.integers(217, 257, (N, 1)), "support"),
        (ROLL, RNG.integers(218, 256, (N, 1)), "lowest value"),
        (DrawLaw.uniform_int("roll", 0, 500), RNG.integers(0, 499, (65536, 1)), "highest value"),
        (DrawLaw.bernoulli("side", 0.5), np.ones((N, 1), dtype=np.int8), "goodness of fit"),
        (CRIT, RNG.random((65536, 1)) < 1 / 128, "goodness of fit"),
        (DrawLaw.uniform("place", -3, 3), RNG.normal(0, 0.5, (N, 1)), "goodness of fit"),
        (PLACE, RNG.normal(0, 0.05, (N, 1)), "support"),
        (SPEED, RNG.uniform(-0.1, 0.1, (N, 1)), "goodness of fit"),
        (SPEED, np.full((N, 1), np.nan), "support"),
        (EFFECT, RNG.choice(4, p=[0.7, 0.2, 0.099, 0.001], size=(N, 1)), "goodness of fit"),
        (EFFECT, RNG.choice(4, p=[0.65, 0.25, 0.1, 0], size=(N, 1)), "goodness of fit"),
        (DECK, np.zeros((N, 1, 6), dtype=int), "support"),
        (DECK, np.tile(np.arange(6), (N, 1, 1)), "items by position"),
        (DrawLaw.continuous("wait", lambda x: -np.expm1(-x)), RNG.gamma(1.1, size=(N, 1)), "goodness of fit"),
    ],
)
def test_a_wrong_law_is_caught(law: DrawLaw, draws: np.ndarray, check: str) -> None:
    report = check_draws([law], {law.label: draws})
    assert any(alarm.check == check for alarm in report.alarms), report.describe()
    json.dumps(report.to_json(), allow_nan=False)


def _shuffle(rng: np.random.Generator, lanes: int, size: int, naive: bool) -> np.ndarray:
    deck = np.tile(np.arange(size), (lanes, 1))
    rows = np.arange(lanes)
    for at in range(size):
        other = rng.integers(0 if naive else at, size, lanes)
        deck[rows, at], deck[rows, other] = deck[rows, other], deck[rows, at]
    return deck[:, None]


@pytest.mark.parametrize("size", [4, 20])
def test_the_shuffle_that_swaps_with_any_index_is_caught(size: int) -> None:
    law = DrawLaw.permutation("deck", size)
    biased = _check(law, deck=_shuffle(np.random.default_rng(1), 20_000, size, naive=True))
    assert [alarm.check for alarm in biased.alarms] == ["items by position"]
    assert _check(law, deck=_shuffle(np.random.default_rng(1), 20_000, size, naive=False)).passes


def _draw(kind: str) -> Callable[[jax.Array], jax.Array]:
    return {
        "uniform": lambda key: jax.random.uniform(key, minval=-0.05, maxval=0.05),
        "normal": lambda key: 0.1 * jax.random.normal(key),
        "roll": lambda key: jax.random.randint(key, (), 217, 256),
        "small": lambda key: jax.random.randint(key, (), 0, 6),
        "rare": lambda key: jax.random.bernoulli(key, 1 / 256).astype(int),
        "coin": lambda key: jax.random.bernoulli(key, 0.5).astype(int),
    }[kind]


KINDS = {
    "uniform": DrawLaw.uniform("a", -0.05, 0.05),
    "normal": DrawLaw.normal("a", 0, 0.1),
    "roll": DrawLaw.uniform_int("a", 217, 256),
    "small": DrawLaw.uniform_int("a", 0, 6),
    "rare": DrawLaw.bernoulli("a", 1 / 256),
    "coin": DrawLaw.bernoulli("a", 0.5),
}


def _law(kind: str, label: str) -> DrawLaw:
    law = KINDS[kind]
    return DrawLaw(label, law.kind, law.low, law.high, law.probabilities, law.mean, law.sd)


def _keys(lanes: int, repeats: int, seed: int = 3) -> jax.Array:
    return jax.random.split(jax.random.key(seed), (lanes, repeats))


@pytest.mark.parametrize(
    ("first", "second"),
    [("uniform", "uniform"), ("uniform", "normal"), ("roll", "small"), ("rare", "coin"), ("coin", "uniform")],
)
@pytest.mark.parametrize("reused", [True, False])
def test_one_key_for_two_draws_is_caught(first: str, second: str, reused: bool) -> None:
    keys = _keys(16384, 2)
    other = keys if reused else _keys(16384, 2, seed=4)
    draws = {
        "a": np.asarray(jax.vmap(jax.vmap(_draw(first)))(keys)),
        "b": np.asarray(jax.vmap(jax.vmap(_draw(second)))(other)),
    }
    report = check_draws([_law(first, "a"), _law(second, "b")], draws)
    assert _found(report, "two draws", "a", "b") == reused, report.describe()
    assert {alarm.family for alarm in report.alarms} <= {"two draws"}
    if reused and {first, second} <= {"uniform", "normal"}:
        assert "one key is used for both draws" in report.describe()


def test_a_draw_that_mirrors_another_is_caught() -> None:
    place = np.random.default_rng(5).uniform(-0.05, 0.05, (N, 1))
    report = _check(PLACE, DrawLaw.uniform("mirror", -0.05, 0.05), place=place, mirror=-place)
    assert _found(report, "two draws", "place", "mirror")


def test_a_few_lanes_with_equal_draws_are_caught() -> None:
    rng = np.random.default_rng(6)
    one, other = rng.uniform(-0.05, 0.05, (2, 65536, 1)).astype(np.float32)
    other[:8] = one[:8]
    report = _check(PLACE, DrawLaw.uniform("other", -0.05, 0.05), place=one, other=other)
    (alarm,) = report.alarms
    assert alarm.family == "two draws" and "are equal" in alarm.meaning


def test_a_shared_generator_without_a_common_mean_is_caught() -> None:
    # Uncorrelated, yet one decides the other: |x| of a symmetric draw.
    speed = np.random.default_rng(7).normal(0, 0.1, (N, 1))
    energy = DrawLaw.continuous("energy", lambda x: stats.chi2.cdf(x, 1))
    report = _check(SPEED, energy, speed=speed, energy=(speed / 0.1) ** 2)
    assert _found(report, "two draws", "speed", "energy")
    assert abs(np.corrcoef(speed[:, 0], speed[:, 0] ** 2)[0, 1]) < 0.05


@pytest.mark.parametrize("kind", ["uniform", "roll", "coin"])
@pytest.mark.parametrize("repeats", [1, 8])
def test_one_key_for_all_lanes_is_caught(kind: str, repeats: int) -> None:
    draws = np.asarray(jax.vmap(jax.vmap(_draw(kind)))(_keys(1, repeats)))
    report = check_draws([_law(kind, "a")], {"a": np.repeat(draws, 4096, axis=0)})
    assert not report.passes
    if repeats > 1 or kind == "uniform":
        assert _found(report, "lanes"), report.describe()
        assert "share a key" in report.describe()


@pytest.mark.parametrize("kind", ["uniform", "normal", "roll", "coin", "rare"])
def test_two_devices_with_the_same_keys_are_caught(kind: str) -> None:
    half = np.asarray(jax.vmap(jax.vmap(_draw(kind)))(_keys(8192, 4)))
    report = check_draws([_law(kind, "a")], {"a": np.concatenate([half, half])})
    assert _found(report, "lanes", "a"), report.describe()
    assert "lanes share a key" in report.describe()


def test_one_lane_in_a_thousand_sharing_a_key_is_caught() -> None:
    draws = np.random.default_rng(8).uniform(-0.05, 0.05, (65536, 2)).astype(np.float32)
    draws[1000:1065] = draws[5000:5065]
    (alarm,) = _check(PLACE, place=draws).alarms
    assert alarm.check == "equal lanes" and "65 pairs of lanes" in alarm.meaning


@pytest.mark.parametrize("kind", ["uniform", "normal", "roll", "coin"])
@pytest.mark.parametrize("direction", [1, -1])
def test_lanes_whose_keys_overlap_are_caught(kind: str, direction: int) -> None:
    repeats, lanes = 4, 16384
    stream = np.asarray(jax.vmap(_draw(kind))(_keys(lanes + repeats, 1)[:, 0]))
    at = np.arange(lanes)[:, None] + np.arange(repeats)[::direction]
    report = check_draws([_law(kind, "a")], {"a": stream[at]})
    assert _found(report, "lanes", "a"), report.describe()
    assert "shifted by one" in report.describe()


@pytest.mark.parametrize("kind", ["uniform", "roll", "coin", "rare"])
def test_a_key_used_again_at_the_next_reset_is_caught(kind: str) -> None:
    draws = np.asarray(jax.vmap(jax.vmap(_draw(kind)))(_keys(16384, 1)))
    report = check_draws([_law(kind, "a")], {"a": np.repeat(draws, 4, axis=1)})
    assert _found(report, "consecutive", "a"), report.describe()
    assert "used again at the next reset" in report.describe()


def test_a_used_key_drawn_from_again_by_another_label_is_caught() -> None:
    keys = _keys(4096, 5)
    draws = np.asarray(jax.vmap(jax.vmap(_draw("uniform")))(keys))
    report = check_draws(
        [_law("uniform", "a"), _law("uniform", "b")],
        {"a": draws[:, :4], "b": np.asarray(jax.vmap(jax.vmap(_draw("uniform")))(keys[:, :4]))[:, [3, 0, 1, 2]]},
    )
    assert _found(report, "consecutive", "a", "b"), report.describe()


def test_alarms_come_strongest_first_with_their_meaning() -> None:
    rng = np.random.default_rng(9)
    draws = _good(rng, 4096, 2)
    draws["roll"] = rng.integers(217, 255, (4096, 2))
    report = check_draws(LAWS, draws)
    assert {alarm.labels for alarm in report.alarms} == {("roll",)}
    text = report.describe()
    assert "255 comes up 0 times, 210 expected: a bound is off by one" in text
    assert [alarm.p for alarm in report.alarms] == sorted(alarm.p for alarm in report.alarms)


def test_what_cannot_be_told_is_said() -> None:
    report = _check(DrawLaw.bernoulli("coin", 0.5), coin=np.random.default_rng(1).integers(0, 2, (4096, 1)))
    assert report.passes
    assert any("equal lanes of coin alone" in reason for reason in report.not_tested)
    assert any("one repeat" in reason for reason in report.not_tested)
    fixed = _check(DrawLaw.categorical("only", [1.0]), only=np.zeros((4096, 1), dtype=int))
    assert fixed.passes and any("only one value" in reason for reason in fixed.not_tested)


def test_half_rounded_bounds_of_float32_are_inside() -> None:
    law = DrawLaw.uniform("place", -0.05, 0.05)
    edge = np.full((256, 1), np.float32(-0.05))
    assert float(edge[0, 0]) < -0.05
    assert not Column.of(law, edge).outside.any()


def test_sixteen_bit_floats_collide_without_alarm() -> None:
    rng = np.random.default_rng(2)
    one, other = rng.uniform(0, 1, (2, 4096, 2)).astype(np.float16)
    report = _check(DrawLaw.uniform("one", 0, 1), DrawLaw.uniform("other", 0, 1), one=one, other=other)
    assert report.passes, report.describe()


def test_words_of_64_bits_and_negative_bounds() -> None:
    rng = np.random.default_rng(3)
    word = rng.integers(0, 2**64, (4096, 2), dtype=np.uint64)
    below = rng.integers(-3, 4, (4096, 2))
    laws = DrawLaw.uniform_int("word", 0, 2**64), DrawLaw.uniform_int("below", -3, 4)
    assert _check(*laws, word=word, below=below).passes
    assert not _check(*laws, word=word >> np.uint64(1), below=below).passes
    assert not _check(*laws, word=word, below=np.clip(below, -3, 2)).passes


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: check_draws([], {}), "no law"),
        (lambda: check_draws([ROLL, ROLL], {"roll": np.zeros((N, 1))}), "two laws for the draw 'roll'"),
        (lambda: check_draws([ROLL, CRIT], {"roll": np.zeros((N, 1))}), "no draws for crit"),
        (lambda: check_draws([ROLL], {"roll": np.zeros((N, 1)), "x": np.zeros((N, 1))}), "no law for x"),
        (lambda: check_draws([ROLL], {"roll": np.zeros(N)}), r"\[lanes, repeats\]"),
        (lambda: check_draws([ROLL], {"roll": np.full((N, 1), 217.5)}), "not integers"),
        (lambda: check_draws([ROLL], {"roll": np.zeros((9, 1), int)}), "at least 2 lanes and 200 draws"),
        (lambda: check_draws([DECK], {"deck": np.zeros((N, 1, 5), int)}), "5 items, its law has 6"),
        (
            lambda: check_draws([ROLL, CRIT], {"roll": np.zeros((N, 1), int), "crit": np.zeros((2 * N, 1), int)}),
            "unequal numbers of lanes",
        ),
        (lambda: check_draws([ROLL], {"roll": np.zeros((N, 1), int)}, false_alarm_rate=0), "false_alarm_rate 0"),
        (lambda: DrawLaw.uniform_int("x", 3, 3), "law of draw 'x': no integer"),
        (lambda: DrawLaw.categorical("x", [0.5, 0.4]), r"sum of 0\.9"),
        (lambda: DrawLaw.uniform("x", 1, 0), "in order"),
        (lambda: DrawLaw.normal("x", 0, 0), "sd positive"),
        (lambda: DrawLaw("x", "continuous"), "needs its cdf"),
        (lambda: DrawLaw("x", "gauss"), "kind 'gauss' is not one of uniform_int"),  # type: ignore[arg-type]
        (lambda: DrawLaw.uniform("x", 0, 1, collision=2), "collision 2"),
        (lambda: DrawLaw("", "normal"), "no label"),
    ],
)
def test_bad_input_is_named(call, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
