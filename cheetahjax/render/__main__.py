"""Plays an episode and draws it: ``python -m cheetahjax.render --env HalfCheetah-v5 --seed 7 --out cheetah.html``."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Sequence

import jax

import jaxenv
from cheetahjax.envs.planar_env import PlanarEnv
from cheetahjax.render import gif, html, svg
from cheetahjax.render.episode import POLICIES, Episode, play
from jaxenv import policy
from jaxenv.commands import files
from jaxenv.commands.arguments import path, seed
from jaxenv.commands.interrupts import run_command

FORMATS = (".html", ".svg", ".gif")
HALF_CHEETAH = "HalfCheetah-v5"

REMEDY = "choose another file with --out"


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status: 0 written, 1 not possible here, 2 wrong arguments, 130 interrupted."""
    return run_command("cheetahjax.render", lambda: _run(argv))


def _run(argv: Sequence[str] | None) -> int:
    parser = argparse.ArgumentParser(prog="python -m cheetahjax.render", description="Play an episode and draw it.")
    parser.add_argument("--env", help="the task (default: HalfCheetah-v5, or what the trained policy plays)")
    parser.add_argument("--seed", type=seed, default=0)
    parser.add_argument(
        "--policy",
        default="random",
        help=f"{', '.join(sorted(POLICIES))}, a trained policy's file, or the name of one that ships, as "
        "cheetahjax/half-cheetah-small (default: %(default)s)",
    )
    parser.add_argument("--greedy", action="store_true", help="a trained policy takes its mean action, not a draw")
    parser.add_argument("--steps", type=int, default=200, help="the most to play (default: %(default)s)")
    parser.add_argument(
        "--out", type=path, required=True, help="a page (.html), an animation (.gif), or the last state (.svg)"
    )
    arguments = parser.parse_args(argv)
    if arguments.steps < 1:
        parser.error(f"--steps must be at least 1, got {arguments.steps}")
    if arguments.out.suffix.lower() not in FORMATS:
        parser.error(f"--out {arguments.out}: the name must end in one of {', '.join(FORMATS)}")
    try:
        player = arguments.policy if arguments.policy in POLICIES else _trained(arguments.policy, arguments.greedy)
        task = arguments.env or (HALF_CHEETAH if isinstance(player, str) else player.env)
        env = jaxenv.make(task if "/" in task else f"cheetahjax/{task}")
    except (FileNotFoundError, policy.PolicyFileError) as error:
        print(f"error: --policy {error}", file=sys.stderr)
        return 1
    except LookupError as error:
        parser.error(f"--env: {error.args[0]}")
    if not isinstance(env, PlanarEnv):
        parser.error(f"--env {task}: only tasks of cheetahjax are drawn here")
    if not isinstance(player, str) and player.env != env.id:
        parser.error(f"--policy {arguments.policy}: plays {player.env}, not {env.id}; leave --env out")
    try:
        files.check_writable(arguments.out, REMEDY)
        episode = _play(env, arguments, player)
        files.write(arguments.out, _content(env, episode, arguments), REMEDY)
    except (ImportError, ValueError, files.StorageError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    end = "terminated" if episode.terminated else "truncated" if episode.truncated else "not ended"
    print(f"{arguments.out}: {len(episode.rewards)} steps, return {float(episode.rewards.sum()):.2f}, {end}")
    return 0


def _trained(source: str, greedy: bool) -> policy.ExportedPolicy:
    """The policy of a file or a name. `FileNotFoundError`, which names what there is; `PolicyFileError`."""
    try:
        return policy.load(source, greedy=greedy)
    except FileNotFoundError as error:
        close = difflib.get_close_matches(source, POLICIES, n=1)
        told = f"did you mean {close[0]}?" if close else f"or one of {', '.join(sorted(POLICIES))}"
        raise FileNotFoundError(f"{error}; {told}") from error


def _play(env: PlanarEnv, arguments: argparse.Namespace, player: str | policy.ExportedPolicy) -> Episode:
    print(f"{env.id}: compiling", end="", file=sys.stderr, flush=True)
    episode = None
    for episode in play(env, arguments.seed, player, arguments.steps):
        print(f"\r{env.id}: {len(episode.rewards)} of {arguments.steps} steps", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    assert episode is not None
    return episode


def _content(env: PlanarEnv, episode: Episode, arguments: argparse.Namespace) -> bytes:
    title = f"{env.task}, {arguments.policy} policy, seed {arguments.seed}"
    match arguments.out.suffix.lower():
        case ".svg":
            last = jax.tree.map(lambda leaf: leaf[-1], episode.states)
            return svg(env.model, last, title=title).encode()
        case ".gif":
            return gif(env.model, episode.states, dt=env.dt)
        case _:
            return html(env.model, episode.states, dt=env.dt, title=title, rewards=episode.rewards.tolist()).encode()


if __name__ == "__main__":
    sys.exit(main())
