"""The look-up of what a generation implements: its engine and its teams. Imports a generation when it is asked for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pokejax.common.formats import Format, UnknownFormatError
from pokejax.common.team_text import TeamError

if TYPE_CHECKING:
    from pokejax.common.engine import Engine

_PACKAGES = {1: "pokejax.gen1", 4: "pokejax.modern"}


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

    def write_team(self, team: np.ndarray, format_id: str) -> list[dict[str, Any]]:
        """Showdown's sets of one team in the form that pools store; `team_mappings.parse_mappings` reads them."""
        ...


def engine(format: Format) -> Engine:
    """The engine that plays a format; :class:`formats.UnknownFormatError` where the generation has teams alone."""
    return _module(format, "engine").engine(format)


def wire(format: Format) -> Wire:
    """The teams of the format's generation."""
    return _module(format, "wire")


def words(format: Format) -> Any:
    """The package ``words`` of the format's generation: requests, choices and battles as text."""
    return _module(format, "words")


def _module(format: Format, name: str) -> Any:
    full = f"{_PACKAGES[format.generation]}.{name}"
    try:
        return importlib.import_module(full)
    except ModuleNotFoundError as error:
        if error.name != full:
            raise
        message = f"{format.id!r} has teams, but Generation {format.generation} cannot be played yet; choose another"
        raise UnknownFormatError(message) from None


def read_teams(format: Format, team_1: Any, team_2: Any) -> np.ndarray:
    """Both teams in wire form, stacked. :class:`TeamError` with all problems of both."""
    found, problems = [], []
    for player, source in (("player 1", team_1), ("player 2", team_2)):
        try:
            found.append(wire(format).read_team(source, format.id, player))
        except TeamError as error:
            problems += error.problems
    if problems:
        raise TeamError(problems)
    return np.stack(found)
