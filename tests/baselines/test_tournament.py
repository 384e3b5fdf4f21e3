"""All pairs in one program: who sits where, on whose teams, with whose arrays and memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small_environments as small

import jaxenv
from baselines.errors import ConfigError
from baselines.networks import build
from baselines.policy import Policy, TrainedPolicy
from baselines.ratings import tournament
from baselines.ratings.tournament import play_tournament
from baselines.transfer.scripted import Scripted

ENV = "small/pennies"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Toss(small.Pennies):
    """The winner is drawn at the start, whatever is played: a seat, as the better team would be."""

    def reset_env(self, key: jax.Array, params: Any) -> tuple[Any, Any]:
        state = small.State(jax.random.bernoulli(key).astype(jnp.int32), jnp.int32(0))
        return self.observe(state, params), state

    def step_env(self, key: jax.Array, state: Any, action: jax.Array, params: Any) -> Any:
        given = jnp.stack([1 - state.place, state.place])
        return super().step_env(key, state, given, params)


def _does(name: str, choose: Callable[[Any], Any]) -> Scripted:
    return Scripted(ENV, "v0", name, lambda key, obs, mask: jnp.int32(choose(obs)))


def _always(action: int) -> Scripted:
    return _does(f"always {action}", lambda obs: action)


def _trained(name: str, action: int) -> TrainedPolicy:
    """A network whose last layer says `action`, whatever it sees."""
    network = build(jaxenv.make(ENV), small.TINY_CONFIG.network)
    zeros = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape), jax.eval_shape(network.init, jax.random.key(0)))
    set_head = lambda leaf: leaf.at[action].set(5.0) if leaf.shape == (3,) else leaf  # noqa: E731
    return TrainedPolicy(ENV, "v0", name, network, jax.tree.map(set_head, zeros), None, greedy=True)


def _play(players: list[Policy], games: int = 4, env: jaxenv.Environment | None = None) -> dict[Any, Any]:
    return play_tournament(env or jaxenv.make(ENV), players, games, seed=3, backend="xla")


def test_seats_alternate_and_each_sees_its_own() -> None:
    """2 on seat 1 and nothing on seat 0, against who always plays 1: lost, won, lost, won."""
    partial = _does("2 on seat 1", lambda obs: jnp.where(obs["odd"][1] == 1, 2, 0))
    seen: list[int] = []
    scores = play_tournament(jaxenv.make(ENV), [partial, _always(1)], 6, backend="xla", on_games=seen.append)
    np.testing.assert_array_equal(scores[0, 1], [[0.0, 1.0]] * 3)
    assert seen == [6]


def test_players_of_one_program_keep_their_own_arrays() -> None:
    """0, 2 and 1 by the same network, and a scripted 1 among them: the tournament goes by numbers."""
    players = [_trained("nought", 0), _always(1), _trained("two", 2), _trained("one", 1)]
    scores = _play(players)
    expected = {(0, 1): 0.0, (0, 2): 0.0, (0, 3): 0.0, (1, 2): 0.0, (1, 3): 0.5, (2, 3): 1.0}
    assert {pair: set(found.reshape(-1)) for pair, found in scores.items()} == {
        pair: {score} for pair, score in expected.items()
    }


def test_a_memory_begins_with_its_game_and_goes_on() -> None:
    @dataclasses.dataclass(frozen=True)
    class Counter:
        """Plays the number of its step: 1 in the round that counts."""

        env: str = ENV
        env_version: str = "v0"
        name: str = "counter"

        def initial_carry(self, batch: int) -> jax.Array:
            return jnp.full(batch, 99, jnp.int32)

        def act(self, key: Any, obs: Any, mask: Any, carry: jax.Array, first: jax.Array) -> tuple[jax.Array, Any]:
            step = jnp.where(first, 0, carry)
            return jnp.minimum(step, 2), step + 1

    scores = _play([_always(0), Counter(), _always(2)])
    assert not scores[0, 1].any() and not scores[1, 2].any() and not scores[0, 2].any()


def test_two_games_share_their_start_and_so_do_all_pairs() -> None:
    scores = _play([_always(0), _always(1), _always(2)], games=20, env=Toss())
    first = scores[0, 1]
    np.testing.assert_array_equal(first.sum(axis=1), 1.0, err_msg="one seat wins both games of a pair")
    assert 0 < first[:, 0].sum() < 10, "the same start everywhere"
    for found in scores.values():
        np.testing.assert_array_equal(found, first)


def test_games_that_are_not_over_are_left_out_with_their_mirror_image() -> None:
    done = np.array([True, True, False, True, True, True, True, True])
    returns = np.array([1, 1, 1, 1, 0, -1, -1, -1], np.float32)
    scores = tournament._scores([(0, 1), (0, 2)], 4, done, returns)
    np.testing.assert_array_equal(scores[0, 1], [[1.0, 0.0]])
    np.testing.assert_array_equal(scores[0, 2], [[0.5, 1.0], [0.0, 1.0]])


def test_what_cannot_be_rated() -> None:
    with pytest.raises(ConfigError, match="games 3: an even number"):
        _play([_always(0), _always(1)], games=3)
    with pytest.raises(ConfigError, match="small/chain is a game of one player"):
        _play([_always(0), _always(1)], env=jaxenv.make("small/chain"))
