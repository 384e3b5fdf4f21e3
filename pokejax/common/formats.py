"""The table of battle formats, and the kinds of teams that battles are played with.

Everything that a part of the suite needs to know of a format by its id stands here once: the environment, the commands,
the pools, the validation of teams and the reference all read this table. It imports nothing.
"""

from __future__ import annotations

import dataclasses
import difflib

TEAM_KINDS = ("randbats", "allmoves", "ou", "mirror")
"""Kinds of teams for verification and timing:

* ``randbats``, ``ou``: of the built-in pools of random battles and of OU.
* ``allmoves``: any species with any moves at any level, which no generator gives.
* ``mirror``: the same team on both sides, so that speed ties are the rule.
"""


@dataclasses.dataclass(frozen=True)
class Format:
    """One format. What a team needs in it, and the rules of its battles."""

    id: str
    generation: int
    teams: str
    """The kind of teams (`TEAM_KINDS`) that its battles are sampled with where none is asked for."""
    pool: str | None
    """Name of its built-in pool of teams; None: a pool has to be given."""
    legality: str
    """The demand on its teams: "structure" (names, numbers and sizes that exist), "obtainable" (what a player of the
    games can have), or the id of a Showdown format whose bans and clauses hold beside that."""
    reference: str
    """Showdown's format whose battles have the same rules."""
    rules: str = "standard"
    """Rules in battle beyond those of the generation: "standard" has Sleep, Freeze and Endless Battle Clause. Those of
    Generation 4: "gen4random" has Sleep Clause, "gen4ou" Freeze and Endless Battle Clause, "gen4anythinggoes" the
    latter alone."""
    takes: tuple[str, ...] = ()
    """Formats whose pools can be played in it beside its own."""
    name: str = ""
    """Last part of the environment's id, where it is not `id`."""

    @property
    def env_id(self) -> str:
        """Id of the environment that plays it."""
        return f"pokejax/{self.name or self.id}"


FORMATS: dict[str, Format] = {
    entry.id: entry
    for entry in (
        Format("gen1randombattle", 1, "randbats", "gen1randombattle", "structure", "gen1randombattle"),
        Format("gen1ou", 1, "ou", "gen1ou", "gen1ou", "gen1ou"),
        Format("gen1obtainable", 1, "ou", None, "obtainable", "gen1ou", takes=("gen1ou",)),
        Format(
            "free",
            1,
            "allmoves",
            None,
            "structure",
            "gen1ou",
            takes=("gen1randombattle", "gen1ou", "gen1obtainable"),
            name="gen1free",
        ),
        Format("gen4randombattle", 4, "randbats", "gen4randombattle", "structure", "gen4randombattle", "gen4random"),
        Format("gen4ou", 4, "ou", "gen4ou", "gen4ou", "gen4ou", "gen4ou"),
        Format(
            "gen4free",
            4,
            "allmoves",
            None,
            "structure",
            "gen4anythinggoes",
            "gen4anythinggoes",
            takes=("gen4randombattle", "gen4ou"),
        ),
    )
}
"""All formats by id."""

DEFAULT_LEGALITY = "gen1obtainable"
"""Format that teams are judged by where nobody names one: all that the games allow, without a ladder's bans."""


class UnknownFormatError(ValueError):
    """There is no format of that id."""


def find(format_id: str) -> Format:
    """The format; :class:`UnknownFormatError`, which lists the known ones and suggests, if there is none."""
    if format_id not in FORMATS:
        raise UnknownFormatError(f"unknown format id {format_id!r}; known are {', '.join(FORMATS)}{hint(format_id)}")
    return FORMATS[format_id]


def hint(format_id: str, among: tuple[str, ...] = tuple(FORMATS)) -> str:
    """End of a message: "; did you mean 'gen1ou'?", or nothing."""
    close = difflib.get_close_matches(format_id, among, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def of_generation(generation: int) -> tuple[str, ...]:
    """Ids of a generation's formats."""
    return tuple(entry.id for entry in FORMATS.values() if entry.generation == generation)


def of_environment(env_id: str) -> Format:
    """The format of an id like "pokejax/gen1ou", by what follows the slash; :class:`UnknownFormatError` if none."""
    name = env_id.rpartition("/")[2]
    for entry in FORMATS.values():
        if entry.env_id.rpartition("/")[2] == name:
            return entry
    known = ", ".join(entry.env_id for entry in FORMATS.values())
    raise UnknownFormatError(f"{env_id!r} plays no format that we know; those that do are {known}")


def built_in_pools() -> tuple[str, ...]:
    """Names of the pools that come with the package."""
    return tuple(entry.pool for entry in FORMATS.values() if entry.pool)


def with_built_in_teams(generation: int) -> tuple[str, ...]:
    """Ids of a generation's formats that can be played without teams of one's own."""
    return tuple(entry.id for entry in FORMATS.values() if entry.pool and entry.generation == generation)
