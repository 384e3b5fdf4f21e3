"""Rich's console, with closed pipes as `jaxenv.commands.interrupts` wants them. Needs the package `rich`."""

from __future__ import annotations

import rich.console


class Console(rich.console.Console):
    """Rich's console, where a closed pipe is a `BrokenPipeError`: Rich itself ends the process on the spot."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError("the output is not read any more")

    def say(self, text: str) -> None:
        """Print a line as it is: no markup, no colours for numbers, not wrapped."""
        self.print(text, markup=False, highlight=False, soft_wrap=True)
