"""A small run on this machine's CPU: rows of integer environments by their checksum, others by their probe."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from jaxenv.environment import Environment
from leaderboard import configuration, replay
from leaderboard.checking.finding import Finding, noted, refused
from leaderboard.family import bench_of

CHECK = "re-run"
MOST_STEPS = 2**22
"""Transitions that one row's re-run plays, at most, unless told otherwise."""


def environment(row: dict[str, Any]) -> Environment:
    """The row's, as this checkout makes it. ValueError or `UnknownEnvironmentError` where it cannot be made."""
    config = row.get("config") or {}
    env = configuration.make(row["env"], {})
    fields = {name: value for name, value in config.items() if configuration.of(env).get(name) != value}
    return configuration.make(row["env"], fields) if fields else env


def rerun(
    rows: list[dict[str, Any]], confirmed: set[int], most_steps: int = MOST_STEPS, say: Callable[[str], None] = print
) -> Iterator[Finding]:
    """Findings of all rows, each different program played once; places of those found the same go into `confirmed`."""
    done: dict[Any, Finding | None] = {}
    for number, row in enumerate(rows):
        place = f"rows[{number}]"
        env = environment(row)
        if row["env_version"] != env.version:
            continue  # `consistency.environment` has said so
        if row["mode"] != "env_random_legal":
            yield noted(CHECK, place, "is not re-run: a network's floats are not the same on every machine")
        elif replay.is_exact(env):
            steps = row["batch"] * row["scan"]
            if steps > most_steps:
                yield noted(CHECK, place, f"is not re-run: {steps:,} steps, --most-steps allows {most_steps:,}")
                continue
            key = (env, row["batch"], row["scan"], row["devices"], row["checksum"])
            if key not in done:
                say(f"re-running {steps:,} steps of {row['env']}, batch {row['batch']:,}")
                done[key] = _checksum(env, row)
            yield from _told(done[key], place, number, confirmed)
        else:
            probe = row.get("probe")
            key = (env, repr(probe))
            if key not in done:
                say(f"stepping on from the recorded states of {row['env']}")
                done[key] = _probe(env, row["env"], probe)
            yield from _told(done[key], place, number, confirmed)


def _told(found: Finding | None, place: str, number: int, confirmed: set[int]) -> Iterator[Finding]:
    if found is None:
        confirmed.add(number)
    else:
        yield dataclasses.replace(found, place=place + found.place)


def _checksum(env: Environment, row: dict[str, Any]) -> Finding | None:
    found = replay.checksum(env, row["batch"], row["scan"], row["devices"])
    if found == row["checksum"]:
        return None
    return refused(
        CHECK,
        ".checksum",
        f"is {row['checksum']}, the same play gives {found} here: another program, version, batch or configuration "
        "was run than the row says",
    )


def _probe(env: Environment, env_id: str, probe: dict[str, Any] | None) -> Finding | None:
    if probe is None:
        return noted(CHECK, ".probe", "is missing, so that nothing can be stepped on from here")
    tolerance = bench_of(env_id).tolerance
    if tolerance is None:
        return noted(CHECK, ".probe", "cannot be judged: the family declares no tolerance (`leaderboard.family.Bench`)")
    try:
        found = replay.difference(env, probe, tolerance)
    except replay.ReplayError as error:
        return refused(CHECK, ".probe", str(error))
    if found.excess <= 1:
        return None
    return refused(
        CHECK,
        ".probe",
        f"differs by {found.excess:.3g} times the tolerance ({tolerance.absolute:g} + {tolerance.relative:g} of the "
        f"value) at {found.place}",
    )
