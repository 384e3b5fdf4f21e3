"""`python -m baselines plot RUN…`, or `plot RATINGS.json`."""

from __future__ import annotations

import argparse

from baselines import arguments as types
from baselines.plot import plot_ratings, plot_runs
from leaderboard.invocation import program


def main(arguments: list[str]) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(
        prog=program("baselines", "plot"),
        description="Learning curves, PNG and HTML, or a page of ratings and win rates.",
    )
    parser.add_argument(
        "runs", type=types.path, nargs="+", metavar="RUN", help="folders of runs, or one file that `rate --json` wrote"
    )
    parser.add_argument(
        "--out",
        type=types.path,
        help="path of the files, without an ending; by default `curve` in the first folder, or beside the ratings",
    )
    options = parser.parse_args(arguments)
    if len(options.runs) == 1 and options.runs[0].suffix == ".json":
        source = options.runs[0]
        print(plot_ratings(source, options.out or source.with_suffix("")))
        return 0
    for path in plot_runs(options.runs, options.out or options.runs[0] / "curve"):
        print(path)
    return 0
