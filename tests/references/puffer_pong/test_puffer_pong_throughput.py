"""The speed of PufferLib's Pong."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from references.puffer_pong import throughput as module
from references.puffer_pong.install import ReferenceUnavailableError
from references.puffer_pong.library import library
from references.puffer_pong.throughput import policy_session, throughput_session


@pytest.fixture(scope="module", autouse=True)
def reference() -> None:
    try:
        library()
    except ReferenceUnavailableError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("continuous", [False, True])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_session_gives_one_sample_per_call(threads: int, continuous: bool) -> None:
    with throughput_session(threads, frame_skip=8, envs=64, continuous=continuous) as timer:
        assert timer.envs == 64 and timer.tried == {}
        for _ in range(2):
            assert 1e5 < timer(0.05) < 1e9


def test_the_fastest_number_of_games_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOMENT", 0.02)
    with throughput_session(1, frame_skip=1) as timer:
        assert set(timer.tried) >= set(module.ENVS) and timer.envs in timer.tried


def test_more_games_are_tried_while_more_are_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy that costs the same for any number of games is the cheaper the more there are."""
    monkeypatch.setattr(module, "_MOMENT", 0.01)
    monkeypatch.setattr(module, "ENVS", (1, 4))
    monkeypatch.setattr(module, "LARGEST", 100)

    def slow(observations: Any) -> Any:
        time.sleep(0.003)
        return np.zeros(len(observations))

    with policy_session(1, 1, slow) as timer:
        assert list(timer.tried) == [1, 4, 16, 64] and timer.envs == 64
        assert timer.tried[64] > timer.tried[4] > timer.tried[1]


def test_steps_are_the_environments_not_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted at the vector itself, against what the timer says."""
    played: list[int] = []
    original = module.Vector.run_random

    def counted(vector: module.Vector, steps_per_env: int) -> None:
        original(vector, steps_per_env)
        played.append(steps_per_env * len(vector))

    monkeypatch.setattr(module.Vector, "run_random", counted)
    clock = iter(range(10**6))
    monkeypatch.setattr(module.time, "perf_counter", lambda: float(next(clock)))
    with throughput_session(1, frame_skip=8, envs=100) as timer:
        played.clear()
        assert timer(3.0) == sum(played) / 3 and len(played) == 3


@pytest.mark.parametrize("threads", [1, 2])
def test_a_policy_session_plays_what_the_policy_says(threads: int) -> None:
    sizes: set[tuple[int, ...]] = set()
    tops: list[float] = []

    def up(observations: Any) -> Any:
        assert observations.dtype == np.float32
        sizes.add(observations.shape)
        tops.append(float(observations[:, 1].max()))
        return np.ones(len(observations), np.int32)

    with policy_session(threads, 1, up, envs=32) as timer:
        assert timer(0.1) > 1000
    assert sizes == {(32, 8)}
    # The serve reaches the agent's wall in the 37th frame; until then the paddle went up, and so it misses.
    assert min(tops) == 0.5 and max(tops) == pytest.approx(0.5 + 36 * 8 / 640)


def test_a_policys_sizes_are_tried_and_a_jitted_one_may_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    import jax
    import jax.numpy as jnp

    monkeypatch.setattr(module, "_MOMENT", 0.02)
    monkeypatch.setattr(module, "ENVS", (16, 128))
    monkeypatch.setattr(module, "LARGEST", 128)
    follow = jax.jit(lambda obs: jnp.where(obs[:, 3] > obs[:, 1], 1, 2).astype(jnp.int32))
    with policy_session(2, 8, follow) as timer:
        assert timer(0.1) > 100
    assert set(timer.tried) >= {16, 128}


def test_a_policy_of_the_wrong_shape_is_named() -> None:
    with (
        pytest.raises(ValueError, match=r"the policy gave actions of shape \(4, 1\) for 4 games, need \(4,\)"),
        policy_session(2, 8, lambda obs: np.zeros((len(obs), 1)), envs=4),
    ):
        pass


def test_continuous_policies_give_floats() -> None:
    seen: list[float] = []

    def policy(observations: Any) -> Any:
        seen.append(float(observations[0, 1]))
        return np.full(len(observations), 0.5, np.float32)

    with policy_session(1, 1, policy, envs=2, continuous=True):
        pass
    assert (seen[1] - seen[0]) * 640 == pytest.approx(4, abs=1e-3)


def test_there_is_at_least_one_thread() -> None:
    with pytest.raises(ValueError, match="0 threads"), throughput_session(0, 8):
        pass
