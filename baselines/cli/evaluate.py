"""`python -m baselines eval RUN`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from baselines import arguments as types
from baselines import host
from baselines.arguments import BACKEND_HELP, BACKENDS
from baselines.errors import ConfigError
from baselines.evaluate import evaluate
from baselines.family import config_of
from baselines.policy import Policy
from baselines.ratings.of_run import fixed_names
from baselines.run_folder import open_run
from baselines.transfer.policies import entrants, of_file
from jaxenv.commands import files
from leaderboard.invocation import program


def main(arguments: list[str]) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(
        prog=program("baselines", "eval"), description="Whole episodes of a trained policy."
    )
    parser.add_argument("run", type=types.path, help="the folder of a run, one of its checkpoints, or a policy's file")
    parser.add_argument("--episodes", type=types.positive, default=256, help="(default: %(default)s)")
    parser.add_argument("--seed", type=types.seed, default=1, help="of starts and choices (default: %(default)s)")
    parser.add_argument("--greedy", action="store_true", help="the most likely action instead of a draw")
    parser.add_argument(
        "--which", choices=("latest", "best"), default="latest", help="checkpoint (default: %(default)s)"
    )
    parser.add_argument(
        "--opponent", action="append", help="in games of two: a scripted name, or another run; may be repeated"
    )
    parser.add_argument("--backend", choices=BACKENDS, default="auto", help=BACKEND_HELP)
    parser.add_argument("--json", type=types.path, metavar="OUT", help="write the result there instead of printing it")
    options = parser.parse_args(arguments)
    files.check_writable(options.json, "choose another file with --json")
    played = evaluate_run(
        options.run,
        options.episodes,
        options.seed,
        options.backend,
        greedy=options.greedy,
        which=options.which,
        rivals=options.opponent,
    )
    lines = played.pop("lines")
    if options.json:
        files.write_json(options.json, played)
    for line in lines:
        print(line)
    if not options.json:
        print(json.dumps(played, indent=2))
    return 0


def evaluate_run(
    run: Path,
    episodes: int,
    seed: int,
    backend: str,
    *,
    greedy: bool = False,
    which: str = "latest",
    rivals: list[str] | None = None,
) -> dict[str, Any]:
    """Every member of a run; in two-player environments against each rival. Plain data; `lines` is it in words.

    `mean_return` is over the members, against the first rival where there are any.
    """
    policies, reports = _players(run, greedy, which)
    env = host.make(policies[0].env)
    opponents: list[Policy] = []
    if rivals and env.num_players != 2:
        raise ConfigError(f"--opponent {rivals[0]}: {env.id} is no game of two; leave out --opponent")
    if env.num_players == 2:
        opponents = [entrant.policy for entrant in entrants(env, rivals or fixed_names(env.id))]
    members, lines = [], []
    for policy in policies:
        results = evaluate(env, policy, episodes, seed, opponents=opponents, backend=backend, reports=reports)
        names = [opponent.name for opponent in opponents] or [None]
        for name, result in zip(names, results, strict=True):
            data = {"policy": policy.name, **result.summary(env.num_players == 2)}
            if name is not None:
                data["opponent"] = name
            members.append(data)
            lines.append(_line(data))
    of_first = [m for m in members if m.get("opponent") == members[0].get("opponent")]
    known = [m["mean_return"] for m in of_first if m["mean_return"] is not None]
    return {"mean_return": sum(known) / len(known) if known else None, "played": members, "lines": lines}


def _players(source: Path, greedy: bool, which: str) -> tuple[Sequence[Policy], tuple[str, ...]]:
    """The members of a run, or the policy of a file; and the figures of an episode that are reported."""
    if policy := of_file(source, greedy):
        return [policy], config_of(policy.env).reports
    checkpoint = open_run(source, which)
    return checkpoint.policies(greedy=greedy), checkpoint.facts.config.reports


def _line(data: dict[str, Any]) -> str:
    text = data["policy"] + (f" against {data['opponent']}" if "opponent" in data else "")
    for name in ("win_rate", "mean_return", "log.score", "mean_length"):
        if data.get(name) is not None:
            text += f"  {name.replace('_', ' ').replace('log.', '')} {data[name]:.3g}"
    return text + f"  ({data['episodes']} episodes)"
