"""Rich's console, with closed pipes as `jaxenv.commands.interrupts` wants them, and its bars of work that is counted.

Needs the package `rich`.
"""

from __future__ import annotations

import rich.console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn


class Console(rich.console.Console):
    """Rich's console, where a closed pipe is a `BrokenPipeError`: Rich itself ends the process on the spot."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError("the output is not read any more")

    def say(self, text: str) -> None:
        """Print a line as it is: no markup, no colours for numbers, not wrapped."""
        self.print(text, markup=False, highlight=False, soft_wrap=True)


def bars(console: rich.console.Console, *further: str | ProgressColumn, transient: bool = False) -> Progress:
    """Bars that say what is done, how much of it, and for how long; ``further`` columns stand at the end.

    A column given as text shows a field of the task, as "{task.fields[note]}". ``transient``: bars go at the end.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, *further, console=console, transient=transient)
