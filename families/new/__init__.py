"""Generator of a family: every file around a toy environment, ready to be replaced piece by piece.

`template` is that family, in real modules. `create` copies it under another name, into a checkout of this repository or
as a package of its own.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from families.new import checkout, names, write
from families.new import layout as layouts
from families.new.errors import NewFamilyError
from families.new.layout import Layout, in_checkout, of_its_own
from jaxenv.commands import files

__all__ = ["Made", "NewFamilyError", "create"]


@dataclasses.dataclass(frozen=True)
class Made:
    """Result of `new`: the folder, the files in it, those that were changed, and the places of the family's parts."""

    folder: Path
    files: tuple[str, ...]
    changed: tuple[str, ...]
    layout: Layout


def create(name: str, out: Path | None = None) -> Made:
    """Write the family `name`. Raises NewFamilyError, and has then written nothing.

    `out`: a checkout of this repository, which gets the family beside its others, or a folder that does not exist yet,
    for a package of its own. By default the present folder if it is a checkout, else a folder of that name in it.
    """
    names.check_spelling(name)
    here = Path.cwd()
    folder = (out or (here if checkout.is_checkout(here) else here / name)).absolute()
    inside = checkout.is_checkout(folder)
    try:
        # Two families that are made at once would each write the table that they both have read.
        with files.alone(folder if inside else None, "choose another --out", folder=True):
            return _create(name, folder, inside)
    except files.StorageError as error:
        raise NewFamilyError(str(error)) from error


def _create(name: str, folder: Path, inside: bool) -> Made:
    names.check_free(name, folder if inside else None)
    layout = in_checkout(name) if inside else of_its_own(name)
    made = layouts.files(name, layout)
    if not inside:
        write.new_folder(folder, made)
        return Made(folder, tuple(made), (), layout)
    changed = checkout.edits(folder, name, layout)
    write.into(folder, made, changed)
    return Made(folder, tuple(made), tuple(changed), layout)
