"""Families of environments: ``python -m families list|show|new``.

Exit status 0 done, 2 wrong arguments, 130 interrupted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import families
from families.lookup import Family, UnknownFamilyError, hint
from jaxenv.commands.arguments import path
from jaxenv.commands.interrupts import run_command

PARTS = ("bench", "training", "transfer", "translation", "watch")


def parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    top = argparse.ArgumentParser(prog="python -m families", description="Families of environments.")
    commands = top.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="all families, with their ids and parts")
    show = commands.add_parser("show", help="one family, and where each of its parts is")
    show.add_argument("id", metavar="ID", help="id of an environment or of a plugin, or name of a family")
    new = commands.add_parser("new", help="write every file of a family around a toy environment")
    new.add_argument("name", metavar="NAME", help="the package's name, as in lunar_rover")
    new.add_argument(
        "--out",
        type=path,
        metavar="FOLDER",
        help="a checkout of this repository, or a new folder for a package of its own (default: the present folder if "
        "it is a checkout, else ./NAME)",
    )
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    return run_command(" ".join(["families", *given[:1]]), lambda: _run(given))


def _run(arguments: list[str]) -> int:
    options = parser().parse_args(arguments)
    try:
        if options.command == "new":
            return _new(options.name, options.out)
        lines = _listed() if options.command == "list" else _shown(_wanted(options.id))
    except UnknownFamilyError as error:
        print(f"families {options.command}: {error}", file=sys.stderr)
        return 2
    print("\n".join(lines))
    return 0


def _listed() -> list[str]:
    lines = []
    for family in sorted(families.families(), key=lambda family: family.name):
        parts = [*(["verification"] if family.plugins else []), *(part for part in PARTS if getattr(family, part))]
        lines.append(f"{family.name}: {family.reference or 'no reference'}")
        lines.append(f"  parts: {', '.join(parts) or 'none'}")
        lines += [f"  {id}" for id in dict.fromkeys((*family.environments, *family.plugins))]
    return lines


def _shown(family: Family) -> list[str]:
    lines = [f"{family.name}: {family.reference or 'no reference'}"]
    lines += [f"environment   {id}" for id in family.environments]
    lines += [f"verification  {id} = {target}" for id, target in family.plugins.items()]
    lines += [f"{part:12}  {getattr(family, part)}" for part in PARTS if getattr(family, part)]
    if family.denied:
        lines.append(f"denied        {', '.join(family.denied)} (what an untrusted candidate may not import)")
    return lines


def _wanted(id: str) -> Family:
    known = {family.name: family for family in families.families()}
    if id in known:
        return known[id]
    if "/" not in id:
        raise UnknownFamilyError(f"no family '{id}'; {hint(id, list(known))}")
    return families.family_of(id)


def _new(name: str, out: Path | None) -> int:
    from families.new import NewFamilyError, create

    try:
        made = create(name, out)
    except NewFamilyError as error:
        print(f"families new: {error}", file=sys.stderr)
        return 2
    layout = made.layout
    print(f"{made.folder}: {len(made.files)} new files")
    print("\n".join(f"  {file}" for file in made.files))
    for changed in made.changed:
        print(f"changed: {changed}, which names the environment now")
    tests = sorted({layout.env_tests, layout.tests})
    if layout.own:
        print("next, in that folder: pip install -e '.[tools]' pytest && python -m pytest")
        print("README.md says what to replace")
    else:
        print(f"next: uv run pytest {' '.join(tests)}; then {layout.page} says what to replace")
    return 0


if __name__ == "__main__":
    sys.exit(main())
