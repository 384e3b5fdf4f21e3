"""Pgx's own checks and wrappers on our environments."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pgx
import pytest
from compiled_quickly import compiled_quickly  # noqa: F401 (a fixture)
from pgx._src import api_test
from pgx.experimental import act_randomly, auto_reset
from toys import PASS, Duel, Walk, WalkParams

from jaxenv.adapters.pgx import Pgx
from jaxenv.control import maybe

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
KEY = jax.random.PRNGKey(0)
TABLE = np.full((4, 2), 2, np.float32)


def act(key: jax.Array, mask: jax.Array) -> jax.Array:
    """A random legal action. Pgx 2.6's own takes only batches with jax 0.10: it names axis 1."""
    return act_randomly(key, mask[None])[0] if mask.ndim == 1 else act_randomly(key, mask)


@pytest.mark.parametrize("env", [Pgx(Duel()), Pgx(Walk(), WalkParams(goal=2, max_steps_in_episode=10_000))])
def test_pgx_finds_no_fault(monkeypatch: pytest.MonkeyPatch, env: Pgx) -> None:
    """Its API test, which ends games by their rules alone. It knows and draws its own games; here it knows ours."""
    monkeypatch.setattr(api_test, "get_args", lambda _: (env.id,))
    monkeypatch.setattr(pgx.State, "save_svg", lambda self, filename, **_: None)
    monkeypatch.setattr(api_test, "act_randomly", jax.jit(act))
    api_test.api_test(env, 3, use_key=True)


def test_players_take_turns_and_are_paid_together() -> None:
    env = Pgx(Duel())
    step = jax.jit(env.step)
    state = env.init(KEY)
    players, rewards = [], []
    while not state.terminated:
        players.append(int(state.current_player))
        key = jax.random.fold_in(KEY, len(players))
        state = step(state, act(key, state.legal_action_mask), key)
        rewards.append(state.rewards.tolist())
    assert set(players) == {0, 1} and players[0] == 0
    assert rewards[-1] in ([1.0, -1.0], [-1.0, 1.0]) and not np.any(rewards[:-1])


def test_an_illegal_action_ends_the_game_as_in_pgx() -> None:
    env = Pgx(Duel())
    state = env.step(env.init(KEY), jnp.int32(PASS), KEY)
    assert state.terminated and state.rewards.tolist() == [-1.0, 1.0] and state.legal_action_mask.all()


def test_its_auto_reset_goes_on() -> None:
    env = Pgx(Duel())
    step = jax.jit(jax.vmap(auto_reset(env.step, env.init)))
    state, ends = jax.vmap(env.init)(jax.random.split(KEY, 4)), 0
    for number in range(40):
        keys = jax.random.split(jax.random.fold_in(KEY, number), 4)
        state = step(state, act_randomly(keys[0], state.legal_action_mask), keys)
        ends += int(state.terminated.sum())
    assert ends > 4


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tabled(Duel):
    """Its rules read a table where they branch, as Gen 1's do."""

    def step_env(self, key: jax.Array, state: Any, action: Any, params: Any) -> Any:
        obs, state, reward, *rest = super().step_env(key, state, action, params)
        reward = maybe(rest[0], lambda paid: paid * jnp.asarray(TABLE)[action[0]], reward)
        return obs, state, reward, *rest


def test_rules_that_read_tables_are_batched() -> None:
    """JAX refuses `maybe` with a table inside a batched `lax.cond`, which Pgx's own step has."""
    env = Pgx(Tabled())
    state = jax.vmap(env.init)(jax.random.split(KEY, 4))
    step = jax.eval_shape(jax.vmap(env.step), state, jnp.zeros(4, jnp.int32), jax.random.split(KEY, 4))
    assert jax.tree.structure(step) == jax.tree.structure(state) and step.rewards.shape == (4, 2)


def test_a_battle_has_the_types_of_a_game() -> None:
    env = Pgx("pokejax/gen1randombattle")
    state = jax.eval_shape(env.init, KEY)
    assert state.legal_action_mask.shape == (11,) and state.rewards.shape == (2,)
    assert state.observation.shape == env.observation_shape == (330,)
    after = jax.eval_shape(env.step, state, jnp.int32(0), KEY)
    assert jax.tree.structure(after) == jax.tree.structure(state)


def test_bad_input_is_named() -> None:
    env = Pgx(Duel())
    with pytest.raises(ValueError, match=r"toys/duel draws at random: call step\(state, action, key\)"):
        env.step(env.init(KEY), jnp.int32(0))
    with pytest.raises(ValueError, match=r"HalfCheetah-v5 has the action space Box.*needs a Discrete one"):
        Pgx("cheetahjax/HalfCheetah-v5")


@pytest.mark.compat
def test_battles_are_played_to_the_end_and_begin_again() -> None:
    env = Pgx("pokejax/gen1randombattle")
    step = jax.jit(jax.vmap(auto_reset(env.step, env.init)))
    state, ends = jax.jit(jax.vmap(env.init))(jax.random.split(KEY, 8)), 0
    for number in range(400):
        keys = jax.random.split(jax.random.fold_in(KEY, number), 8)
        state = step(state, act_randomly(keys[0], state.legal_action_mask), keys)
        over, rewards = np.asarray(state.terminated), np.asarray(state.rewards)
        assert (rewards.sum(axis=1) == 0).all() and not rewards[~over].any() and np.isin(rewards, (-1, 0, 1)).all()
        ends += over.sum()
        if ends >= 8:
            break
    assert ends >= 8
