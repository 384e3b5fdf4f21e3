"""`bench ENV --compare COMMIT`: exit status 0 as fast or faster, 1 slower beyond the noise."""

from __future__ import annotations

import argparse
from statistics import median

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from jaxenv.commands.console import Console
from leaderboard import comparison
from leaderboard.comparison import Comparison
from leaderboard.section import MODES


def run(arguments: argparse.Namespace, batch: int, backend: str, console: Console) -> int:
    """Time both and say what differs. Raises `ComparisonError`."""
    row = {
        "env": arguments.env,
        "set": arguments.set,
        "mode": arguments.mode or MODES[0],
        "batch": batch,
        "backend": backend,
        "devices": arguments.devices,
    }
    console.say(
        f"{arguments.env}, {row['mode']}, {backend}, batch {batch:,}: this checkout and {arguments.compare} in turns, "
        f"{arguments.samples} samples of {arguments.seconds:g} s each"
    )
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, refresh_per_second=2) as bar:
        shown = bar.add_task("", total=arguments.samples)
        report = lambda what, done: bar.update(shown, description=what, completed=done)  # noqa: E731
        found = comparison.compare(arguments.compare, row, arguments.samples, arguments.seconds, report)
    print(words(found, arguments.compare))
    return 1 if found.slower else 0


def words(found: Comparison, commit: str) -> str:
    """Both medians, their ratio with its interval, and the verdict."""
    lines = [f"ours {median(found.ours):,.0f} steps/s, {commit} {median(found.theirs):,.0f} steps/s"]
    interval = f"{found.ratio:.3f} (95 % interval {found.low:.3f} to {found.high:.3f})"
    if found.slower:
        verdict = f"slower beyond the noise ({comparison.ALLOWED:.0%} is allowed)"
    elif found.faster:
        verdict = "faster beyond the noise"
    else:
        verdict = "no difference beyond the noise"
    lines.append(f"ratio {interval}: {verdict}")
    if found.versions[0] != found.versions[1]:
        lines.append(f"environment versions differ: {found.versions[0]} here, {found.versions[1]} there")
    return "\n".join(lines)
