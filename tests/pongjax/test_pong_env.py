"""Pong as an environment: configuration, actions, params in lanes, endings, what may be imported."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxenv
from jaxenv.rollouts import rollout
from jaxenv.testing import check_env
from pongjax.env import DOWN, STILL, UP, PufferPong
from pongjax.params import PongParams


@pytest.mark.parametrize("id", ["pongjax/puffer_pong", "pongjax/puffer_pong_continuous"])
@pytest.mark.parametrize("frame_skip", [1, 8])
@pytest.mark.parametrize("strict", [True, False])
def test_the_contract_in_every_configuration(id, frame_skip, strict):
    env = jaxenv.make(id, frame_skip=frame_skip, strict=strict)
    check_env(env, dataclasses.replace(env.default_params, max_score=1, max_steps_in_episode=40), steps=100)


def test_the_spec_says_what_is_repaired():
    strict, repaired = PufferPong(), PufferPong(strict=False)
    assert (strict.version, repaired.version) == ("v1", "v1-repaired")
    assert "repaired" in repaired.spec.tags and "repaired" not in strict.spec.tags
    assert strict.spec.reference is not None and strict.spec.reference.name == "pufferlib puffer_pong"


@pytest.mark.parametrize("frame_skip", [0, -3, 2.0, True, "8"])
def test_a_wrong_frame_skip_is_refused(frame_skip):
    with pytest.raises(ValueError, match=f"frame_skip must be a positive integer, got {frame_skip!r}"):
        PufferPong(frame_skip=frame_skip)


def test_actions():
    env = PufferPong(frame_skip=1)
    assert [float(env.direction(action)) for action in (STILL, UP, DOWN)] == [0, 1, -1]
    assert [bool(env.is_illegal(action)) for action in (-1, 0, 1, 2, 3)] == [True, False, False, False, True]
    assert float(env.direction(3)) == 0  # as the C takes it
    numbers = PufferPong(continuous=True)
    assert [float(numbers.direction(action)) for action in (-2.0, -0.25, 1.0)] == [-1, -0.25, 1]
    assert [bool(numbers.is_illegal(action)) for action in (-1.0, 1.5, float("nan"))] == [False, True, True]
    assert numbers.action_space().contains(np.float32(0.5)) and numbers.num_actions == 0


def test_an_illegal_action_is_reported():
    env = PufferPong()
    _, state = env.reset_env(jax.random.key(0), env.default_params)
    info = env.step_env(jax.random.key(1), state, 7, env.default_params)[-1]
    assert bool(info["illegal"])


def test_both_serves_come_up_in_resets():
    env = PufferPong()
    states = jax.vmap(lambda key: env.reset_env(key, env.default_params)[1])(jax.random.split(jax.random.key(0), 256))
    level = int(np.sum(np.asarray(states.court.ball_vy) == 0))
    assert 90 < level < 166  # five standard deviations
    assert set(np.asarray(states.court.ball_vy).tolist()) == {-1.0, 0.0}


def test_params_differ_between_lanes():
    env = PufferPong()
    heights = np.float32([480, 640, 800])
    params = jax.vmap(lambda height: PongParams(height=height))(heights)
    keys = jax.random.split(jax.random.key(0), 3)
    _, states = jax.vmap(env.reset_env)(keys, params)
    np.testing.assert_array_equal(states.court.paddle_yr, heights / 2 - 35)
    step = jax.jit(jax.vmap(env.step_env, in_axes=(0, 0, None, 0)))
    for _ in range(40):
        _, states, *_ = step(keys, states, jnp.int32(UP), params)
    np.testing.assert_array_equal(states.court.paddle_yr <= heights - 35, True)


def test_truncation_only_where_it_is_asked_for():
    env = PufferPong(frame_skip=1)
    _, summary = rollout(env, 16, 400)(jax.random.key(0), PongParams(max_steps_in_episode=25))
    assert int(summary.episodes) == 16 * 16 and int(summary.episode_steps) == 16 * 400
    _, summary = rollout(env, 16, 400)(jax.random.key(0))
    assert int(summary.episodes) == 0


def test_a_paddle_that_follows_the_ball_wins_points():
    from pongjax.render import play_game

    states = play_game(PufferPong(frame_skip=8), 1, longest=2000)
    assert states.score_r.max() > 0 and np.all(np.diff(states.time) == 1)


def test_import_is_cheap_and_starts_no_backend():
    program = """
import time, jax
started = time.perf_counter()
import jaxenv, pongjax
jaxenv.spec("pongjax/puffer_pong")
print(time.perf_counter() - started)
from jax._src import xla_bridge
assert not xla_bridge._backends, f"backends were started: {list(xla_bridge._backends)}"
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert float(done.stdout) < 1.0
