"""The fused rollout: its results depend on the key alone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from compiled_quickly import compiled_quickly  # noqa: F401 (a fixture)
from toys import Duel, DuelParams, Walk

from jaxenv.rollouts import random_legal, rollout


def test_random_legal_is_uniform_over_the_mask():
    mask = jnp.array([[True, False, True, True], [False, True, False, False]])
    keys = jax.random.split(jax.random.key(0), 6000)
    actions = np.asarray(jax.vmap(lambda k: random_legal(k, None, mask))(keys))
    counts = np.bincount(actions[:, 0], minlength=4)
    assert counts[1] == 0 and np.all(np.abs(counts[[0, 2, 3]] - 2000) < 200)
    assert (actions[:, 1] == 1).all()
    assert random_legal(keys[0], None, mask[0]).shape == ()


def test_chunks_and_calls_change_nothing():
    env, params = Duel(), DuelParams()
    _, whole = rollout(env, 24, 40)(jax.random.key(3), params)
    _, chunked = rollout(env, 24, 40, chunk=8)(jax.random.key(3), params)
    half = rollout(env, 24, 20)
    carry, first = half(jax.random.key(3), params)
    _, second = half(carry, params)
    assert int(whole.steps) == 24 * 40 and int(whole.episodes) > 24 and int(whole.illegal) == 0
    for name in ("steps", "episodes", "episode_steps", "checksum"):
        assert getattr(whole, name) == getattr(chunked, name), name
        assert getattr(whole, name) == getattr(first, name) + getattr(second, name), name
    assert abs(float(whole.return_sum.sum())) < 1e-3


def test_collected_trajectories_are_the_same_play():
    env, params = Walk(), Walk().default_params
    _, summary = rollout(env, 8, 30)(jax.random.key(1), params)
    for chunk in (None, 4):
        _, steps = rollout(env, 8, 30, chunk=chunk, collect=True)(jax.random.key(1), params)
        assert steps.reward.shape == (30, 8) and steps.legal_actions.shape == (30, 8, 2)
        assert int(steps.info["returned_episode"].sum()) == int(summary.episodes)
        assert int(steps.info["returned_episode_length"].sum()) == int(summary.episode_steps)


def test_auto_reset_mode_can_be_chosen():
    params = DuelParams(pool=np.array([1], np.int32))
    episodes = [
        int(rollout(Duel(), 16, 30, autoreset=mode)(jax.random.key(0), params)[1].episodes) for mode in ("pool", "full")
    ]
    assert episodes[0] > 2 * episodes[1], "the pool holds fights of one hit point"


@pytest.mark.parametrize(
    "kwargs,message",
    [({"chunk": 5}, "divide batch_size 24, got 5"), ({"num_steps": 0}, "positive"), ({"num_steps": 2**30}, "2..31")],
)
def test_errors(kwargs, message):
    with pytest.raises(ValueError, match=message):
        rollout(Duel(), **{"batch_size": 24, "num_steps": 10, **kwargs})
