"""JaxMARL's wrappers on our environments, and its way of training two players with shared parameters."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from example_files import load
from jaxmarl.wrappers.baselines import CTRolloutManager, LogWrapper
from jaxmarl_battles import against_random, won
from toys import PASS, Duel

import jaxenv
from jaxenv.adapters.jaxmarl import JaxMARL

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
GEN1 = "pokejax/gen1randombattle"
KEY = jax.random.PRNGKey(0)


def random_actions(env: JaxMARL, key: jax.Array, state: object) -> dict[str, jax.Array]:
    legal = env.get_avail_actions(state)
    keys = jax.random.split(key, len(legal))
    return {agent: jaxenv.random_legal(k, None, legal[agent]) for k, agent in zip(keys, env.agents, strict=True)}


def test_its_log_wrapper_counts_whole_episodes() -> None:
    env = JaxMARL(Duel())
    logged = LogWrapper(env)

    def step(carry: tuple, key: jax.Array) -> tuple:
        _, state = carry
        act, move = jax.random.split(key)
        actions = random_actions(env, act, state.env_state)
        obs, state, rewards, dones, info = logged.step(move, state, actions)
        return (obs, state), (rewards, dones, info)

    _, (rewards, dones, info) = jax.lax.scan(step, logged.reset(KEY), jax.random.split(KEY, 200))
    ends = np.asarray(dones["__all__"])
    assert ends.sum() > 5 and not np.asarray(info["illegal"]).any()
    returns = np.asarray(info["returned_episode_returns"])[ends]
    assert set(returns.ravel().tolist()) <= {-1.0, 1.0, 0.0} and (returns.sum(axis=1) == 0).all()
    lengths = np.diff(np.flatnonzero(ends), prepend=-1)
    np.testing.assert_array_equal(np.asarray(info["returned_episode_lengths"])[ends][:, 0], lengths)
    np.testing.assert_array_equal(rewards["player_0"], -np.asarray(rewards["player_1"]))


def test_the_example_learns_pong() -> None:
    """One agent, whose reward can grow: two players who learn together win as often as they lose."""
    figures = np.array(load("jaxmarl_ippo").train("pongjax/puffer_pong", updates=80, rate=3e-3)[2])
    rewards, entropy = figures[:, 0], figures[:, 1]
    assert rewards[-8:].mean() > rewards[:8].mean() + 0.02 and entropy[-1] < entropy[0], figures[::8]


def test_the_example_trains_two_players_on_one_network() -> None:
    network, weights, figures = load("jaxmarl_ippo").train(Duel(), updates=3, lanes=8)
    assert np.isfinite(figures).all() and network.actions == Duel().num_actions
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(weights))


def test_its_rollout_manager_batches_it() -> None:
    manager = CTRolloutManager(JaxMARL(Duel()), batch_size=5)
    obs, state = manager.batch_reset(KEY)
    assert obs["player_0"].shape == (5, 4 + 2) and obs["__all__"].shape == (5, 8)
    actions = manager.batch_sample(KEY, "player_0")
    both = {"player_0": actions, "player_1": jnp.where(actions == 0, 1, 0)}
    obs, _, rewards, dones, _ = manager.batch_step(KEY, state, both)
    assert rewards["__all__"].shape == dones["__all__"].shape == (5,)


def test_a_given_state_begins_the_next_episode() -> None:
    env = JaxMARL(Duel(), Duel().default_params.replace(damage=99))
    _, state = env.reset(KEY)
    _, other = env.reset(jax.random.PRNGKey(7))
    actions = {"player_0": jnp.int32(1), "player_1": jnp.int32(0)}
    obs, state, _, dones, _ = env.step(KEY, state, actions, other)
    assert dones["__all__"]
    jax.tree.map(np.testing.assert_array_equal, obs, env.get_obs(other))


def test_masks_are_those_of_each_player() -> None:
    env = JaxMARL(Duel())
    _, state = env.reset(KEY)
    _, state, *_ = env.step(KEY, state, {"player_0": jnp.int32(1), "player_1": jnp.int32(0)})
    masks = env.get_avail_actions(state)
    assert masks["player_1"].tolist() == [False] * PASS + [True] and masks["player_0"].tolist() == [True] * 3 + [False]


def test_a_battle_has_the_types_that_the_library_asks_for() -> None:
    env = JaxMARL(GEN1)
    assert env.agents == ["player_0", "player_1"] and env.name == GEN1
    logged = LogWrapper(env)
    obs, state = jax.eval_shape(logged.reset, KEY)
    action = jax.ShapeDtypeStruct((), jnp.int32)
    stepped = jax.eval_shape(logged.step, KEY, state, dict.fromkeys(env.agents, action))
    assert obs["player_1"].shape == env.observation_space("player_1").shape == (330,)
    assert jax.tree.structure(stepped[1]) == jax.tree.structure(state)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda env, state: env.step(KEY, state, {"player_0": 1}), r"step: no action for player_1"),
        (
            lambda env, state: env.step(KEY, state, {"player_0": 1, "p2": 1}),
            r"no player 'p2'; players are player_0, pl",
        ),
        (lambda env, _: env.action_space("player_2"), r"jaxmarl.JaxMARL of toys/duel: no player 'player_2'"),
        (lambda env, _: env.observation_space(0), r"no player 0; players are player_0, player_1"),
    ],
)
def test_unknown_players_are_named(call: Any, text: str) -> None:
    env = JaxMARL(Duel())
    _, state = env.reset(KEY)
    with pytest.raises(ValueError, match=text):
        call(env, state)


@pytest.mark.compat
def test_the_example_learns_to_win_battles() -> None:
    network, weights, _ = load("jaxmarl_ippo").train(GEN1, updates=60)

    def decide(key: jax.Array, memory: Any, obs: jax.Array, legal: jax.Array, _: jax.Array) -> tuple[jax.Array, Any]:
        return jax.random.categorical(key, network.apply(weights, obs, legal)[0]), memory

    share, low, high = won(against_random(JaxMARL(GEN1), decide, (), battles=128))
    assert low > 0.7, f"won {share:.0%} ({low:.0%} to {high:.0%}) of 128 battles against random play"
