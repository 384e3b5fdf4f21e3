"""`python -m baselines play RUN`: one episode, step by step, and a page to watch it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import jaxenv
from baselines import arguments as types
from baselines.errors import BaselinesError
from baselines.policy import Policy, load
from baselines.ratings.of_run import fixed_names
from baselines.transfer.policies import entrants
from baselines.watch import Draw, Episode, drawer, play
from jaxenv import policy as exported
from jaxenv.commands import files
from leaderboard.invocation import program

REMEDY = "choose another file with --out"


def main(arguments: list[str]) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(
        prog=program("baselines", "play"), description="Watch one episode of a policy: numbers, and a page."
    )
    parser.add_argument(
        "run",
        type=types.path,
        metavar="RUN",
        help="the folder of a run, one of its checkpoints, a policy's file, or the name of one that ships",
    )
    parser.add_argument("--seed", type=types.seed, default=0, help="of start and choices (default: %(default)s)")
    parser.add_argument(
        "--steps", type=types.positive, default=1000, help="most steps that are played (default: %(default)s)"
    )
    parser.add_argument(
        "--member", type=int, default=0, help="number of the seed, in a run of several (default: %(default)s)"
    )
    parser.add_argument("--greedy", action="store_true", help="the most likely action instead of a draw")
    parser.add_argument(
        "--opponent",
        help="in games of two: a scripted name, another run, a policy's file or name; default: random play",
    )
    parser.add_argument("--out", type=types.path, metavar="HTML", help="the page (default: POLICY-SEED.html here)")
    options = parser.parse_args(arguments)
    policy = _policy(options.run, options.member, options.greedy)
    env = jaxenv.make(policy.env)
    players, names = [policy], [policy.name]
    if env.num_players == 2:
        other = entrants(env, [options.opponent or fixed_names(env.id)[0]], options.greedy)[0]
        players.append(other.policy)
        names.append(other.name)
    elif options.opponent:
        raise BaselinesError(f"--opponent {options.opponent}: {env.id} has one player; leave it out")
    draw, page = _page(options.out, env.id, policy, options.seed)
    files.check_writable(page, REMEDY)
    episode = play(env, players, options.seed, options.steps, names=names)
    for line in told(episode):
        print(line)
    if draw is None or page is None:
        print(f"no page: the family of {env.id} draws none")
        return 0
    with files.alone(page, REMEDY):
        for path in draw(episode, page, program("baselines", "play", *arguments)):
            print(path)
    return 0


def _policy(source: Path, member: int, greedy: bool) -> Policy:
    """The policy of a run, a file or a name. `BaselinesError`, for a wrong name with what is like it."""
    if os.path.isdir(source):  # False, not an error, where nobody may look
        return load(source, member, greedy=greedy)
    try:
        return exported.load(source, greedy=greedy)
    except FileNotFoundError as error:
        raise BaselinesError(f"{error}, or the folder of a run") from error
    except exported.PolicyFileError as error:
        raise BaselinesError(str(error)) from error


def _page(out: Path | None, env_id: str, policy: Policy, seed: int) -> tuple[Draw | None, Path | None]:
    draw = drawer(env_id)
    if draw is None and out is not None:
        raise BaselinesError(f"--out {out}: the family of {env_id} draws no page; leave it out (families.Family.watch)")
    if out is not None and out.suffix.lower() != ".html":
        raise BaselinesError(f"--out {out}: the name must end in .html")
    return draw, None if draw is None else out or Path(f"{policy.name.replace('#', '-')}-{seed}.html")


def told(episode: Episode) -> Iterator[str]:
    """Lines of text, one a step, and one for the end."""
    total = np.zeros(episode.env.num_players)
    for step, (action, reward) in enumerate(zip(episode.actions, episode.rewards, strict=True)):
        total += reward
        yield f"{step:5}  action {_short(action)}  reward {_short(reward)}  return {_short(total)}"
    count = len(episode.actions)
    if episode.terminated or episode.truncated:
        yield f"the episode {'terminated' if episode.terminated else 'was truncated'} after {count} steps"
    else:
        yield f"still going on after {count} steps"


def _short(value: Any) -> str:
    return np.array2string(np.asarray(value), precision=2, suppress_small=True)
