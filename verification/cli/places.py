"""Places that a command writes to: looked at before hours of work, and held while it runs."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from pathlib import Path

from jaxenv.commands import files
from verification.cases import FAILURES_REMEDY, REMEDY
from verification.cli import measure
from verification.reporting.files import pages


@contextlib.contextmanager
def held(options: argparse.Namespace) -> Iterator[None]:
    """Keep other processes from the file of results, if the command has one, while the block runs.

    Raises `files.StorageError` for a file or folder that cannot be written or that another process writes,
    `validate.ReportError` for a report of a name that its pages would take.
    """
    out: Path | None = getattr(options, "json", None)
    failures: Path | None = getattr(options, "failures", None)
    for file in _written(options.command, out):
        files.check_writable(file, REMEDY)
    if failures is not None:
        files.check_folder(failures, FAILURES_REMEDY)
    with files.alone(out, REMEDY):
        yield


def _written(command: str, out: Path | None) -> tuple[Path, ...]:
    if out is None:
        return ()
    report = measure.report_path(out) if command == "mutants" else out
    return (*dict.fromkeys((out, report)), *pages(report))
