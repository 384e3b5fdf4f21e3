"""Everybody against everybody at once: one compiled program plays all matches, on mirrored teams.

`matches.play_matches` plays pair after pair, in the reference too, and goes on with what a file holds. Here every pair
has its own environments in one batch (`baselines.lanes.Lanes`, so the kernel that training has made), each player acts
for all of its seats in one call, and players that differ by their arrays alone share what is compiled.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from baselines.errors import ConfigError
from baselines.lanes import Lanes, LaneState
from baselines.networks.play import as_data, choose
from baselines.policy import Policy, TrainedPolicy
from baselines.ratings.matches import Scores, all_pairs, check_games
from jaxenv import Environment, struct

_STEPS_A_CALL = 32


def play_tournament(
    env: Environment,
    players: Sequence[Policy],
    games: int,
    seed: int = 0,
    *,
    backend: str = "auto",
    max_steps: int = 20_000,
    on_games: Callable[[int], None] | None = None,
) -> Scores:
    """`games` of each pair: the first one of each of as many environments, so that long ones are not missed.

    All pairs have the same starts. Games 2k and 2k + 1 share theirs, with the seats swapped; pairs of games that are
    not over after `max_steps` are left out. `on_games` hears how many games have ended, in all, every few steps.
    """
    if env.num_players != 2:
        raise ConfigError(f"{env.id} is a game of one player: there is nobody to be rated against")
    check_games(games, "games")
    pairs = all_pairs(len(players))
    groups, arrays = _group(players)
    hall = _Hall(Lanes(env, len(pairs) * games, backend), groups, len(players), games)
    env_params = jax.tree.map(jnp.asarray, env.default_params)
    start, key = jax.random.split(jax.random.key(seed))
    now = hall.begin(start, env_params)
    for call in range(-(-max_steps // _STEPS_A_CALL)):
        now = hall.run(now, arrays, jax.random.fold_in(key, call), env_params)
        ended = int(jnp.sum(now.done))
        if on_games is not None:
            on_games(ended)
        if ended == hall.lanes.count:
            break
    return _scores(pairs, games, np.asarray(now.done), np.asarray(now.returns))


@dataclasses.dataclass(frozen=True)
class _Group:
    """Players that one compiled function acts for; `numbers` says which. Without `network` it is the one `policy`."""

    numbers: tuple[int, ...]
    network: Any = None
    greedy: bool = False
    policy: Any = None

    def initial_carry(self, rows: int) -> Any:
        """Leaves [players, rows, …]."""
        one = (self.policy if self.network is None else self.network).initial_carry(rows)
        return jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (len(self.numbers), *leaf.shape)), one)

    def act(self, key: jax.Array, obs: Any, mask: jax.Array, carry: Any, first: jax.Array, arrays: Any) -> Any:
        """`(actions [players, rows], carry)`; leaves of `obs` and the others are [players, rows, …]."""
        keys = jax.random.split(key, len(self.numbers))

        def one(given: Any) -> Any:
            key, obs, mask, carry, first, arrays = given
            if self.network is None:
                return self.policy.act(key, obs, mask, carry, first)
            parameters, statistics = arrays
            x = self.network.features(obs)
            return choose(self.network, parameters, statistics, key, x, mask, carry, first, greedy=self.greedy)

        # One player after the other: matrix products stay plain ones, and are compiled once.
        return jax.lax.map(one, (keys, obs, mask, carry, first, arrays))


def _group(players: Sequence[Policy]) -> tuple[tuple[_Group, ...], list[Any]]:
    """The groups, and the arrays of each: parameters and statistics, leaves [players, …]."""
    alike: dict[Any, list[int]] = {}
    for number, player in enumerate(players):
        trained = isinstance(player, TrainedPolicy)
        alike.setdefault((player.network, player.greedy) if trained else number, []).append(number)
    groups, arrays = [], []
    for kind, numbers in alike.items():
        members = [players[number] for number in numbers]
        if isinstance(kind, int):
            groups.append(_Group((kind,), policy=members[0]))
            arrays.append(())
        else:
            groups.append(_Group(tuple(numbers), network=kind[0], greedy=kind[1]))
            held = [(player.parameters, player.statistics) for player in members if isinstance(player, TrainedPolicy)]
            arrays.append(jax.tree.map(lambda *leaves: jnp.stack(leaves), *held))
    return tuple(groups), arrays


@struct.dataclass
class _Playing(struct.Node):
    lanes: LaneState
    first: jax.Array  # bool[B]
    carries: Any  # of each group, leaves [players, rows, ...]
    done: jax.Array  # bool[B]: the first game has ended
    returns: jax.Array  # float32[B]: of that game, of seat 0


@dataclasses.dataclass(frozen=True)
class _Hall:
    """The compiled side. Environment `pair * games + game`; the first of a pair has seat `game % 2`."""

    lanes: Lanes
    groups: tuple[_Group, ...]
    count: int
    games: int

    def _rows(self) -> list[tuple[NDArray[np.int32], NDArray[np.int32]]]:
        """For each group the environments and seats of its players, [players, rows] each."""
        where: list[list[Any]] = [[] for _ in range(self.count)]
        game = np.arange(self.games, dtype=np.int32)
        for pair, (one, other) in enumerate(all_pairs(self.count)):
            where[one].append((pair * self.games + game, game % 2))
            where[other].append((pair * self.games + game, 1 - game % 2))
        of_player = [[np.concatenate(column) for column in zip(*own, strict=True)] for own in where]
        found = []
        for group in self.groups:
            lanes, seats = (np.stack([of_player[k][part] for k in group.numbers]) for part in range(2))
            found.append((lanes.astype(np.int32), seats.astype(np.int32)))
        return found

    @functools.partial(jax.jit, static_argnums=0)
    def begin(self, key: jax.Array, env_params: Any) -> _Playing:
        """All games at their starts."""
        count = self.lanes.count
        for_starts, for_lanes = jax.random.split(key)
        starts = dataclasses.replace(self.lanes, count=self.games // 2).reset(for_starts, env_params)
        pairs = count // self.games

        def everywhere(leaf: jax.Array) -> jax.Array:
            return jnp.tile(jnp.repeat(leaf, 2, axis=0), (pairs, *([1] * (leaf.ndim - 1))))

        lanes = jax.tree.map(everywhere, starts).replace(keys=as_data(jax.random.split(for_lanes, count)))
        rows = (self.count - 1) * self.games
        return _Playing(
            lanes=lanes,
            first=jnp.ones(count, bool),
            carries=tuple(group.initial_carry(rows) for group in self.groups),
            done=jnp.zeros(count, bool),
            returns=jnp.zeros(count, jnp.float32),
        )

    @functools.partial(jax.jit, static_argnums=0, donate_argnums=1)
    def run(self, playing: _Playing, arrays: list[Any], key: jax.Array, env_params: Any) -> _Playing:
        """Some steps of every game; those that are over go on with another one, which does not count."""

        def body(playing: _Playing, key: jax.Array) -> tuple[_Playing, None]:
            return self._step(playing, arrays, key, env_params), None

        return jax.lax.scan(body, playing, jax.random.split(key, _STEPS_A_CALL))[0]

    def _step(self, playing: _Playing, arrays: list[Any], key: jax.Array, env_params: Any) -> _Playing:
        rows = self._rows()
        chosen, carries = [], []
        for number, (group, (lanes, seats)) in enumerate(zip(self.groups, rows, strict=True)):
            obs, mask = jax.tree.map(lambda leaf, at=(lanes, seats): leaf[at], (playing.lanes.obs, playing.lanes.mask))
            own_key, first = jax.random.fold_in(key, number), playing.first[lanes]
            actions, carry = group.act(own_key, obs, mask, playing.carries[number], first, arrays[number])
            chosen.append(actions.reshape(-1).astype(jnp.int32))
            carries.append(carry)
        # Where among all chosen actions that of each environment's seat stands.
        place = np.zeros((self.lanes.count, 2), np.int32)
        place[tuple(np.concatenate([part.reshape(-1) for part in column]) for column in zip(*rows, strict=True))] = (
            np.arange(place.size)
        )
        state, outcome = self.lanes.step(playing.lanes, jnp.concatenate(chosen)[place], env_params)
        ended = outcome.terminated | outcome.truncated
        counts = ended & ~playing.done
        return _Playing(
            lanes=state,
            first=ended,
            carries=tuple(carries),
            done=playing.done | ended,
            returns=jnp.where(counts, outcome.episode_return[:, 0], playing.returns),
        )


def _scores(pairs: list[tuple[int, int]], games: int, done: NDArray[np.bool_], returns: NDArray[np.float32]) -> Scores:
    """From seat 0's returns [B] to the scores of each pair's first player, unfinished pairs of games left out."""
    by_game = returns.reshape(len(pairs), games // 2, 2) * np.array([1.0, -1.0])
    finished = np.all(done.reshape(len(pairs), games // 2, 2), axis=-1)
    points = 0.5 + 0.5 * np.sign(by_game)
    return {pair: points[k][finished[k]] for k, pair in enumerate(pairs)}
