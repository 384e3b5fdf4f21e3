"""`python -m baselines export RUN FILE`."""

from __future__ import annotations

import argparse

from baselines import arguments as types
from baselines.export import export
from jaxenv.policy import SUFFIX
from leaderboard.invocation import program


def main(arguments: list[str]) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(
        prog=program("baselines", "export"),
        description="A trained policy as one file, which `jaxenv.policy.load(FILE)` runs with JAX alone.",
    )
    parser.add_argument("run", type=types.path, help="the folder of a run, or one of its checkpoints")
    parser.add_argument("file", type=types.path, metavar="FILE", help=f"where to write it, say NAME{SUFFIX}")
    parser.add_argument("--member", type=int, default=0, help="of a run of several seeds (default: %(default)s)")
    parser.add_argument(
        "--which", choices=("latest", "best"), default="latest", help="checkpoint (default: %(default)s)"
    )
    parser.add_argument("--name", help="its name in tables (default: that of the run)")
    options = parser.parse_args(arguments)
    facts = export(options.run, options.file, options.member, options.which, options.name)
    size = options.file.stat().st_size
    print(f"{options.file}: {facts['name']} for {facts['env']} version {facts['env_version']}, {size:,} bytes")
    return 0
