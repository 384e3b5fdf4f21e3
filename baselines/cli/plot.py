"""`python -m baselines plot RUN…`."""

from __future__ import annotations

import argparse

from baselines import files
from baselines.plot import plot_runs
from leaderboard.invocation import program


def main(arguments: list[str]) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog=program("baselines", "plot"), description="Learning curves, PNG and HTML.")
    parser.add_argument("runs", type=files.path, nargs="+", metavar="RUN", help="folders of runs")
    parser.add_argument(
        "--out", type=files.path, help="where to, without an ending; by default `curve` in the first folder"
    )
    options = parser.parse_args(arguments)
    for path in plot_runs(options.runs, options.out or options.runs[0] / "curve"):
        print(path)
    return 0
