"""The report's files: HTML and Markdown beside the JSON, each written whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jaxenv.commands import files
from verification.cases import REMEDY
from verification.reporting import html, markdown
from verification.reporting.validate import ReportError, validate


def pages(json_path: Path) -> tuple[Path, Path]:
    """Paths of a report's HTML and Markdown. Raises `validate.ReportError` for a report of such a name."""
    if json_path.suffix in (".html", ".md"):
        raise ReportError(f"{json_path}: the pages would overwrite the report; give the JSON a name that ends in .json")
    return json_path.with_suffix(".html"), json_path.with_suffix(".md")


def render_files(report: dict[str, Any], json_path: Path, remedy: str = REMEDY) -> list[Path]:
    """Write `json_path` with the endings .html and .md, and return both paths.

    Raises `validate.ReportError` for what is not a report, `TypeError` for values that JSON has no word for, and
    `files.StorageError` where nothing can be written.
    """
    paths = pages(json_path)
    plain = json.loads(json.dumps(report))
    validate(plain, str(json_path))
    texts = (html.render(plain), markdown.render(plain))
    files.write_all(dict(zip(paths, texts, strict=True)), remedy)
    return list(paths)
