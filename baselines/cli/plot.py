"""`python -m baselines plot RUN…`."""

from __future__ import annotations

import argparse

from baselines import arguments as types
from baselines.plot import plot_runs
from leaderboard.invocation import program


def main(arguments: list[str]) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog=program("baselines", "plot"), description="Learning curves, PNG and HTML.")
    parser.add_argument("runs", type=types.path, nargs="+", metavar="RUN", help="folders of runs")
    parser.add_argument(
        "--out", type=types.path, help="path of both files, without an ending; by default `curve` in the first folder"
    )
    options = parser.parse_args(arguments)
    for path in plot_runs(options.runs, options.out or options.runs[0] / "curve"):
        print(path)
    return 0
