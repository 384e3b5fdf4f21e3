"""Battles of the environment, played again in Showdown, and the observations that the bridge makes of its messages."""

from __future__ import annotations

import collections
import dataclasses
import json
import logging
from collections.abc import Iterator
from typing import Any

import numpy as np

from families.pokejax_gen1.verify import play
from families.pokejax_gen1.verify.battles import PlayedBattles
from families.pokejax_gen1.verify.sides import reference_format
from pokejax.client import Bridge, Observer, observations
from pokejax.gen1.observation import OBS_SPEC
from references.showdown import client
from references.showdown.workers import Done, WorkerPool

SEATS = ("p1", "p2")
NAMES = tuple(field.name for field in OBS_SPEC.fields)


@dataclasses.dataclass
class Tally:
    """Numbers compared; ``differences`` name battle, seat, decision and field."""

    counts: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    differences: list[str] = dataclasses.field(default_factory=list)


def battles(
    pool: WorkerPool, env: str, seed: int, count: int, teams: str, policy: str
) -> Iterator[tuple[PlayedBattles, int, list[Any]]]:
    """Battles that the environment plays: a batch, the place in it, and what Showdown sends at each decision."""
    for played in play.load(env).play(seed, count, teams, policy):
        jobs = [
            client.BattleJob(
                reference_format(env),
                (int(played.seeds[i, 0]), int(played.seeds[i, 1])),
                played.teams[i].astype(np.uint16),
                played.actions[i, :length],
            )
            for i, length in enumerate(played.lengths)
        ]

        def attempt(pool: WorkerPool, job: client.BattleJob) -> client.Replayed:
            return client.replay(pool, job, watched=True)

        for done in pool.run(jobs, attempt):
            assert isinstance(done, Done), done
            assert done.result.message == "", done.result.message
            yield played, done.index, list(done.result.views)


def expected(played: PlayedBattles, index: int, seat: str, step: int) -> dict[str, np.ndarray]:
    """The environment's observation of a seat at a decision."""
    return {name: played.outs[f"out.{seat}.obs.{name}"][index, step] for name in NAMES}


def compare(tally: Tally, played: PlayedBattles, index: int, views: list[Any]) -> None:
    """Both seats, at every decision: by the bridge, by poke-env's battle and from a saved log."""
    for number, seat in enumerate(SEATS):
        bridge, told = Bridge("gen1randombattle"), [view[number] for view in views]
        saved = observations(log_of(told), seat, unfinished=True)
        watched = PokeEnvBattle(seat)
        tally.counts["battles seen by a player"] += 1
        for step, (lines, request) in enumerate(told):
            truth = expected(played, index, seat, step)
            seen = bridge.see(lines, request)
            found = {"bridge": seen, "log": saved[step].observation}
            online = watched.take(lines, request)
            if online is not None:
                found["poke-env"] = online
                tally.counts["observations of poke-env"] += 1
            tally.counts["observations"] += 1
            tally.counts["open"] += bool(bridge.open)
            tally.counts["both replace a fainted"] += bool((truth["request"] == 2).all())
            for way, obs in found.items():
                where = f"battle {index}, {seat}, decision {step}, {way}"
                tally.differences += differing(where, obs, truth, bridge.open)


def differing(where: str, obs: Any, truth: dict[str, np.ndarray], open_: frozenset[str]) -> list[str]:
    """Fields that are not equal, dtypes and shapes included."""
    found = []
    for name in NAMES:
        value, right = np.asarray(getattr(obs, name)), truth[name]
        if value.shape != right.shape or not np.array_equal(value, right):
            told = f" (open: {', '.join(sorted(open_))})" if open_ else ""
            found.append(f"{where}: {name} is {value.tolist()}, the environment's {right.tolist()}{told}")
    return found


def log_of(told: list[tuple[list[str], Any]]) -> str:
    """Messages and requests sent to a player, as a client's log."""
    lines: list[str] = []
    for messages, request in told:
        lines += ["|", "|t:|1700000000", *messages]
        if request is not None:
            lines.append("|request|" + json.dumps(request))
    return "\n".join(lines) + "\n"


class PokeEnvBattle:
    """A battle of poke-env, fed as its player feeds it, and its observer."""

    def __init__(self, seat: str) -> None:
        import poke_env.battle

        self.battle: Any = poke_env.battle.Battle("battle-gen1randombattle-1", seat, logging.getLogger("bridge"), gen=1)
        self.battle.player_role = seat
        self.observer = Observer()

    def take(self, lines: list[str], request: Any) -> Any:
        """The observation where poke-env asks its player for a choice, or the battle is over; else None."""
        for line in lines:
            parts = line.split("|")
            if len(parts) < 2 or parts[1] == "t:":
                continue
            if parts[1] == "win":
                self.battle.won_by(parts[2])
            elif parts[1] == "tie":
                self.battle.tied()
            else:
                self.battle.parse_message(parts)
        if request is not None:
            self.battle.parse_request(request)
            if self.battle._wait:
                return None
        return self.observer.observe(self.battle)
