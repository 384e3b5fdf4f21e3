"""Types of command-line arguments, for `argparse`, beside `jaxenv.commands.arguments`."""

from __future__ import annotations

from jaxenv.commands.arguments import integer


def steps(text: str) -> int:
    """A number of steps; 0 is one."""
    return integer(text, 0, None)
