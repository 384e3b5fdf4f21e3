"""Write the team pools that ship with pokejax from the reference package.

Commands::

    python -m families.pokejax_gen1.pools --format gen1randombattle --teams 20000 --seed 1,2,3,4
    python -m families.pokejax_gen1.pools --format gen1ou --teams 6000 --seed 1,2,3,4
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from jaxenv.commands import files
from jaxenv.commands.arguments import path
from jaxenv.commands.interrupts import run_command
from pokejax.common.formats import with_built_in_teams
from pokejax.common.pools import TeamPool, save_pool
from references.showdown.scripts import run_script

DATA_FOLDER = Path(__file__).parents[2] / "pokejax" / "data"


def generate_pool(format_id: str, teams: int, seed: str) -> tuple[TeamPool, int]:
    """A pool of ``teams`` teams, and how many more teams the reference's validator refused.

    ``seed`` is four 16-bit numbers separated by commas, as Showdown's generator takes it. The same arguments give the
    same pool.
    """
    raw = json.loads(run_script("export_teams.js", format_id, str(teams), seed))
    array = np.array(raw["teams"])
    if array.max(initial=0) > 255:
        raise ValueError(f"the reference gave a team value of {array.max()}; the wire form holds up to 255")
    source = f"pokemon-showdown {raw['version']}, {format_id}, seed {seed}"
    return TeamPool(teams=array.astype(np.uint8), format=format_id, source=source), raw["refused"]


def main(arguments: list[str] | None = None) -> int:
    """Command line: generate one pool file; returns the exit status."""
    return run_command("pools", lambda: _run(arguments))


def _run(arguments: list[str] | None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m families.pokejax_gen1.pools",
        description="Write a team pool from the reference package.",
    )
    parser.add_argument("--format", choices=with_built_in_teams(1), required=True)
    parser.add_argument("--teams", type=int, default=20000, help="how many teams (default: %(default)s)")
    parser.add_argument("--seed", default="1,2,3,4", help="four 16-bit numbers (default: %(default)s)")
    parser.add_argument("--out", type=path, help="file to write (default: the one in pokejax/data)")
    options = parser.parse_args(arguments)
    out = options.out or DATA_FOLDER / f"{options.format}.npz"
    try:
        files.check_writable(out, "choose another file with --out")
        pool, refused = generate_pool(options.format, options.teams, options.seed)
        save_pool(pool, out)
    except files.StorageError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"wrote {len(pool)} teams to {out} ({out.stat().st_size:,} bytes); the reference refused {refused} others")
    return 0


if __name__ == "__main__":
    sys.exit(main())
