"""`python -m baselines transfer`: the same policies here and in the reference, tested for equivalence."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
from rich.progress import TimeRemainingColumn
from rich.text import Text

from baselines import arguments as types
from baselines.errors import ConfigError
from baselines.policy import Policy
from baselines.transfer.arena import Arena, Starts
from baselines.transfer.episodes import Episodes, play
from baselines.transfer.game import Game, game, games
from baselines.transfer.judge import Judgement, Pair, judge, planned_episodes
from baselines.transfer.policies import Entrant, entrants
from baselines.transfer.report import notes, tables, verdict_line
from baselines.transfer.scripted import random_play
from baselines.transfer.store import REMEDY, SIDES, Store
from jaxenv.commands import files
from jaxenv.commands.console import Console, bars

RANDOM_EPISODES = 256
"""Of random play in the reference: what training has gained is a measure for the margin."""
_RETURNS = "choose another file with --returns"
OnEpisodes = Callable[[str, str, int], None]
"""Called with a policy's name, a side and how many of its episodes have ended."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.description = "Play the same policies in our environment and in its reference, and test for equivalence."
    parser.add_argument("env", help=f"one of {', '.join(games())}")
    parser.add_argument(
        "--policies",
        nargs="+",
        required=True,
        metavar="RUN",
        help="runs (all their seeds; RUN#0 is one) or scripted names",
    )
    parser.add_argument(
        "--episodes", type=types.positive, help="of each policy on each side; default: as many as power 0.9 demands"
    )
    parser.add_argument("--opponent", help="in games of two: a scripted name, or a run's member (RUN#0)")
    parser.add_argument("--greedy", action="store_true", help="trained policies take their likeliest action")
    parser.add_argument("--seed", type=types.seed, default=0, help="of starts, noise and choices")
    parser.add_argument("--lanes", type=types.positive, help="episodes side by side")
    parser.add_argument(
        "--workers", type=types.positive, help="processes or threads of the reference; default: one for each core"
    )
    parser.add_argument(
        "--json", type=types.path, metavar="OUT", help="plan, episodes and verdict; goes on with what is there"
    )
    parser.add_argument(
        "--returns", type=types.path, metavar="OUT", help="outcomes for `python -m verification --returns`"
    )


def run(options: argparse.Namespace) -> int:
    """The exit status: 0 a verdict that is not "different" (or none, of too few policies), 1 "different"."""
    files.check_writable(options.json, REMEDY)
    files.check_writable(options.returns, _RETURNS)
    console = Console()
    playing = game(options.env)
    chosen = entrants(playing.env, options.policies, options.greedy)
    opponent = rival(playing, options.opponent, options.greedy)
    count = options.episodes or planned_episodes(playing.margin, playing.planning_sd, len(chosen))
    if count < 2:
        raise ConfigError(f"--episodes {count}: at least 2 are needed")
    plan = {
        "env": playing.env.id,
        "version": playing.env.version,
        "reference": playing.reference_name,
        "metric": playing.metric,
        "margin": playing.margin.value,
        "episodes": count,
        "seed": options.seed,
        "opponent": opponent.source if opponent else None,
        "greedy": options.greedy,
        "sources": [entrant.source for entrant in chosen],
    }
    with files.alone(options.json, REMEDY):
        store = Store(options.json, plan)
        judgement = _play(options, playing, chosen, store, count, opponent, console)
        if options.returns:
            files.write(options.returns, json.dumps(store.returns(playing.metric)) + "\n", _RETURNS)
    for table in tables(judgement):
        console.print(table, "")
    for note in notes(judgement):
        console.print("[dim]note:[/]", Text(note))
    console.print(verdict_line(judgement))
    return 1 if judgement.verdict == "different" else 0


def _play(
    options: argparse.Namespace,
    playing: Game,
    chosen: Sequence[Entrant],
    store: Store,
    count: int,
    opponent: Entrant | None,
    console: Console,
) -> Judgement:
    """Play with a bar of progress, and a line for each policy."""
    console.print(_headline(playing, chosen, opponent, count), markup=False)
    lanes = min(options.lanes or playing.lanes, count)
    workers = options.workers or os.cpu_count() or 1
    with progress(console, len(chosen) * len(SIDES) * count) as on_episodes:
        return transfer(
            playing,
            chosen,
            store,
            count,
            options.seed,
            opponent,
            lanes=lanes,
            workers=workers,
            on_episodes=on_episodes,
            on_policy=lambda so_far: console.print(_line(so_far), markup=False),
        )


def transfer(
    playing: Game,
    chosen: Sequence[Entrant],
    store: Store,
    count: int,
    seed: int,
    opponent: Entrant | None = None,
    *,
    lanes: int,
    workers: int = 1,
    on_episodes: OnEpisodes | None = None,
    on_policy: Callable[[Judgement], None] | None = None,
    arenas: tuple[Arena, Arena] | None = None,
) -> Judgement:
    """Play what `store` lacks, on both sides, and judge. `count` episodes of each policy on each side.

    Starts are the same for all policies and both sides. The draws of dynamics, policy and opponent are not: they come
    from keys of each policy and side. `arenas`: others than the game's own candidate and reference.
    """
    starts = playing.starts(count, seed)
    others: list[Policy] = [opponent.policy] if opponent else []
    sides = arenas or (playing.candidate(lanes), playing.reference(lanes, workers))
    pairs: list[Pair] = []
    with sides[0] as ours, sides[1] as theirs:
        for number, entrant in enumerate(chosen):
            played = {}
            for place, (side, arena) in enumerate(zip(SIDES, (ours, theirs), strict=True)):
                key = jax.random.fold_in(jax.random.key(seed), 1 + 2 * number + place)
                found = store.episodes(entrant.name, side)
                if found is None:
                    report = None if on_episodes is None else _reporter(on_episodes, entrant.name, side)
                    found = _timed(arena, [entrant.policy, *others], starts, key, playing, report)
                    store.add(entrant.name, side, found)
                elif on_episodes is not None:
                    on_episodes(entrant.name, side, count)
                played[side] = found
            pairs.append(Pair(entrant.name, played["candidate"], played["reference"]))
            if on_policy is not None:
                on_policy(judge(playing.metric, playing.margin, pairs[-1:]))
        if store.random is None:
            few = playing.starts(min(count, RANDOM_EPISODES), seed)
            key = jax.random.fold_in(jax.random.key(seed), 0)
            store.add_random(_timed(theirs, [random_play(playing.env), *others], few, key, playing, None))
    judgement = judge(playing.metric, playing.margin, pairs, seed, store.random)
    store.judged(judgement.to_json(), datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"))
    return judgement


def rival(playing: Game, source: str | None, greedy: bool = False) -> Entrant | None:
    """The player on the other seat; None in games of one. `ConfigError` where an opponent makes no sense."""
    if playing.players == 1:
        if source:
            raise ConfigError(f"--opponent {source}: {playing.env.id} is a game of one player; leave out --opponent")
        return None
    found = entrants(playing.env, [source or playing.opponents[0]], greedy)
    if len(found) != 1:
        raise ConfigError(f"--opponent {source}: a run of {len(found)} members; name one of them, as in {source}#0")
    return found[0]


@contextlib.contextmanager
def progress(console: Console, total: int) -> Iterator[OnEpisodes]:
    """A bar over all episodes; what it yields is told how far each policy is on each side."""
    with bars(console, TimeRemainingColumn(), transient=True) as bar:
        task = bar.add_task("episodes", total=total)
        done: dict[tuple[str, str], int] = {}

        def on_episodes(policy: str, side: str, count: int) -> None:
            done[policy, side] = count
            bar.update(task, completed=sum(done.values()), description=f"{policy}, {side}")

        yield on_episodes


def _reporter(on_episodes: OnEpisodes, policy: str, side: str) -> Callable[[int, int], None]:
    return lambda done, steps: on_episodes(policy, side, done)


def _timed(
    arena: Arena, players: Sequence[Policy], starts: Starts, key: jax.Array, playing: Game, report: Any
) -> Episodes:
    begin = time.monotonic()
    found = play(arena, players, starts, key, limit=playing.limit, outcome=playing.outcome, on_progress=report)
    found.seconds = time.monotonic() - begin
    return found


def _headline(playing: Game, chosen: Sequence[Entrant], opponent: Entrant | None, count: int) -> str:
    against = f" against {opponent.name}" if opponent else ""
    return (
        f"{playing.env.id} {playing.env.version} and {playing.reference_name}: {len(chosen)} policies{against}, "
        f"{count:,} episodes of each on each side; {playing.metric}, margin ±{playing.margin.value:g} "
        f"({playing.margin.reason})"
    )


def _line(judgement: Judgement) -> str:
    (policy,) = judgement.policies
    test = policy.test
    return (
        f"{policy.name}: ours {policy.means[0]:.4g}, reference {policy.means[1]:.4g}, "
        f"difference {test.difference:+.4g} ({test.ci95[0]:+.4g} … {test.ci95[1]:+.4g})"
    )
