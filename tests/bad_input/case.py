"""A piece of bad input, and the message that it must get."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from forks import PROGRAMS, program


@dataclasses.dataclass(frozen=True)
class Case:
    """`call` is given a folder of its own, and raises or returns an exit status other than 0.

    The message must hold `value`, what was given; `place`, where; and `remedy`, what would do. "{folder}" stands for
    the folder in all three.
    """

    name: str
    call: Callable[[Path], Any]
    value: str
    place: str
    remedy: str


def command(name: str, *words: Any) -> Callable[[Path], int]:
    """A call of a command (a key of `forks.PROGRAMS`, or "baselines"), with "{folder}" for the folder."""

    def call(folder: Path) -> int:
        given = [str(word).replace("{folder}", str(folder)) for word in words]
        if name == "baselines":
            import small_environments  # noqa: F401 (registers them)

            from baselines.cli import main

            return main(given)
        assert name in PROGRAMS
        return program(name)(given)

    return call


def with_file(content: str | bytes, call: Callable[[Path], Any], file: str = "x.json") -> Callable[[Path], Any]:
    """`call`, with a file in its folder."""

    def made(folder: Path) -> Any:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return call(folder)

    return made
