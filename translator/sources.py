"""Sources of the reference: the files that the agent reads, wherever they lie."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path, PurePosixPath

from references.protocol import ReferenceUnavailableError
from translator.errors import ProjectError
from translator.project import Project


def source_files(project: Project, folder: Path) -> dict[str, Path]:
    """Name in the run's `reference/` → file. `ProjectError` for a source that is not to be had, or two of one name."""
    found: dict[str, Path] = {}
    for source in project.reference.sources:
        root, inside = _place(source, folder)
        files = sorted(path for path in root.glob(inside) if path.is_file())
        if not files:
            raise ProjectError(f"reference.sources: {source!r}: there is no file {root / inside}; mend the entry")
        for path in files:
            if found.get(path.name, path) != path:
                raise ProjectError(f"reference.sources: two files are called {path.name}; leave one of them out")
            found[path.name] = path
    return found


def _place(source: str, folder: Path) -> tuple[Path, str]:
    """The folder of a source, and the name or pattern in it."""
    package, colon, inside = source.partition(":")
    if not colon:
        given = PurePosixPath(source)
        if given.is_absolute():
            return Path(given.anchor), str(given.relative_to(given.anchor))
        return folder, source
    function, call, rest = inside.partition("()/")
    if call:
        return _fetched(source, package, function), rest
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ProjectError(f"reference.sources: package {package!r} of {source!r} is not installed: install it")
    return Path(next(iter(spec.submodule_search_locations))), inside


def _fetched(source: str, module: str, function: str) -> Path:
    try:
        return Path(getattr(importlib.import_module(module), function)())
    except (ImportError, AttributeError, ReferenceUnavailableError) as error:
        raise ProjectError(f"reference.sources: {source!r}: {error}") from error
