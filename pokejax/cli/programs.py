"""Subcommands that are the programs of the tools: ``pokejax bench ENV`` is ``python -m leaderboard bench ENV``."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import runpy
import sys

from pokejax.cli.command import CannotRunError, Command


def _verify(arguments: list[str]) -> int:
    """Run ``python -m verification``; ``pokejax verify ENV`` is ``pokejax verify run ENV``."""
    names_environment = bool(arguments) and not arguments[0].startswith("-") and bool({"/", ":"} & set(arguments[0]))
    words = ["run", *arguments] if names_environment else arguments
    sys.argv[1:] = words  # which the report states
    return importlib.import_module("verification.cli").main(words)


VERIFY = Command("compare an environment with its reference, level by level", _verify)
BENCH = Command("measure the speed of an environment beside its reference", "leaderboard.__main__:main", ("bench",))
TRAIN = Command("train a policy", "baselines.cli:main", ("train",))
TRANSFER = Command("play the same policy here and in the reference, and compare", "baselines.cli:main", ("transfer",))
TRANSLATE = Command("have a coding agent translate a reference environment, and verify it", "translator.cli:main")


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
    _require(options.module)
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


def _require(module: str) -> None:
    """Raise `CannotRunError` for a module that cannot be found."""
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        found = None
    if found is None:
        raise CannotRunError(f"there is no module {module!r}; name one of the tools, as in `pokejax tool baselines`")


TOOL = Command("run any module of the tools, as `python -m` does in a checkout", _tool)
