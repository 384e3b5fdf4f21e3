"""A step of Generation 4's environment can be traced, and gives what its spec says."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from pokejax.env import Gen4Battle


def test_a_step_can_be_traced_and_has_the_types_of_the_spec() -> None:
    env = Gen4Battle()
    params = env.default_params
    key = jax.random.key(0)
    obs, state = jax.eval_shape(env.reset_env, key, params)
    stepped, after, reward, terminated, truncated, _ = jax.eval_shape(
        env.step_env, key, state, jnp.zeros(2, jnp.int32), params
    )
    for field in env.obs_spec.fields:
        leaf = getattr(stepped, field.name)
        assert leaf.shape == (2, *field.shape) and leaf.dtype == field.dtype, field.name
    before, now = jax.tree.leaves((obs, state)), jax.tree.leaves((stepped, after))
    assert [(leaf.shape, leaf.dtype) for leaf in before] == [(leaf.shape, leaf.dtype) for leaf in now]
    assert reward.shape == (2,) and terminated.shape == truncated.shape == ()
