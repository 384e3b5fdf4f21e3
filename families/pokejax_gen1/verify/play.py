"""Players of whole battles: what PokeJAX or Showdown plays by itself, for Showdown to roll out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

import jax
import numpy as np
from numpy.typing import NDArray

from families.pokejax_gen1.verify.battles import PlayedBattles
from families.pokejax_gen1.verify.episodes import WatchedGen1
from families.pokejax_gen1.verify.outcome import AGENTS, LIMIT, NO_LIMIT
from families.pokejax_gen1.verify.sides import clock_along, column_order, reference_format, rolled_out, to_batch
from references.protocol import OUTCOME, UNDEFINED, Batch
from references.showdown import client
from references.showdown.client import POLICIES
from references.showdown.gen1.fields import column, field_names
from references.showdown.gen1.knowledge import Names
from references.showdown.workers import WorkerPool
from verification.backends import Vmap
from verification.plugin import Episode, SelfPlay

_BATCH = 32


class Player(Protocol):
    """An implementation that can play battles and tell its state at every decision point.

    `watched`: its battles hold what the environment gives out, too; others are compared by their records alone.
    """

    #: Names of the columns of its records; all of the reference's names, in any order.
    fields: list[str]
    watched: bool

    def play(self, seed: int, episodes: int, teams: str, policy: str) -> Iterator[PlayedBattles]:
        """Play `episodes` battles in batches of any size; the same arguments give the same battles.

        `teams`: randbats, allmoves, ou or mirror. `policy`: one of `client.POLICIES`.
        """
        ...


def load(env: str, vmap: Vmap = jax.vmap) -> Player:
    """The player of an environment: PokeJAX, its steps made by `vmap`, or for "self-check/…" the reference itself."""
    return SelfCheck(env) if env.startswith("self-check/") else WatchedGen1(env, vmap=vmap)


def self_play(make: Callable[[], Player], teams: str, policies: Sequence[str]) -> SelfPlay:
    """The battles of a player, made when first needed, as level 3 takes them."""

    def play(seed: int, count: int, policy: str) -> Iterator[Sequence[Episode]]:
        player = make()
        left = count
        for batch in player.play(stream(seed, policy), count, teams, policy):
            yield episodes_of(batch, player.fields)[:left]
            left -= len(batch.lengths)

    return SelfPlay(play=play, policies=policies, title=f"whole battles in lockstep, {teams} teams")


def stream(seed: int, policy: str) -> int:
    """The seed of a policy's battles: one policy alone repeats its part of a run over all."""
    return int(np.random.SeedSequence([seed, POLICIES.index(policy)]).generate_state(1)[0])


def episodes_of(played: PlayedBattles, fields: list[str]) -> list[Episode]:
    """The battles of a batch whose records have the columns `fields`. `ValueError` for arrays that do not fit."""
    order = column_order(fields)
    played.check(len(order))
    found = []
    for k, length in enumerate(played.lengths.tolist()):
        teams, words = played.teams[k], played.seeds[k]
        limit = NO_LIMIT if played.limits is None else int(played.limits[k])
        outs = {path: values[k, : length + 1] for path, values in played.outs.items()}
        records = played.records[k, : length + 1][:, order]
        found.append(episode_of(teams, words, played.actions[k, :length], records, limit, outs or None))
    return found


def episode_of(
    teams: NDArray[np.uint16],
    words: Sequence[int] | NDArray,
    actions: NDArray[np.uint8],
    records: NDArray[np.int32],
    limit: int = NO_LIMIT,
    outs: Mapping[str, NDArray[Any]] | None = None,
) -> Episode:
    """A battle as an episode: `teams` [2, 6, 16], the seed's two words, `actions` [T, 2], `records` [T + 1, F].

    `outs`: path → [T + 1, …] of what was given out; None where that is not compared.
    """
    count = len(records)
    states = to_batch(np.broadcast_to(teams, (count, *teams.shape)), records, clock_along(count, limit), outs)
    return episode(teams, words, actions, states, limit)


def episode(
    teams: NDArray[np.uint16],
    words: Sequence[int] | NDArray,
    actions: NDArray[np.uint8],
    states: Batch,
    limit: int = NO_LIMIT,
) -> Episode:
    """A battle whose states are there."""
    joint = {agent: actions[:, side] for side, agent in enumerate(AGENTS)}
    seed = np.asarray(words, np.uint32)
    shortened = {} if limit == NO_LIMIT else {LIMIT: np.int32(limit)}
    return Episode(0, {"teams": teams, "words": seed, **shortened}, joint, states, {"seed": seed.tolist()})


class SelfCheck:
    """Showdown as the player: the control that a comparison raises no false alarm and finds a planted difference.

    `corrupt`: (path, step): adds 1 to that field of every record, or to every number that is given out by that path
    (flags are turned round), from that step on, as a wrong rule would.
    `pool`: workers to play in, instead of one of its own.
    """

    watched = True

    def __init__(self, env: str, corrupt: tuple[str, int] | None = None, pool: WorkerPool | None = None) -> None:
        self.fields: list[str] = list(field_names())
        self.format = reference_format(env)
        self.corrupt = corrupt
        self._shared = pool

    def _pool(self) -> AbstractContextManager[WorkerPool]:
        return nullcontext(self._shared) if self._shared else WorkerPool(1)

    def play(self, seed: int, episodes: int, teams: str, policy: str) -> Iterator[PlayedBattles]:
        """See `Player.play`."""
        rng = np.random.default_rng(seed)
        with self._pool() as pool:
            for start in range(0, episodes, _BATCH):
                count = min(_BATCH, episodes - start)
                seeds = rng.integers(0, 2**32, (count, 2), dtype=np.uint32)
                pairs = client.make_teams(pool, teams, (int(seeds[0, 0]), int(seeds[0, 1])), count)
                names = Names.of(client.names(pool))
                battles = []
                for (high, low), pair in zip(seeds, pairs, strict=True):
                    words = int(high), int(low)
                    actions, told = client.play_watched(pool, self.format, words, pair, policy, choice_seed=int(low))
                    states = rolled_out(client.BattleJob(self.format, words, pair, actions), told, names).states
                    battles.append((actions, told.records, states))
                yield self._batch(seeds, pairs, battles)

    def _batch(
        self,
        seeds: NDArray[np.uint32],
        teams: NDArray[np.uint16],
        battles: list[tuple[NDArray[np.uint8], NDArray[np.int32], Batch]],
    ) -> PlayedBattles:
        lengths = np.array([len(actions) for actions, _, _ in battles])
        actions = np.zeros((len(battles), lengths.max(), 2), np.uint8)
        records = np.zeros((len(battles), lengths.max() + 1, len(self.fields)), np.int32)
        outs: dict[str, NDArray[Any]] = {}
        for i, (played, recorded, states) in enumerate(battles):
            actions[i, : len(played)] = played
            records[i, : len(recorded)] = recorded
            for path in (path for path in states if path.startswith(OUTCOME) and path != UNDEFINED):
                values = states[path]
                empty = np.zeros((*records.shape[:2], *values.shape[1:]), values.dtype)
                outs.setdefault(path, empty)[i, : len(values)] = values
        if self.corrupt:
            path, step = self.corrupt
            if path in outs:
                wrong = outs[path][:, step:]
                outs[path][:, step:] = ~wrong if wrong.dtype == bool else wrong + 1
            else:
                records[:, step:, column(path)] += 1
        return PlayedBattles(seeds, teams, lengths, actions, records, outs=outs)
