"""`python -m baselines record ID --out FILE.svg`: a short film of play."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

import jaxenv
from baselines import arguments as types
from baselines.errors import BaselinesError
from baselines.recording import ACROSS, drawings, of_drawings, of_pixels
from baselines.transfer.policies import entrants
from baselines.transfer.scripted import uniform
from baselines.watch import play
from jaxenv.commands import files
from leaderboard.invocation import program

REMEDY = "choose another file with --out"


def main(arguments: list[str]) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(
        prog=program("baselines", "record"), description="A short film of play as one animated SVG."
    )
    parser.add_argument("env", metavar="ID", help="an environment of jaxenv.list_envs(kind=None)")
    parser.add_argument(
        "--player",
        action="append",
        metavar="PLAYER",
        help="a run's folder, a policy's file, the name of one that ships, or a scripted name; once for each player "
        "(default: random play)",
    )
    parser.add_argument("--seed", type=types.seed, default=0, help="of start and choices (default: %(default)s)")
    parser.add_argument("--steps", type=types.positive, default=60, help="most steps (default: %(default)s)")
    parser.add_argument("--every", type=types.positive, default=1, help="one picture in so many steps")
    parser.add_argument("--skip", type=int, default=0, help="pictures left out at the beginning")
    parser.add_argument("--fps", type=types.positive, default=15, help="pictures a second (default: %(default)s)")
    parser.add_argument("--width", type=types.positive, default=ACROSS, help="pixels on a page (default: %(default)s)")
    parser.add_argument("--out", type=types.path, required=True, metavar="SVG", help="where to write it")
    options = parser.parse_args(arguments)
    if options.out.suffix.lower() != ".svg":
        raise BaselinesError(f"--out {options.out}: the name must end in .svg")
    files.check_writable(options.out, REMEDY)
    made_by = program("baselines", "record", *arguments)
    text = _host(options, made_by) if jaxenv.spec(options.env).kind == "host" else _jax(options, made_by)
    files.write(options.out, text, REMEDY)
    print(f"{options.out}: {len(text.encode()) / 1000:.0f} KB")
    return 0


def _jax(options: argparse.Namespace, made_by: str) -> str:
    env = jaxenv.make(options.env)
    named = options.player or []
    if len(named) > env.num_players:
        raise BaselinesError(f"--player: {len(named)} are given, {env.id} has {env.num_players}; leave some out")
    players: list[Any] = [entrants(env, [name])[0].policy for name in named]
    players += [uniform(env)] * (env.num_players - len(players))
    episode = play(env, players, options.seed, options.steps)
    try:
        pictures = drawings(episode, options.every)[options.skip :]
    except NotImplementedError as error:
        raise BaselinesError(str(error)) from error
    if not pictures:
        raise BaselinesError(f"--skip {options.skip}: leaves no picture of {len(episode.actions)} steps; skip fewer")
    return of_drawings(pictures, 1 / options.fps, env.id, made_by, options.width)


def _host(options: argparse.Namespace, made_by: str) -> str:
    if options.player:
        raise BaselinesError(
            f"--player {options.player[0]}: {options.env} runs on the host; only random play is filmed"
        )
    env: Any = jaxenv.make(options.env, num_envs=1, render_mode="rgb_array")
    env.reset(seed=options.seed)
    chance, pictures = np.random.default_rng(options.seed), [env.render()[0]]
    for step in range(options.steps):
        *_, ended, cut, _ = env.step(chance.integers(env.single_action_space.n, size=1))
        if ended[0] or cut[0]:
            break
        if (step + 1) % options.every == 0:
            pictures.append(env.render()[0])
    return of_pixels(pictures[options.skip :] or pictures[-1:], 1 / options.fps, options.env, made_by, options.width)
