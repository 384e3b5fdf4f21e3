"""Subcommands that are the programs of the tools: ``pokejax bench ENV`` is ``python -m leaderboard bench ENV``."""

from __future__ import annotations

import argparse
import runpy
import sys

from pokejax.cli.command import Command

VERIFY = Command("compare an environment with its reference, level by level", "verification.cli:main")
BENCH = Command("measure the speed of an environment beside its reference", "leaderboard.__main__:main", ("bench",))
TRAIN = Command("train a policy", "baselines.cli:main", ("train",))
TRANSFER = Command("play the same policy here and in the reference, and compare", "baselines.cli:main", ("transfer",))


def _tool(arguments: list[str]) -> int:
    """Run a module of the tools as ``python -m`` does in a checkout."""
    parser = argparse.ArgumentParser(
        prog="pokejax tool",
        description="Run a module of the tools: `pokejax tool baselines plot RUN` is `python -m baselines plot RUN` "
        "in a checkout.",
    )
    parser.add_argument("module", help="verification, leaderboard, baselines, references.showdown.install, …")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="the module's own arguments")
    options = parser.parse_args(arguments)
    before, sys.argv = sys.argv, [options.module, *options.arguments]
    try:
        runpy.run_module(options.module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
            return 1
        return ended.code or 0
    finally:
        sys.argv = before
    return 0


TOOL = Command("run any module of the tools, as `python -m` does in a checkout", _tool)
