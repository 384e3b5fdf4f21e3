"""Seeded bugs as changes of a source text, which scripted agents begin with and take back."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path

import msgspec

from translator import plugins
from translator.errors import AgentError
from translator.project import Project
from verification.mutants.mutant import Mutant, MutantError
from verification.mutants.points import find_point


class Bug(msgspec.Struct, frozen=True):
    """One slip in one file of a solution, from the plugin's catalogue.

    `owners`: modules of the fields in which it shows first; `changes`: what is wrong with it, in words.
    """

    id: str
    place: str
    mutant: Mutant

    @property
    def owners(self) -> tuple[str, ...]:
        """Modules of the fields in which it shows first."""
        return self.mutant.owner

    @property
    def changes(self) -> str:
        """Words for what is wrong with it."""
        return self.mutant.changes

    def apply(self, text: str) -> str:
        """The text with the bug. `MutantError` where its place is not found."""
        point = find_point(ast.parse(text), 1, self.mutant)
        node, new = point.node, point.new
        assert isinstance(node, ast.expr | ast.stmt)
        lines = text.splitlines(keepends=True)
        start = _offset(lines, node.lineno, node.col_offset)
        end = _offset(lines, node.end_lineno or node.lineno, node.end_col_offset or 0)
        if isinstance(new, list):
            indent = " " * node.col_offset
            written = f"\n{indent}".join(ast.unparse(one) for one in new)
        else:
            written = f"({ast.unparse(new)})"
        return text[:start] + written + text[end:]


class Slip(msgspec.Struct, frozen=True):
    """As `Bug`, from the project itself: a text that stands once in the file, and the one in its place."""

    id: str
    place: str
    old: str
    new: str
    owners: tuple[str, ...] = ()
    changes: str = ""

    def apply(self, text: str) -> str:
        """The text with the slip. `MutantError` where its place is not found, or found more than once."""
        if text.count(self.old) != 1:
            raise MutantError(f"slip {self.id}: {self.old!r} stands {text.count(self.old)} times in {self.place}")
        return text.replace(self.old, self.new)


class Material(msgspec.Struct, frozen=True):
    """Material of scripted agents: files of a true translation (place in the tree → text), and bugs for them."""

    solution: dict[str, str]
    bugs: tuple[Bug | Slip, ...] = ()

    def written(self, bugs: Sequence[Bug | Slip]) -> dict[str, str]:
        """The files with these bugs in them. `MutantError` for two that change the same place."""
        found = dict(self.solution)
        for bug in bugs:
            found[bug.place] = bug.apply(found[bug.place])
        return found


def material(project: Project, folder: Path) -> Material:
    """Material of a project. `AgentError` where it has none, or a file of it is missing."""
    solution = project.simulation.solution
    if not solution:
        raise AgentError(
            "scripted agents need a true translation to work from: name its files in [simulation.solution], "
            "or choose another agent"
        )
    texts = {}
    for name, place in solution.items():
        if not (folder / name).is_file():
            raise AgentError(f"simulation.solution: {folder / name}: there is no such file; mend the entry")
        texts[place] = (folder / name).read_text("utf-8")
    return Material(texts, (*_bugs(project, texts), *_slips(project, texts)))


def _slips(project: Project, texts: dict[str, str]) -> tuple[Slip, ...]:
    """The project's own. `AgentError` for one whose place is not there."""
    found = []
    for one in project.simulation.slip:
        place = project.simulation.solution.get(one.file)
        if place is None:
            known = ", ".join(project.simulation.solution)
            raise AgentError(f"simulation.slip {one.id!r}: {one.file!r} is no file of simulation.solution ({known})")
        slip = Slip(one.id, place, one.old, one.new, one.owners, one.changes)
        try:
            slip.apply(texts[place])
        except MutantError as error:
            raise AgentError(f"simulation.slip: {error}; mend its `old`") from error
        found.append(slip)
    return tuple(found)


def _bugs(project: Project, texts: dict[str, str]) -> tuple[Bug, ...]:
    """The plugin's mutants that fit a file of the solution."""
    plugin = plugins.load(project.reference.plugin)
    found = []
    for mutant in plugin.mutants.seeded() if plugin.mutants.seeded else ():
        for place, text in texts.items():
            if Path(place).stem != mutant.module.rpartition(".")[2]:
                continue
            bug = Bug(mutant.id, place, mutant)
            try:
                bug.apply(text)
            except MutantError:
                continue
            found.append(bug)
    return tuple(found)


def _offset(lines: Sequence[str], line: int, column: int) -> int:
    """Characters before a place of a syntax tree, whose columns count bytes."""
    inside = lines[line - 1].encode()[:column].decode()
    return sum(map(len, lines[: line - 1])) + len(inside)
