"""Pools of teams that battles start from: built in, or built from a person's own teams.

A pool is an ``.npz`` file with ``teams`` (in the wire form of the format's generation, for Gen 1 uint8[n, 6, 16], for
Gen 4 uint16[n, 6, 24]), ``format`` and ``source``. Make one from Showdown export text (each team under a ``=== … ===``
line) or packed teams (one a line)::

    python -m pokejax.common.pools build teams.txt out.npz --format gen1ou
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

from jaxenv.commands import files
from jaxenv.commands.arguments import path
from jaxenv.commands.interrupts import run_command
from pokejax.common import formats, generations
from pokejax.common.team_text import TeamError, read_file, split_teams

REBUILD = "build it again with `python -m pokejax.common.pools build teams.txt out.npz --format FORMAT`"
"""Remedy for a pool that is of no use."""
REMEDY = "choose another file"
"""Remedy for a place that cannot be written."""


class PoolError(ValueError):
    """A pool file that cannot be used; the message names the file, the row, the value and the remedy."""


def refuse_where(bad: np.ndarray, values: np.ndarray, what: str, allowed: str, where: str) -> None:
    """:class:`PoolError` that names the first place [row, slot] at which ``bad`` holds, and its value."""
    if bad.any():
        first = tuple(int(i) for i in np.argwhere(bad)[0])
        place = f"row {first[0]}" + (f", slot {first[1]}" if len(first) > 1 else "")
        raise PoolError(f"{where}: {place}: {what} {int(values[first])}: {allowed}; {REBUILD}")


@dataclasses.dataclass(frozen=True, eq=False)
class TeamPool:
    """Teams of one format."""

    teams: np.ndarray
    """Wire form of the format's generation, n teams; Gen 1: uint8[n, 6, 16], Gen 4: uint16[n, 6, 24]."""
    format: str
    source: str
    """The source of the teams, for reports."""

    def __len__(self) -> int:
        return len(self.teams)


def load_pool(which: str | Path) -> TeamPool:
    """The built-in pool named by a format id, or the pool in an ``.npz`` file, ``~`` expanded. The array is read-only.

    :class:`PoolError` if the file is missing, corrupt, or holds a value that no team has.
    """
    if which in formats.built_in_pools():
        return _load_built_in(str(which))
    try:
        return read_pool(files.path(which))
    except files.StorageError as error:
        raise PoolError(str(error)) from error


@functools.cache
def _load_built_in(name: str) -> TeamPool:
    with importlib.resources.as_file(importlib.resources.files("pokejax") / "data" / f"{name}.npz") as path:
        return read_pool(path)


def read_pool(path: Path) -> TeamPool:
    """Read and check one pool file; see :func:`load_pool`."""
    if not path.exists():
        raise PoolError(f"{path}: no such pool file; built in are {', '.join(formats.built_in_pools())}, or {REBUILD}")
    try:
        # NumPy leaves the file open when it fails on a path, so the file is opened here.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            teams, format_id, source = arrays["teams"], str(arrays["format"]), str(arrays["source"])
    except KeyError as error:
        raise PoolError(f"{path}: {error.args[0]}; a pool has 'teams', 'format' and 'source'; {REBUILD}") from None
    except (OSError, ValueError, EOFError, TypeError, AttributeError, zipfile.BadZipFile, zlib.error) as error:
        raise PoolError(f"{path}: not a readable .npz file ({error}); {REBUILD}") from error
    _check(TeamPool(teams, format_id, source), path)
    teams.setflags(write=False)
    return TeamPool(teams, format_id, source)


def _check(pool: TeamPool, path: Path) -> None:
    try:
        format = formats.find(pool.format)
    except formats.UnknownFormatError as error:
        raise PoolError(f"{path}: {error}; {REBUILD}") from None
    generations.wire(format).check_teams(pool.teams, str(path))


def save_pool(pool: TeamPool, path: Path) -> None:
    """Check a pool and write it, whole or not at all; the same pool gives the same bytes. `files.StorageError`."""
    _check(pool, path)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, teams=pool.teams, format=np.array(pool.format), source=np.array(pool.source))
    files.write(path, buffer.getvalue(), REMEDY)


def build_pool(
    teams: Iterable[Any],
    path: Path | str,
    format_id: str = formats.DEFAULT_LEGALITY,
    source: str = "user teams",
) -> TeamPool:
    """Write a pool of ``teams`` (anything that `pokejax.battle` reads) to ``path`` and return it.

    :class:`TeamError` with every problem of every team, named ``team 1``, ``team 2``, …, if one is not allowed.
    """
    wire = generations.wire(formats.find(format_id))
    rows, problems = [], []
    for number, entry in enumerate(teams, 1):
        try:
            rows.append(wire.read_team(entry, format_id, f"team {number}"))
        except TeamError as error:
            problems += error.problems
    if not rows and not problems:
        problems = [f"no teams given for {path}; a pool has at least one"]
    if problems:
        raise TeamError(problems)
    pool = TeamPool(np.stack(rows), format_id, source)
    save_pool(pool, Path(path))
    return pool


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit status: 0 written, 2 a team or file is not usable, 130 interrupted."""
    return run_command("pools", lambda: _run(arguments))


def _run(arguments: list[str] | None) -> int:
    parser = argparse.ArgumentParser(prog="python -m pokejax.common.pools", description="Pools of teams.")
    build = parser.add_subparsers(dest="command", required=True).add_parser("build", help="make a pool from teams")
    build.add_argument("teams", type=path, help="Showdown export text (=== headers) or packed teams, one a line")
    build.add_argument("out", type=path, help=".npz file to write")
    build.add_argument(
        "--format",
        default=formats.DEFAULT_LEGALITY,
        help="format the teams must be legal in; free: anything that can be played (default: %(default)s)",
    )
    options = parser.parse_args(arguments)
    try:
        teams = split_teams(read_file(options.teams))
        pool = build_pool(teams, options.out, options.format, options.teams.name)
    except (ValueError, files.StorageError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"wrote {len(pool)} teams to {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
