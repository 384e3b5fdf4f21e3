"""The record of a battle that somebody played by hand, and who tells it.

A story is told by the reference, which is not part of the environments: a generation's teller is found by the
entry-point group ``pokejax.tellers`` ("gen1").
"""

from __future__ import annotations

import dataclasses
from importlib.metadata import entry_points
from typing import Any, Protocol

import numpy as np

GROUP = "pokejax.tellers"


@dataclasses.dataclass(frozen=True)
class Story:
    """The facts a battle is made of.

    ``lines``: what was chosen, in Showdown's words: "p1 move 1", and "reseed 1,2,3,4" where the generator was set.
    """

    format: str
    """Id of the reference's format."""
    seed: tuple[int, int]
    """High and low word of the generator before its first draw."""
    teams: np.ndarray
    """Both teams in wire form; Gen 1: [2, 6, 16]."""
    lines: tuple[str, ...]
    actions: np.ndarray
    """int[T, 2]: the joint steps as actions."""
    states: tuple[Any, ...]
    """Packed battles at the T + 1 decision points."""

    @property
    def reseeded(self) -> bool:
        """The generator was set after the start."""
        return any(line.startswith("reseed ") for line in self.lines)


class TellerError(RuntimeError):
    """A battle cannot be told here; the message says why and what to do."""


class Teller(Protocol):
    """A module that tells stories of one generation through its reference."""

    def input_log(self, story: Story) -> str:
        """Seed, teams and choices, as the reference saves and replays them."""
        ...

    def log(self, story: Story) -> str:
        """The story, a sentence a line."""
        ...

    def page(self, story: Story) -> str:
        """HTML that shows the battle, whole in itself."""
        ...


def teller(generation: int) -> Teller:
    """The teller of a generation; `TellerError` where it, or something that it needs, is not installed."""
    name = f"gen{generation}"
    try:
        import pokejax.tools  # noqa: F401 (puts the tools on the path)

        found = [entry for entry in entry_points(group=GROUP) if entry.name == name]
        if found:
            return found[0].load()
    except ImportError as error:
        raise TellerError(f"the battle cannot be told: {error}. Remedy: pip install 'pokejax[tools]'") from error
    raise TellerError(
        f"the battle cannot be told: no package brings {name!r} in the entry-point group {GROUP!r}. "
        "Remedy: install pokejax again, `pip install --force-reinstall 'pokejax[tools]'`, in a clone `uv sync`."
    )
