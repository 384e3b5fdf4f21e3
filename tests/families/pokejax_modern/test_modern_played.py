"""Battles of Generation 4 through the battle environment, interpreted: reset, step, auto-reset, rewards, truncation.

Tracing and interpreting take minutes, so it is run by hand:
``pytest -n 0 -m sweep tests/families/pokejax_modern/test_modern_played.py``.
"""

from __future__ import annotations

import dataclasses

import jax
import numpy as np
import pytest

from families.pokejax_modern.verify.interpret import interpreted
from pokejax.env import Gen4Battle

LANES = 8


@pytest.mark.sweep
def test_battles_are_played_and_begin_anew() -> None:
    env = Gen4Battle()
    whole = env.default_params
    params = dataclasses.replace(
        whole, pool=jax.tree.map(lambda leaf: leaf[:64], whole.pool), max_steps_in_episode=np.int32(4)
    )
    keys = np.stack([jax.random.key_data(key) for key in jax.random.split(jax.random.key(3), LANES)])

    def step(key, state, action):
        obs, state, reward, terminated, truncated, info = env.step(jax.random.wrap_key_data(key), state, action, params)
        return obs, state, reward, terminated, truncated, info, env.legal_actions(state, params)

    def reset(key):
        obs, state = env.reset(jax.random.wrap_key_data(key), params)
        return obs, state, env.legal_actions(state, params)

    obs, state, legal = interpreted(reset)(keys)
    advance = interpreted(step)
    rng = np.random.default_rng(0)
    for number in range(1, 6):
        assert legal.any(-1).all()
        # By the request, what the truth allows is offered too.
        assert (obs.legal_actions | ~legal).all()
        action = (legal * rng.random(legal.shape)).argmax(-1).astype(np.int32)
        obs, state, reward, terminated, truncated, info, legal = advance(keys, state, action)
        assert not info["illegal"].any() and (reward == 0).all() and not terminated.any()
        assert truncated.all() == (number == 4), number
        if number == 4:
            assert (info["returned_episode_length"] == 4).all() and (obs.turn == 1).all()
    waits = legal[..., 10]
    assert not waits.all()
    *_, info, _ = advance(keys, state, np.full((LANES, 2), 10, np.int32))
    np.testing.assert_array_equal(info["illegal"], ~waits)
