"""Names that a family may have: a package, a folder and the first part of its ids bear it."""

from __future__ import annotations

import importlib.util
import keyword
import re
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import families
from families.new.errors import NewFamilyError

LONGEST = 16
"""Letters: module paths and ids that hold the name have to fit a line."""
REMEDY = "choose another name"


def class_name(name: str) -> str:
    """ "lunar_rover" → "LunarRover"."""
    return "".join(part.capitalize() for part in name.split("_"))


def check_spelling(name: str) -> None:
    """Raise NewFamilyError for what cannot be a package's name, or is too long for one."""
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        raise NewFamilyError(f"NAME {name!r}: it is a keyword of Python; {REMEDY}")
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        raise NewFamilyError(
            f"NAME {name!r}: a family is named as its package, in small letters, digits and single underscores, a "
            f"letter first, as in 'lunar_rover'; {REMEDY}"
        )
    if len(name) > LONGEST:
        raise NewFamilyError(f"NAME {name!r}: it has {len(name)} letters, at most {LONGEST} fit; choose a shorter one")


def check_free(name: str, checkout: Path | None) -> None:
    """Raise NewFamilyError for a name that something else has: a family, a folder of the checkout, a package."""
    taken = [family for family in families.families() if family.name == name]
    if taken:
        raise NewFamilyError(f"NAME {name!r}: there is a family of that name ({taken[0].reference}); {REMEDY}")
    if name in sys.stdlib_module_names:
        raise NewFamilyError(f"NAME {name!r}: it is a module of Python's own library; {REMEDY}")
    for path in _places(name, checkout) if checkout else ():
        if path.exists():
            raise NewFamilyError(f"NAME {name!r}: {path} exists already; {REMEDY}, or move that away")
    found = importlib.util.find_spec(name)
    if found is not None:
        where = found.origin or next(iter(found.submodule_search_locations or ()), "somewhere")
        raise NewFamilyError(f"NAME {name!r}: a module of that name is installed, {where}; {REMEDY}")
    try:
        version = distribution(name).version
    except PackageNotFoundError:
        return
    raise NewFamilyError(f"NAME {name!r}: a package of that name is installed, version {version}; {REMEDY}")


def _places(name: str, checkout: Path) -> list[Path]:
    folders = ("", "families", "references", "tests", "tests/families")
    names = (name, f"{name}.py")
    return [checkout / folder / each for folder in folders for each in names] + [checkout / "docs" / f"{name}.md"]
