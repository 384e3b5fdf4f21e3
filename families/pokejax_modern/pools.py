"""Write the team pools of Generation 4 that ship with pokejax from the reference package.

Commands::

    python -m families.pokejax_modern.pools --format gen4randombattle --teams 20480 --seed 1,2,3,4
    python -m families.pokejax_modern.pools --format gen4ou --teams 6144 --seed 1,2,3,4
"""

from __future__ import annotations

import argparse
import json
import sys

import numpy as np

from families.pokejax_modern.tables import DATA_FOLDER
from jaxenv.commands import files
from jaxenv.commands.arguments import path
from jaxenv.commands.interrupts import run_command
from pokejax.common.formats import with_built_in_teams
from pokejax.common.pools import TeamPool, save_pool
from references.showdown.scripts import run_script


def generate_pool(format_id: str, teams: int, seed: str) -> tuple[TeamPool, int]:
    """A pool of ``teams`` teams, and how many sets and teams the reference's validator refused on the way.

    ``seed`` is four 16-bit numbers separated by commas, as Showdown's generator takes it. The same arguments give the
    same pool.
    """
    raw = json.loads(run_script("modern/export_teams.js", format_id, str(teams), seed, timeout=1800))
    source = f"pokemon-showdown {raw['version']}, {format_id}, seed {seed}"
    return TeamPool(teams=np.array(raw["teams"], np.uint16), format=format_id, source=source), raw["refused"]


def main(arguments: list[str] | None = None) -> int:
    """Command line: generate one pool file; returns the exit status."""
    return run_command("pools", lambda: _run(arguments))


def _run(arguments: list[str] | None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m families.pokejax_modern.pools",
        description="Write a team pool from the reference package.",
    )
    parser.add_argument("--format", choices=with_built_in_teams(4), required=True)
    parser.add_argument("--teams", type=int, default=20480, help="how many teams (default: %(default)s)")
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
    size = out.stat().st_size
    print(f"wrote {len(pool)} teams to {out} ({size:,} bytes); the reference refused {refused} other sets and teams")
    return 0


if __name__ == "__main__":
    sys.exit(main())
