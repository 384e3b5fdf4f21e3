"""The rollout in one SIMD kernel: the same play as XLA's."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from toys import Duel, DuelParams, Walk

import jaxlanes
import jaxlanes.cuda
from jaxenv.rollouts import random_legal, rollout

BOTH = {"duel": (Duel(), DuelParams()), "walk": (Walk(), Walk().default_params)}


def assert_same_play(left, right):
    """Integers bit by bit, floats up to two programs' rounding."""
    assert jax.tree.structure(left) == jax.tree.structure(right)
    for (path, x), y in zip(jax.tree_util.tree_flatten_with_path(left)[0], jax.tree.leaves(right), strict=True):
        name = jax.tree_util.keystr(path)
        if jnp.issubdtype(x.dtype, jax.dtypes.prng_key):
            x, y = jax.random.key_data(x), jax.random.key_data(y)
        assert x.shape == y.shape and x.dtype == y.dtype, name
        if jnp.issubdtype(x.dtype, jnp.floating):
            np.testing.assert_allclose(x, y, rtol=1e-6, atol=1e-6, err_msg=name)
        elif not name.endswith("checksum"):  # which sums the floats' bits
            np.testing.assert_array_equal(x, y, err_msg=name)


@pytest.mark.parametrize("name", BOTH)
def test_random_play_in_the_kernel(name):
    env, params = BOTH[name]
    plain = rollout(env, 21, 30, backend="xla")(jax.random.key(3), params)
    kernel = rollout(env, 21, 30, backend="simd")(jax.random.key(3), params)
    assert int(plain[1].episodes) > 20, "episodes end and begin"
    assert_same_play(plain, kernel)


def test_collected_trajectories():
    env, params = BOTH["walk"]
    steps = [rollout(env, 8, 30, collect=True, backend=b)(jax.random.key(1), params) for b in ("xla", "simd")]
    assert steps[0][1].reward.shape == (30, 8)
    assert_same_play(*steps)


def test_a_policy_outside_the_kernel():
    """A matrix product, which no kernel has, between the kernel's steps."""
    env, params = BOTH["duel"]

    def policy(key, obs, legal_actions):
        return random_legal(jax.random.fold_in(key, (jnp.ones((3, 3)) @ jnp.ones(3))[0].astype(jnp.int32)), obs,
                            legal_actions)  # fmt: skip

    played = [rollout(env, 16, 20, policy, backend=b)(jax.random.key(4), params) for b in ("xla", "simd")]
    assert int(played[0][1].episodes) > 8
    assert_same_play(*played)


def test_a_gpu_that_is_not_there():
    with pytest.raises(jaxlanes.cuda.NoGpuError, match='use backend="auto" or "simd"'):
        rollout(Walk(), 4, 5, backend="cuda")(jax.random.key(0))
