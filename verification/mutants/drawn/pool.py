"""Draw of N bugs: nobody chooses them, and one seed gives the same ones again."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from verification.mutants.drawn import data
from verification.mutants.drawn.discover import Targets, root_of
from verification.mutants.drawn.edits import Edit, changes_program
from verification.mutants.drawn.rules import edits_of, lines_of
from verification.mutants.mutant import MutantError

SHARES = {"environment": 0.7, "contract": 0.2, "data": 0.1}
"""Share of the draws that each kind of file gets; where there is none of a kind, its share goes to the others."""


@dataclass(frozen=True)
class Drawn:
    """A bug: its edit, the kind of file that it changes, its stable id and its patch."""

    edit: Edit
    kind: str
    id: str
    patch: str


def draw(targets: Targets, count: int, seed: int) -> list[Drawn]:
    """`count` different bugs; the first ones of a longer draw are those of a shorter one.

    A kind of file is drawn by `SHARES`, then a line of source that no bug has changed yet, then one of the changes
    that the rules make of it. A `MutantError` says how many there are when fewer than `count`.
    """
    rng = random.Random(seed)
    sources = {
        file: (root_of(name.partition(".")[0]) / file).read_text("utf-8")
        for name, file in {**targets.modules, **targets.contract}.items()
    }
    waiting: dict[str, Iterator[Edit]] = {
        "environment": _lines(rng, targets.modules, sources),
        "contract": _lines(rng, targets.contract, sources),
        "data": _values(rng, targets.data),
    }
    found: list[Drawn] = []
    seen: set[str] = set()
    while waiting and len(found) < count:
        kinds = list(waiting)
        kind = rng.choices(kinds, [SHARES[kind] for kind in kinds])[0]
        edit = next(waiting[kind], None)
        if edit is None:
            del waiting[kind]
            continue
        source = sources.get(edit.file, "")
        drawn = Drawn(edit, kind, edit.id(source), edit.patch(source))
        if drawn.id not in seen:
            seen.add(drawn.id)
            found.append(drawn)
    if len(found) < count:
        files = len(targets.modules) + len(targets.contract) + len(targets.data)
        raise MutantError(f"{count} random mutants asked for, but the {files} files hold lines for {len(found)} only")
    return found


def _lines(rng: random.Random, modules: Mapping[str, str], sources: Mapping[str, str]) -> Iterator[Edit]:
    """One change of each line, the lines in random order."""
    lines = [edits for name, file in sorted(modules.items()) for edits in lines_of(edits_of(name, file, sources[file]))]
    rng.shuffle(lines)
    for edits in lines:
        for edit in rng.sample(edits, len(edits)):
            if changes_program(edit, sources[edit.file]):
                yield edit
                break


def _values(rng: random.Random, files: Sequence[str]) -> Iterator[Edit]:
    roots = {file: root_of(Path(file).parts[0]) for file in files}
    tries = 0
    while files and tries < 100_000:
        tries += 1
        file = rng.choice(files)
        yield data.draw_change(rng, roots[file], file)
