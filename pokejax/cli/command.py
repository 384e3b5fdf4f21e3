"""A subcommand of ``pokejax``, and what all of them share: exit statuses and the error that ends one."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Sequence

EXIT_OK, EXIT_DIVERGENCE, EXIT_COULD_NOT = 0, 1, 2


class CannotRunError(RuntimeError):
    """A command cannot do what was asked; the message says why and what to do."""


@dataclasses.dataclass(frozen=True)
class Command:
    """One subcommand. A package brings its own by the entry-point group ``pokejax.commands``.

    * `summary`: one line for ``pokejax --help``, without a full stop.
    * `program`: a function of the arguments after the command's name that returns the exit status, or
      "module:function", which is imported only when the command runs. It parses its arguments itself.
    * `before`: arguments that come before those of the user.
    """

    summary: str
    program: Callable[[list[str]], int] | str
    before: tuple[str, ...] = ()

    def run(self, arguments: Sequence[str]) -> int:
        """Run it; returns the exit status."""
        program = self.program
        if isinstance(program, str):
            module, _, function = program.partition(":")
            program = getattr(importlib.import_module(module), function)
        return int(program([*self.before, *arguments]) or 0)
