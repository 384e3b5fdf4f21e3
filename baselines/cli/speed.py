"""`python -m baselines speed ENV`: training beside the environment alone, over sizes of the network."""

from __future__ import annotations

import argparse

from rich.table import Table

import jaxenv
from baselines import arguments as types
from baselines.arguments import BACKEND_HELP, BACKENDS
from baselines.errors import ConfigError
from baselines.family import config_of
from baselines.speed import Speed, measure, network_of
from jaxenv.commands import files
from jaxenv.commands.console import Console
from leaderboard.invocation import program

HIDDEN = ("64,64", "256,256", "1024,1024", "4096,4096")
"""Layers of the networks that are measured by default."""
_REMEDY = "choose another file with --json"


def main(arguments: list[str]) -> int:
    """The exit status. Every row is written as soon as it is measured; Ctrl-C keeps those before."""
    parser = argparse.ArgumentParser(
        prog=program("baselines", "speed"),
        description="Transitions a second of training and of the environment alone (same batch, random play), and the "
        "share of training that the environment takes, for networks of several sizes.",
    )
    parser.add_argument("env", help="id of the environment")
    parser.add_argument(
        "--hidden", nargs="+", default=HIDDEN, metavar="W,W", help="widths of the layers of each network"
    )
    parser.add_argument("--environments", type=types.positive, help="size of the batch; default: the tuned one")
    parser.add_argument("--horizon", type=types.positive, help="steps of a rollout; default: the tuned number")
    parser.add_argument(
        "--seconds", type=types.seconds, default=10.0, help="of training, and of play, for each network"
    )
    parser.add_argument("--backend", choices=BACKENDS, default="auto", help=BACKEND_HELP)
    parser.add_argument("--json", type=types.path, metavar="OUT", help="write the rows there, after each row")
    options = parser.parse_args(arguments)
    sizes = [_layers(text) for text in options.hidden]
    files.check_writable(options.json, _REMEDY)
    with files.alone(options.json, _REMEDY):
        return _measure(options, sizes)


def _measure(options: argparse.Namespace, sizes: list[tuple[int, ...]]) -> int:
    env = jaxenv.make(options.env)
    base = config_of(env.id)
    console = Console(stderr=True)
    rows: list[Speed] = []
    for hidden in sizes:
        config = network_of(base, hidden, options.environments, options.horizon)
        with console.status(f"{env.id} with layers of {', '.join(map(str, hidden))}"):
            rows.append(measure(env, config, options.seconds, options.backend))
        if options.json is not None:
            files.write_json(options.json, {"env": env.id, "rows": [row.to_json() for row in rows]}, _REMEDY)
        console.print(rows[-1].line(), soft_wrap=True, highlight=False)
    Console().print(_table(env.id, rows))
    return 0


def _layers(text: str) -> tuple[int, ...]:
    try:
        widths = tuple(int(width) for width in text.split(","))
    except ValueError:
        widths = ()
    if not widths or min(widths) < 1:
        raise ConfigError(f"--hidden {text!r}: give widths with commas between them, as 256,256")
    return widths


def _table(env_id: str, rows: list[Speed]) -> Table:
    table = Table(title=env_id, title_justify="left", box=None, pad_edge=False)
    for name in ("hidden layers", "parameters", "training/s", "environment alone/s", "environment's share, %"):
        table.add_column(name, justify="left" if name == "hidden layers" else "right")
    for row in rows:
        cells = (f"{row.parameters:,}", f"{row.train_sps:,.0f}", f"{row.env_sps:,.0f}", f"{100 * row.env_share:.2f}")
        table.add_row(" ".join(map(str, row.hidden)), *cells)
    return table
