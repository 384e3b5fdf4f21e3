"""The look-up of what a generation implements: its engine and its teams. Imports a generation when it is asked for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pokejax.common.formats import Format

if TYPE_CHECKING:
    from pokejax.common.engine import Engine

_PACKAGES = {1: "pokejax.gen1"}


class Wire(Protocol):
    """A generation's teams as numbers, the module ``wire`` of its package. Needs no JAX."""

    def check_teams(self, teams: np.ndarray, where: str) -> None:
        """:class:`pools.PoolError` unless ``teams`` is at least one well-formed team in the form that pools store."""
        ...

    def read_team(self, source: Any, format_id: str, player: str) -> np.ndarray:
        """One team in the form that pools store.

        ``source``: anything that the generation's teams are read from. :class:`team_text.TeamError` with all problems,
        each of which names ``player``, if it cannot be read or the format does not allow it.
        """
        ...


def engine(format: Format) -> Engine:
    """The engine that plays a format."""
    return importlib.import_module(f"{_PACKAGES[format.generation]}.engine").engine(format)


def wire(format: Format) -> Wire:
    """The teams of the format's generation."""
    module: Any = importlib.import_module(f"{_PACKAGES[format.generation]}.wire")
    return module
