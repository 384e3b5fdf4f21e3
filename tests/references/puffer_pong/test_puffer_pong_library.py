"""The compiled Pong: struct layout, vectors of live games against single steps, and the builds against each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from references.puffer_pong import compiler
from references.puffer_pong import library as module
from references.puffer_pong.compiler import BUILDS, Build, compile_to, compiler_command
from references.puffer_pong.install import ReferenceUnavailableError, install
from references.puffer_pong.library import CASE, DEFAULTS, STATE, Library, Vector, library, new_cases


@pytest.fixture(scope="module", autouse=True)
def reference() -> Library:
    try:
        return library()
    except ReferenceUnavailableError as error:
        pytest.skip(str(error))


def _same(one: NDArray[Any], other: NDArray[Any], names: tuple[str, ...] = STATE) -> None:
    for name in names:
        assert one[name].tobytes() == other[name].tobytes(), name


@pytest.mark.parametrize("build", list(BUILDS))
def test_our_own_files_compile_without_a_warning(tmp_path: Path, build: Build) -> None:
    flags = (*compiler._COMMON, *BUILDS[build])
    assert compile_to(tmp_path / "pong.so", compiler_command(), flags, install()) == ""


def test_a_struct_of_another_layout_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    names = list(CASE.names or ())
    assert Library("exact").game_size > 0
    swapped = [{"score_l": "score_r", "score_r": "score_l"}.get(name, name) for name in names]
    for others in (swapped, names[:-1], ["new", *names[1:]]):
        kinds = [(name, CASE[name] if name in names else np.float32) for name in others]
        monkeypatch.setattr(module, "CASE", np.dtype(kinds))
        with pytest.raises(RuntimeError, match="struct Case has offsets and size"):
            Library("exact")


def test_a_serve_is_the_generators_upper_bit(reference: Library) -> None:
    case = new_cases(1)
    case["serve"] = 2**31
    reference.reset(case)
    assert case["serve"] == 2**31 + 1013904223
    assert {name: case[name][0] for name in STATE if name not in ("serve", "observation")} == {
        **{"paddle_yl": 285, "paddle_yr": 285, "ball_x": 100, "ball_y": 304, "ball_vx": 10, "ball_vy": 0},
        **{"score_l": 0, "score_r": 0, "tick": 0, "n_bounces": 0},
    }
    assert case["observation"][0].tolist() == pytest.approx([0.5, 0.5, 0.2, 0.475, 1, 0.5, 0, 0])


def test_each_parameter_counts(reference: Library) -> None:
    """Only the paddles' width changes nothing: it is only drawn."""

    def play(**params: float) -> bytes:
        cases = new_cases(256, frame_skip=8, params=params)
        cases["serve"] = np.arange(256) * 2**24
        reference.reset(cases)
        rng = np.random.default_rng(5)
        record = []
        for _ in range(300):
            cases["action"] = rng.integers(0, 3, 256)
            reference.step(cases)
            record.append(np.concatenate([cases["observation"].ravel(), cases["reward"], cases["terminal"]]))
        return np.concatenate(record).tobytes()

    plain = play()
    for name, value in DEFAULTS.items():
        assert (play(**{name: value + 1}) == plain) == (name == "paddle_width"), name


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"gravity": 1}, "Pong has no parameter 'gravity'; it has width, height"),
        ({"max_score": 0}, "parameter max_score cannot be 0: it is a whole number ≥ 1"),
        ({"max_score": 2.5}, "parameter max_score cannot be 2.5"),
        ({"width": float("nan")}, "parameter width cannot be nan: it is a finite number ≥ 0"),
        ({"height": -1}, "parameter height cannot be -1"),
    ],
)
def test_parameters_that_cannot_be_are_named(params: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        new_cases(1, params=params)
    with pytest.raises(ValueError, match="frame_skip cannot be 0"):
        new_cases(1, frame_skip=0)


def test_arrays_that_are_not_cases_are_refused(reference: Library) -> None:
    with pytest.raises(ValueError, match="cases must be a contiguous writable array"):
        reference.step(np.zeros(3, np.float32))
    with pytest.raises(ValueError, match="cases must be a contiguous writable array"):
        reference.step(new_cases(4)[::2])
    with pytest.raises(ValueError, match=r"cases have shape \(2,\), this vector \(3,\)"):
        Vector(3).load(new_cases(2))
    with pytest.raises(ValueError, match="a vector of 0 games"):
        Vector(0)
    with pytest.raises(ValueError, match="seed -1 is negative"):
        Vector(1).reset(-1)


@pytest.mark.parametrize("continuous", [False, True])
@pytest.mark.parametrize("frame_skip", [1, 8])
def test_live_games_and_single_steps_agree_bitwise(reference: Library, frame_skip: int, continuous: bool) -> None:
    """Two points win, so that games end often; the opponent is slow, so that both sides win."""
    params = {"max_score": 2, "paddle_speed": 5}
    vector = Vector(64, frame_skip, continuous, params)
    vector.reset(seed=3)
    cases = vector.state()
    rng = np.random.default_rng(7)
    sums, seen = np.zeros((64, 5), np.float32), set()
    for _ in range(4000 // frame_skip):
        # Half of the agents follow the ball.
        toward = np.sign(cases["ball_y"] - cases["paddle_yr"] - 19)
        chosen = np.where(np.arange(64) < 32, toward, rng.integers(-1, 2, 64))
        vector.actions[:] = chosen * rng.random(64) if continuous else chosen % 3
        cases["action"] = vector.actions
        vector.step()
        reference.step(cases)
        live = vector.state()
        _same(live, cases, (*STATE, "action", "reward", "terminal"))
        assert (vector.terminals == cases["terminal"]).all()
        sums += cases["log"]
        assert live["log"].tobytes() == sums.tobytes()
        seen |= set(np.unique(cases["reward"]).tolist())
    assert seen == {0, -1, 1, np.float32(0.1)}
    assert sums[:, 4].sum() > 20 and 0 < sums[:, 0].sum() < sums[:, 4].sum()


def test_the_buffers_are_the_games_own() -> None:
    vector = Vector(5)
    observations, actions, rewards = vector.observations, vector.actions, vector.rewards
    actions[:] = [0, 1, 2, 1, 0]
    vector.step()
    assert vector.observations is observations and vector.rewards is rewards
    assert np.unique(observations[:, 1]).tolist() == pytest.approx([277 / 640 + 35 / 640, 0.5, 293 / 640 + 35 / 640])
    assert vector.state()["observation"].tobytes() == observations.tobytes()


def test_a_vector_can_be_put_into_any_state(reference: Library) -> None:
    vector = Vector(64, frame_skip=8)
    vector.run_random(100)
    cases = vector.state()
    other = Vector(64, frame_skip=8)
    other.load(cases)
    _same(other.state(), cases)
    assert not other.state()["log"].any()
    vector.actions[:] = other.actions[:] = 2
    vector.step()
    other.step()
    _same(other.state(), vector.state())


def test_a_seed_decides_everything() -> None:
    def played(seed: int) -> NDArray[Any]:
        vector = Vector(64, frame_skip=8)
        vector.run_random(3)  # what was before the reset does not count
        vector.reset(seed)
        vector.run_random(500)
        return vector.state()

    assert played(1).tobytes() == played(1).tobytes() != played(2).tobytes()


@pytest.mark.parametrize("continuous", [False, True])
def test_random_play_is_uniform_and_the_same_steps(continuous: bool) -> None:
    vector, twin = Vector(100, continuous=continuous), Vector(100, continuous=continuous)
    twin.load(vector.state())
    found = []
    for _ in range(600):
        vector.run_random(1)
        twin.actions[:] = vector.actions
        twin.step()
        found.append(vector.actions.copy())
    _same(vector.state(), twin.state(), (*STATE, "log"))
    actions = np.concatenate(found)
    if continuous:
        share = np.histogram(actions, bins=4, range=(-1, 1))[0] / len(actions)
        assert np.abs(actions).max() <= 1 and share == pytest.approx(np.full(4, 1 / 4), abs=0.01)
    else:
        assert set(actions.tolist()) == {0, 1, 2}
        assert np.bincount(actions.astype(int)) / len(actions) == pytest.approx(np.full(3, 1 / 3), abs=0.01)


@pytest.mark.parametrize("build", ["fast", "relaxed"])
@pytest.mark.parametrize("frame_skip", [1, 8])
def test_the_builds_for_speed_play_the_same_games(build: Build, frame_skip: int) -> None:
    exact, other = Vector(256, frame_skip, build="exact"), Vector(256, frame_skip, build=build)
    for _ in range(4):
        exact.run_random(4000 // frame_skip)
        other.run_random(4000 // frame_skip)
        _same(exact.state(), other.state(), (*STATE, "action", "reward", "terminal", "log"))
    assert exact.state()["log"][:, 4].sum() > 50  # games ended
