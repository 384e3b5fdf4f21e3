"""Files that appear all at once, or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from families.new.errors import NewFamilyError


def new_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Make `folder` with these files. Raises NewFamilyError where something is there already, or it cannot be made."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NewFamilyError(f"--out {folder}: exists already; choose another folder, or move that away")
    with _built(folder.parent, files) as temporary:
        try:
            os.replace(temporary, folder)
        except OSError as error:  # another process was faster
            raise NewFamilyError(f"--out {folder}: {error.strerror or error}; choose another folder") from error


def into(folder: Path, files: Mapping[str, str], changed: Mapping[str, str]) -> None:
    """Add `files` to a folder, of which only new folders and files are made, and give `changed` ones their new text.

    Raises NewFamilyError, and has then undone what it had begun.
    """
    before = {path: (folder / path).read_text("utf-8") for path in changed}
    moved: list[Path] = []
    with _built(folder, {**files, **changed}) as temporary:
        try:
            for path in _tops(folder, files):
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                os.rename(temporary / path, folder / path)
                moved.append(folder / path)
            for path in changed:
                os.replace(temporary / path, folder / path)
        except BaseException:
            for path in moved:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            for path, text in before.items():
                (folder / path).write_text(text, "utf-8")
            raise


@contextmanager
def _built(parent: Path, files: Mapping[str, str]) -> Iterator[Path]:
    """A temporary folder in `parent`, on the same file system, with these files."""
    temporary = None
    try:
        parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".new-", dir=parent))
        temporary.chmod(0o755)
        for path, text in files.items():
            (temporary / path).parent.mkdir(parents=True, exist_ok=True)
            (temporary / path).write_text(text, "utf-8")
        yield temporary
    except OSError as error:
        raise NewFamilyError(
            f"{parent}: cannot be written ({error.strerror or error}); choose another --out"
        ) from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def _tops(folder: Path, files: Mapping[str, str]) -> list[str]:
    """The outermost new folder or file of each path."""
    found: dict[str, None] = {}
    for path in files:
        parts = Path(path).parts
        ends = range(1, len(parts) + 1)
        found[next("/".join(parts[:end]) for end in ends if not (folder / Path(*parts[:end])).exists())] = None
    return list(found)
