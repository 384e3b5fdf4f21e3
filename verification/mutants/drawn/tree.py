"""Copies of the packages in a folder of their own, where one file at a time is changed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

import families
from verification.mutants.drawn import data
from verification.mutants.drawn.discover import CONTRACT, root_of
from verification.mutants.drawn.edits import Edit

_TOOLS = ("verification", "families", "references", "leaderboard", "jaxlanes")
# A probe of a line; it stands in the changed file only.
_PROBE = "__import__('builtins').__mutation_ran__ = True"


class Tree:
    """A folder with copies of the environment's packages, of the contract and of the tools, for one process at a time.

    Whole copies, so that child processes, data files and whatever hashes sources meet the changed file too.
    """

    def __init__(self, folder: Path, packages: Sequence[str]) -> None:
        self.folder = folder
        for package in dict.fromkeys((*packages, CONTRACT, *_TOOLS)):
            spec = importlib.util.find_spec(package)
            if spec is None:
                continue
            root = root_of(package)
            if spec.submodule_search_locations:
                shutil.copytree(root / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(str(spec.origin), folder)
        regression = root_of("verification") / "tests" / "regression"
        if regression.is_dir():
            (folder / "tests").mkdir()
            (folder / "tests" / "regression").symlink_to(regression)

    def environment(self) -> dict[str, str]:
        """Variables of a process that imports the copies; what it compiles is kept in this folder's neighbours."""
        paths = [str(self.folder), os.getcwd(), *sys.path]
        kept = self.folder.parent
        return {
            **os.environ,
            **families.handed_on(),
            "PYTHONPATH": os.pathsep.join(dict.fromkeys(path for path in paths if path)),
            "JAXLANES_CACHE": str(kept / "kernels"),
            "JAX_COMPILATION_CACHE_DIR": str(kept / "compiled"),
        }

    @contextmanager
    def planted(self, edit: Edit | None) -> Iterator[None]:
        """The folder with that change in it, for a while."""
        if edit is None:
            yield
            return
        path = self.folder / edit.file
        before = path.read_bytes()
        try:
            if edit.is_data:
                data.apply(path, edit)
            else:
                _write(path, probed(edit, before.decode("utf-8")).encode("utf-8"))
            yield
        finally:
            _write(path, before)


def _write(path: Path, content: bytes) -> None:
    """Write a file; its byte code is dropped, because its age and size alone would not tell it from another's."""
    path.write_bytes(content)
    if path.suffix == ".py":
        Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)


def probed(edit: Edit, source: str) -> str:
    """The changed source, with a mark before the changed statement that says when it runs."""
    changed = edit.applied(source)
    wrapper = MetadataWrapper(cst.parse_module(changed), unsafe_skip_copy=True)
    positions = wrapper.resolve(PositionProvider)
    best: cst.CSTNode | None = None
    for node, place in positions.items():
        if isinstance(node, cst.SimpleStatementLine | cst.BaseCompoundStatement) and (
            place.start.line <= edit.line <= place.end.line
        ):
            inner = best is None or positions[best].start.line < place.start.line
            best = node if inner and not _is_elif(place, changed) else best
    if best is None:
        return changed
    lines = changed.splitlines(keepends=True)
    start = positions[best].start
    indent = lines[start.line - 1][: start.column]
    if indent.strip():  # after a colon or a semicolon
        return changed
    decorators = getattr(best, "decorators", ())
    first = min([start.line, *(positions[decorator].start.line for decorator in decorators)])
    lines.insert(first - 1, f"{indent}{_PROBE}\n")
    return "".join(lines)


def _is_elif(place: CodeRange, source: str) -> bool:
    return source.splitlines()[place.start.line - 1][place.start.column :].startswith("elif")
