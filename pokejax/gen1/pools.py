"""Pools of teams that battles start from: built in, or built from a person's own teams.

A pool is an ``.npz`` file with ``teams`` uint8[n, 6, 16] (the wire form of ``teams.py``), ``format`` and ``source``.
Make one from Showdown export text (each team under a ``=== … ===`` line) or packed teams (one a line)::

    python -m pokejax.gen1.pools build teams.txt out.npz --format gen1ou
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import importlib.resources
import io
import sys
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from pokejax.gen1.dex import MAX_MOVE, MAX_SPECIES
from pokejax.gen1.teams import MAX_EV, MAX_IV, MAX_LEVEL, TEAM_SIZE, WIRE_COLUMNS, team_array
from pokejax.gen1.teams_parse import TeamError, parse_team, parse_teams
from pokejax.gen1.teams_validate import check_format, validate_team

BUILT_IN = ("gen1randombattle", "gen1ou")
_REBUILD = "build it again with `python -m pokejax.gen1.pools build teams.txt out.npz --format FORMAT`"


class PoolError(ValueError):
    """A pool file that cannot be used; the message names the file, the row, the value and the remedy."""


@dataclasses.dataclass(frozen=True, eq=False)
class TeamPool:
    """Teams of one format."""

    teams: np.ndarray
    """uint8[n, 6, 16], wire form."""
    format: str
    source: str
    """Where the teams come from, for reports."""

    def __len__(self) -> int:
        return len(self.teams)


def load_pool(which: str | Path) -> TeamPool:
    """The built-in pool named by a format id, or the pool in an ``.npz`` file. The array is read-only.

    :class:`PoolError` if the file is missing, corrupt, or holds a value that no team has.
    """
    return _load_built_in(which) if which in BUILT_IN else read_pool(Path(which))


@functools.cache
def _load_built_in(name: str) -> TeamPool:
    with importlib.resources.as_file(importlib.resources.files("pokejax") / "data" / f"{name}.npz") as path:
        return read_pool(path)


def read_pool(path: Path) -> TeamPool:
    """Read and check one pool file; see :func:`load_pool`."""
    if not path.exists():
        raise PoolError(f"{path}: no such pool file; built in are {', '.join(BUILT_IN)}, or {_REBUILD}")
    try:
        # NumPy leaves the file open when it fails on a path, so the file is opened here.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            teams, format_id, source = arrays["teams"], str(arrays["format"]), str(arrays["source"])
    except KeyError as error:
        raise PoolError(f"{path}: {error.args[0]}; a pool has 'teams', 'format' and 'source'; {_REBUILD}") from None
    except (OSError, ValueError, EOFError, TypeError, AttributeError, zipfile.BadZipFile, zlib.error) as error:
        raise PoolError(f"{path}: not a readable .npz file ({error}); {_REBUILD}") from error
    check_teams(teams, str(path))
    teams.setflags(write=False)
    return TeamPool(teams, format_id, source)


def check_teams(teams: np.ndarray, where: str) -> None:
    """:class:`PoolError` unless ``teams`` is uint8[n, 6, 16] of structurally valid wire teams, n ≥ 1."""
    shape = (TEAM_SIZE, len(WIRE_COLUMNS))
    if teams.dtype != np.uint8 or teams.shape[1:] != shape or not len(teams):
        raise PoolError(
            f"{where}: 'teams' is {teams.dtype}{list(teams.shape)}; expected uint8[n, {shape[0]}, {shape[1]}] with "
            f"n ≥ 1; {_REBUILD}"
        )
    full = teams[..., 0] > 0
    highest = (MAX_SPECIES, MAX_LEVEL, *[MAX_MOVE - 1] * 4, *[MAX_IV - 1] * 5, *[MAX_EV] * 5)
    for column, (name, limit) in enumerate(zip(WIRE_COLUMNS, highest, strict=True)):
        _refuse(teams[..., column] > limit, teams[..., column], f"{name}", f"allowed are 0 to {limit}", where)
    levels, moves, ivs = teams[..., 1], teams[..., 2:6], teams[..., 6:11]
    _refuse(~full[:, 0], teams[:, 0, 0], "first species", "a team has at least one Pokémon", where)
    _refuse(~full[:, :-1] & full[:, 1:], teams[:, 1:, 0], "species", "an empty slot stands before it", where)
    _refuse(~full & teams.any(-1), teams.max(-1), "a value of an empty slot", "an empty slot is all zeros", where)
    _refuse(full & (levels == 0), levels, "level", f"allowed are 1 to {MAX_LEVEL}", where)
    _refuse(full & (moves[..., 0] == 0), moves[..., 0], "first move", "a Pokémon knows at least one move", where)
    gap = (moves[..., :-1] == 0) & (moves[..., 1:] > 0)
    _refuse(gap.any(-1), moves.max(-1), "move", "an empty move slot stands before it", where)
    ordered = np.sort(moves, axis=-1)
    twice = (ordered[..., 1:] == ordered[..., :-1]) & (ordered[..., 1:] > 0)
    _refuse(twice.any(-1), (ordered[..., 1:] * twice).max(-1), "move", "it is there twice", where)
    _refuse(
        np.any(ivs % 2 > 0, axis=-1), (ivs * (ivs % 2)).max(-1), "IV", "an odd IV counts as the even one below", where
    )


def _refuse(bad: np.ndarray, values: np.ndarray, what: str, allowed: str, where: str) -> None:
    if bad.any():
        first = tuple(int(i) for i in np.argwhere(bad)[0])
        place = f"row {first[0]}" + (f", slot {first[1]}" if len(first) > 1 else "")
        raise PoolError(f"{where}: {place}: {what} {int(values[first])}: {allowed}; {_REBUILD}")


def save_pool(pool: TeamPool, path: Path) -> None:
    """Check a pool and write it; the same pool gives the same bytes."""
    check_teams(pool.teams, str(path))
    buffer = io.BytesIO()
    np.savez_compressed(buffer, teams=pool.teams, format=np.array(pool.format), source=np.array(pool.source))
    path.write_bytes(buffer.getvalue())


def build_pool(teams: Iterable[Any], path: Path | str, format_id: str = "free", source: str = "user teams") -> TeamPool:
    """Write a pool of ``teams`` (anything ``teams_parse.parse_team`` reads) to ``path`` and return it.

    :class:`TeamError` with every problem of every team, named ``team 1``, ``team 2``, …, if one is not allowed.
    """
    check_format(format_id)
    rows, problems = [], []
    for number, entry in enumerate(teams, 1):
        try:
            rows.append(team_array(validate_team(parse_team(entry, f"team {number}"), format_id, f"team {number}")))
        except TeamError as error:
            problems += error.problems
    if not rows and not problems:
        problems = [f"no teams given for {path}; a pool has at least one"]
    if problems:
        raise TeamError(problems)
    pool = TeamPool(np.stack(rows).astype(np.uint8), format_id, source)
    save_pool(pool, Path(path))
    return pool


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit status: 0 written, 2 a team or file is not usable."""
    parser = argparse.ArgumentParser(prog="python -m pokejax.gen1.pools", description="Team pools of Gen 1.")
    build = parser.add_subparsers(dest="command", required=True).add_parser("build", help="make a pool from teams")
    build.add_argument("teams", type=Path, help="Showdown export text (=== headers) or packed teams, one a line")
    build.add_argument("out", type=Path, help=".npz file to write")
    build.add_argument("--format", default="free", help="format the teams must be legal in (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        teams = parse_teams(options.teams.read_text("utf-8"))
        pool = build_pool(teams, options.out, options.format, options.teams.name)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"wrote {len(pool)} teams to {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
