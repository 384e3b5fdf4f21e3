"""`python -m leaderboard record`: play of each family on this machine's CPU by XLA, to be repeated on others."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

import jax

import families
import jaxenv
from jaxenv.commands import files
from leaderboard import configuration, machine, replay
from leaderboard.family import bench_of

LANES, STEPS = 64, 128
"""Of play without floats, which is kept as a hash: episodes end and begin in it."""
SKIPPED = 150
"""Steps of play with floats before the states are kept."""
REMEDY = "make it writable"


def add(command: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    command.add_argument("family", metavar="FAMILY", nargs="+", help="families whose recorded.json is made anew")


def run(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    """Exit status 0, or 2 for an unknown family or one that names no file."""
    jax.config.update("jax_platforms", "cpu")
    known = {family.name: family for family in families.families()}
    for name in arguments.family:
        part = bench_of(known[name].environments[0]) if name in known and known[name].environments else None
        if part is None or part.recorded is None:
            print(f"cannot record: no family {name!r} that names a file of recorded play", file=sys.stderr)
            return 2
        environments = set(jaxenv.list_envs())  # a family names plugins without one, too
        entries = {env_id: entry(env_id) for env_id in known[name].environments if env_id in environments}
        try:
            files.write(part.recorded, json.dumps(entries) + "\n", REMEDY)
        except files.StorageError as error:
            print(f"cannot record: {error}", file=sys.stderr)
            return 2
        print(part.recorded)
    return 0


def entry(env_id: str) -> dict:
    """Recorded play of an environment: a hash of all of it, or states to step on from."""
    env = configuration.make(env_id, {})
    versions = machine.versions()
    made_with = f"XLA on a CPU, jax {versions['jax']}, {machine.fingerprint()['cpu']}"
    facts = {"version": env.version, "made_with": made_with}
    if replay.is_exact(env):
        found = replay.play_hash(env, LANES, STEPS, backend="xla")
        return {**facts, "lanes": LANES, "steps": STEPS, "hash": found}
    return {**facts, "skipped": SKIPPED, "probe": replay.record(env, "xla", skip=SKIPPED)}
