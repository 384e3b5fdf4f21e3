"""Mctx's searches on our environments."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import mctx
import numpy as np
import pytest
from compiled_quickly import compiled_quickly  # noqa: F401
from example_files import load
from toys import PASS, Duel, Walk

from jaxenv.adapters.mctx import Mctx

KEY = jax.random.PRNGKey(0)


def know_nothing(params: Any, obs: Any, legal: jax.Array) -> tuple[jax.Array, jax.Array]:
    return jnp.zeros(legal.shape), jnp.float32(0)


def test_gumbel_muzero_finds_the_way_of_the_walker() -> None:
    walk = Walk(noise=0.0)
    search = Mctx(walk, know_nothing, discount=0.99)
    _, states = jax.vmap(walk.reset, in_axes=(0, None))(jax.random.split(KEY, 4), walk.default_params)
    states = states.env_state.replace(place=jnp.array([3, 2, 3, 4], jnp.int32))

    @jax.jit
    def choose(states: Any) -> Any:
        return mctx.gumbel_muzero_policy(
            (), KEY, search.root((), states), search.recurrent_fn, 64,
            invalid_actions=search.invalid_actions(states), max_depth=6,
        )  # fmt: skip

    assert choose(states).action.tolist() == [1, 1, 1, 1]  # to the right is the goal


def test_muzero_takes_the_blow_that_wins() -> None:
    duel = Duel()
    search = Mctx(duel, know_nothing)
    env, params = search.env, search.env.default_params
    _, state = env.reset_env(jax.random.key(1), params)
    # Player 1 is dazed and has one hit point left: anything that player 0 does wins, and a pass is illegal.
    own = state.env_state.replace(hp=jnp.array([5, 1], jnp.int32), dazed=jnp.array([False, True]))
    batch = jax.tree.map(lambda leaf: leaf[None], state.replace(env_state=own))
    output = jax.jit(
        lambda states: mctx.muzero_policy(
            (),
            KEY,
            search.root((), states),
            search.recurrent_fn,
            24,
            invalid_actions=search.invalid_actions(states),
            dirichlet_fraction=0.0,
        )
    )(batch)
    assert output.action[0] != PASS and output.action_weights[0, PASS] == 0
    assert output.search_tree.node_values[0, 0] > 0.5


def test_values_change_sign_with_the_player() -> None:
    search = Mctx(Duel(), know_nothing, discount=0.9)
    _, state = search.env.reset_env(jax.random.key(1), search.env.default_params)
    batch = jax.tree.map(lambda leaf: leaf[None], state)
    output, after = search.recurrent_fn((), KEY, jnp.array([0]), batch)
    assert output.discount[0] == np.float32(-0.9) and after.pending.tolist() == [[0, 0]] and after.chosen[0, 0]


def test_a_battle_has_the_types_of_a_search() -> None:
    search = Mctx("pokejax/gen1randombattle", know_nothing)
    _, state = jax.eval_shape(search.env.reset_env, KEY, search.env.default_params)
    batch = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct((2, *leaf.shape), leaf.dtype), state)
    root = jax.eval_shape(search.root, (), batch)
    output, after = jax.eval_shape(search.recurrent_fn, (), KEY, jax.ShapeDtypeStruct((2,), jnp.int32), batch)
    assert root.prior_logits.shape == output.prior_logits.shape == (2, 11)
    assert jax.tree.structure(after) == jax.tree.structure(batch)


@pytest.mark.compat
def test_the_example_plays_and_says_what_a_decision_costs() -> None:
    share, cost = load("mctx_search").main(2, 2, 4, "uniform_legal", longest=4)
    assert 0 <= share <= 1 and cost > 0


def test_games_that_it_cannot_search_are_named() -> None:
    with pytest.raises(ValueError, match=r"HalfCheetah-v5 has the action space Box"):
        Mctx("cheetahjax/HalfCheetah-v5", know_nothing)
