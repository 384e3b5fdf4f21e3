"""`SinglePlayer` and `Sequentialize`: the contract, and what each promises beyond it."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from compiled_quickly import compiled_quickly  # noqa: F401 (a fixture)
from toys import PASS, Duel, Walk

from jaxenv import random_legal
from jaxenv.adapters.sequentialize import Sequentialize
from jaxenv.adapters.single_player import SinglePlayer
from jaxenv.testing import check_env

KEY = jax.random.key(3)


def always(params: jax.Array, key: jax.Array, obs: object, legal: jax.Array) -> jax.Array:
    """The action that the params name, or the pass where it must wait."""
    return jnp.where(legal[PASS] & ~legal[0], PASS, params.astype(jnp.int32))


def random_unless_dazed(key: jax.Array, obs: object, legal: jax.Array) -> jax.Array:
    """Random play by what it sees: the toy's mask opens at the limit of steps, which no rule should depend on."""
    return jnp.where(obs.dazed[0], PASS, jax.random.randint(key, (), 0, 3, jnp.int32))


def test_a_seat_keeps_the_contract() -> None:
    env = SinglePlayer(Duel(), random_unless_dazed, seat=1)
    check_env(env, env.default_params.replace(max_steps_in_episode=9), steps=24, batch=4)


def test_turns_keep_the_contract() -> None:
    env = Sequentialize(Duel())
    check_env(env, dataclasses.replace(env.default_params, max_steps_in_episode=19), steps=48, batch=4)


@pytest.mark.parametrize("seat", [0, 1])
def test_a_seat_plays_the_game_itself(seat: int) -> None:
    duel = Duel()
    single = SinglePlayer(duel, always, seat)
    params = single.with_opponent(jnp.int32(1))
    obs, state = single.reset_env(KEY, params)
    both, inner = duel.reset_from_pool(KEY, params.env)
    duel_step, single_step = jax.jit(duel.step_env), jax.jit(single.step_env)
    for _ in range(6):
        env_key, _ = jax.random.split(KEY)
        mine = jnp.argmax(single.legal_actions(state, params)).astype(jnp.int32)
        theirs = always(jnp.int32(1), KEY, None, duel.legal_actions(inner, params.env)[1 - seat])
        action = jnp.stack([mine, theirs] if seat == 0 else [theirs, mine])
        both, inner, rewards, *_ = duel_step(env_key, inner, action, params.env)
        obs, state, reward, *_ = single_step(KEY, state, mine, params)
        np.testing.assert_array_equal(obs.hp, both.hp[seat])
        np.testing.assert_array_equal(state.env_state.hp, inner.hp)
        assert reward == rewards[seat]


def test_each_lane_may_have_its_own_opponent() -> None:
    env = SinglePlayer(Duel(), always)
    params = env.with_opponent(jnp.arange(3))
    batch = dataclasses.replace(jax.tree.map(lambda _: None, params), opponent=0)
    _, states = jax.vmap(env.reset_env, in_axes=(0, batch))(jax.random.split(KEY, 3), params)
    np.testing.assert_array_equal(states.opponent, [0, 1, 2])
    step = jax.vmap(env.step_env, in_axes=(0, 0, 0, batch))
    _, states, *_ = step(jax.random.split(KEY, 3), states, jnp.zeros(3, jnp.int32), params)
    # Rock meets rock, paper and scissors: it is hurt by paper alone.
    hurt = np.asarray(states.env_state.dazed)
    np.testing.assert_array_equal(hurt, [[False, False], [True, False], [False, True]])


def test_an_episode_keeps_the_opponent_that_it_drew() -> None:
    env = SinglePlayer(Duel(), always, pool=True)
    params = env.with_opponent(jnp.arange(3))
    step = jax.jit(jax.vmap(env.step, in_axes=(0, 0, 0, None)))
    _, states = jax.vmap(env.reset, in_axes=(0, None))(jax.random.split(KEY, 32), params)
    first = states.env_state.opponent
    assert set(np.asarray(first).tolist()) == {0, 1, 2}
    drawn = set()
    for number in range(40):
        before = states.env_state.opponent
        keys = jax.random.split(jax.random.fold_in(KEY, number), 32)
        _, states, *_, info = step(keys, states, jnp.zeros(32, jnp.int32), params)
        after, ended = states.env_state.opponent, info["returned_episode"]
        assert (after == before)[~ended].all()
        drawn |= set(np.asarray(after)[np.asarray(ended)].tolist())
    assert drawn == {0, 1, 2}


def test_pending_actions_are_hidden() -> None:
    env = Sequentialize(Duel())
    params = env.default_params
    obs, state = env.reset_env(KEY, params)
    seen, step = [], jax.jit(env.step_env)
    for choice in range(3):
        assert env.current_player(state) == 0
        after, waiting, reward, terminated, _, _ = step(KEY, state, jnp.array([choice, PASS]), params)
        seen.append(jax.tree.leaves(after))
        assert env.current_player(waiting) == 1
        assert waiting.pending[0] == choice and not reward.any() and not terminated
    for leaves in seen:
        jax.tree.map(np.testing.assert_array_equal, leaves, jax.tree.leaves(obs))


def test_turns_lead_to_the_same_states_as_joint_moves() -> None:
    duel = Duel()
    env, params = Sequentialize(duel), Duel().default_params
    _, state = env.reset_env(KEY, params)
    _, inner = duel.reset_from_pool(KEY, params)
    duel_step, env_step, played = jax.jit(duel.step_env), jax.jit(env.step_env), 0
    while not state.over:
        legal = duel.legal_actions(inner, params)
        action = random_legal(jax.random.fold_in(KEY, played), None, legal)
        played += 1
        _, inner, rewards, *_ = duel_step(KEY, inner, action, params)
        turns = 0
        while True:
            player = env.current_player(state)
            turn = jnp.full_like(action, PASS).at[player].set(action[player])
            _, state, reward, *_, info = env_step(KEY, state, turn, params)
            turns += 1
            assert not info["illegal"].any()
            if not state.chosen.any():
                break
        assert turns == int((legal[:, :PASS].any(axis=1)).sum())  # who is dazed has no turn
        jax.tree.map(np.testing.assert_array_equal, jax.tree.leaves(state.env_state), jax.tree.leaves(inner))
        np.testing.assert_array_equal(reward, rewards)
    assert played > 4 and rewards.any()


def test_who_waits_and_acts_is_reported() -> None:
    env = Sequentialize(Duel())
    _, state = env.reset_env(KEY, env.default_params)
    *_, info = env.step_env(KEY, state, jnp.array([0, 0]), env.default_params)
    np.testing.assert_array_equal(info["illegal"], [False, True])


@pytest.mark.parametrize("seat", [2, -1, True, "p1"])
def test_unknown_players_are_named(seat: object) -> None:
    with pytest.raises(ValueError, match=rf"toys/duel has no player {seat!r}; seat must be 0 or 1"):
        SinglePlayer(Duel(), random_legal, seat)


def test_what_cannot_be_transformed_is_named() -> None:
    with pytest.raises(ValueError, match=r"toys/walk has 1 players, it must have 2"):
        SinglePlayer(Walk())
    with pytest.raises(ValueError, match=r"toys/walk has one player"):
        Sequentialize(Walk())
    with pytest.raises(TypeError, match=r"jaxenv.make makes one"):
        Sequentialize("toys/duel")
    with pytest.raises(TypeError, match=r"opponent must be a function"):
        SinglePlayer(Duel(), "random")


def test_a_pool_needs_an_axis_of_opponents() -> None:
    env = SinglePlayer(Duel(), always, pool=True)
    with pytest.raises(ValueError, match=r"every leaf of params.opponent leads with the opponents"):
        env.reset_env(KEY, env.with_opponent(jnp.int32(1)))
