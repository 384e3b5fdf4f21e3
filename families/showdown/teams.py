"""``pokejax teams``: teams drawn, judged, and written in Showdown's two text forms."""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from jaxenv.commands import arguments as types
from jaxenv.commands import files
from pokejax.cli.command import EXIT_DIVERGENCE, EXIT_OK, CannotRunError
from pokejax.common import formats, generations
from pokejax.common.pools import load_pool
from pokejax.common.team_mappings import parse_mappings
from pokejax.common.team_text import TeamError, TeamWarning, TextSet, read_file, read_sets, split_teams
from pokejax.common.team_write import export_team, export_teams, pack_team
from pokejax.modern import tables
from pokejax.modern.names import spell

_NEWEST = max(tables.GENERATIONS)
"""Generation whose names are written: an older one's are among them."""
_REMEDY = "choose another file with --out"


def main(arguments: Sequence[str]) -> int:
    """Run ``pokejax teams`` with these arguments; 1 where a team is not allowed."""
    parser = argparse.ArgumentParser(
        prog="pokejax teams", description="Teams as Pokémon Showdown reads and writes them."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    generate = commands.add_parser("generate", help="draw teams that Showdown's generators made")
    generate.add_argument("--count", type=types.positive, default=1, help="default 1")
    generate.add_argument("--seed", type=types.seed, default=0, help="of the draw; default 0")
    generate.add_argument("--packed", action="store_true", help="one line a team")
    validate = commands.add_parser("validate", help="judge teams by a format; status 1 if one is not allowed")
    validate.add_argument(
        "--judge",
        choices=("ours", "showdown"),
        default="ours",
        help="PokeJAX's checks (default), or Showdown's own TeamValidator, which is installed for it",
    )
    for name, text in (("pack", "write one line a team"), ("export", "write export text"), ("info", "list the teams")):
        commands.add_parser(name, help=text)
    for name, command in commands.choices.items():
        if name != "generate":
            command.add_argument("teams", type=types.path, nargs="+", help="team files, or folders of them (.txt)")
        if name in ("generate", "validate", "info"):
            command.add_argument(
                "--format", default="gen1ou", help=f"one of {', '.join(formats.FORMATS)}; default gen1ou"
            )
        if name in ("generate", "pack", "export"):
            command.add_argument("--out", type=types.path, help="file to write; default the terminal")
    options = parser.parse_args(arguments)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore" if options.command == "validate" else "default", TeamWarning)
            return globals()[f"_{options.command}"](options)
    except (TeamError, formats.UnknownFormatError) as error:
        raise CannotRunError(str(error)) from error


def _generate(options: argparse.Namespace) -> int:
    format = formats.find(options.format)
    if format.pool is None:
        known = ", ".join(entry.id for entry in formats.FORMATS.values() if entry.pool)
        raise CannotRunError(f"format {format.id!r} has no built-in teams; those that do are {known}")
    pool = load_pool(format.pool).teams
    rows = np.random.default_rng(options.seed).integers(len(pool), size=options.count)
    wire = generations.wire(format)
    teams = [parse_mappings(wire.write_team(pool[row], format.id), "team") for row in rows]
    _write(options, teams, options.packed, [f"{format.pool} {row}" for row in rows])
    return EXIT_OK


def _pack(options: argparse.Namespace) -> int:
    _write(options, [sets for _, sets in _read(options)], packed=True)
    return EXIT_OK


def _export(options: argparse.Namespace) -> int:
    _write(options, [[spell(entry, _NEWEST) for entry in sets] for _, sets in _read(options)], packed=False)
    return EXIT_OK


def _info(options: argparse.Namespace) -> int:
    for number, (text, sets) in enumerate(_read(options), 1):
        names = ", ".join(f"{entry.species} L{entry.level or 100}" for entry in sets)
        problems = _ours([text], options.format)[0]
        print(f"team {number}: {names}; {options.format}: {'allowed' if not problems else 'not allowed'}")
    return EXIT_OK


def _validate(options: argparse.Namespace) -> int:
    texts = _texts(options)
    judge = _showdown if options.judge == "showdown" else _ours
    verdicts = judge(texts, options.format)
    for number, problems in enumerate(verdicts, 1):
        print(f"team {number}: {'allowed' if not problems else 'not allowed'} in {options.format}")
        for problem in problems:
            print(f"  {problem}")
    return EXIT_DIVERGENCE if any(verdicts) else EXIT_OK


def _ours(texts: Sequence[str], format_id: str) -> list[Sequence[str]]:
    """The problems of each team by our checks; () for one that is allowed."""
    format = formats.find(format_id)
    found: list[Sequence[str]] = []
    for number, text in enumerate(texts, 1):
        try:
            generations.wire(format).read_team(text, format_id, f"team {number}")
            found.append(())
        except TeamError as error:
            found.append(error.problems)
    return found


def _showdown(texts: Sequence[str], format_id: str) -> list[Sequence[str]]:
    """The problems of each team by Showdown's TeamValidator."""
    from references.protocol import ReferenceUnavailableError
    from references.showdown.scripts import run_script

    rules = {"gen1ou": "gen1ou", "gen1obtainable": "obtainable"}
    if format_id not in rules:
        raise CannotRunError(f"--judge showdown: judges {' and '.join(rules)}, not {format_id!r}; leave it out")
    try:
        answers = json.loads(run_script("read_teams.js", stdin=json.dumps(list(texts))))
    except ReferenceUnavailableError as error:
        raise CannotRunError(str(error)) from error
    told = [answer["packed"] and answer["packed"][rules[format_id]] for answer in answers]
    return [["Showdown reads no team in it"] if problems is None else problems for problems in told]


def _texts(options: argparse.Namespace) -> list[str]:
    """The teams of all files and folders, as text. `TeamError` where there are none."""
    found = [text for file in _files(options.teams) for text in split_teams(read_file(file))]
    if not found:
        raise TeamError([f"no team in {', '.join(map(str, options.teams))}; give files of export or packed text"])
    return found


def _files(given: Sequence[Path]) -> list[Path]:
    return [file for path in given for file in (sorted(path.glob("**/*.txt")) if path.is_dir() else [path])]


def _read(options: argparse.Namespace) -> list[tuple[str, list[TextSet]]]:
    return [(text, read_sets(text, f"team {number}")) for number, text in enumerate(_texts(options), 1)]


def _write(
    options: argparse.Namespace, teams: Sequence[Sequence[TextSet]], packed: bool, names: Sequence[str] = ()
) -> None:
    if packed:
        text = "".join(f"{pack_team(team)}\n" for team in teams)
    elif len(teams) == 1 and not names:
        text = export_team(teams[0])
    else:
        told = names or [f"team {number}" for number in range(1, len(teams) + 1)]
        text = export_teams(teams, told, getattr(options, "format", "gen1ou"))
    if options.out is None:
        sys.stdout.write(text)
    else:
        files.write(options.out, text, _REMEDY)
        print(f"wrote {len(teams)} teams to {options.out}")
