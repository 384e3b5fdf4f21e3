"""The report's files: HTML and Markdown beside the JSON, each written whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from verification.cases import write_text
from verification.reporting import html, markdown
from verification.reporting.validate import ReportError, validate


def render_files(report: dict[str, Any], json_path: Path) -> list[Path]:
    """Write `json_path` with the endings .html and .md, and return both paths.

    Raises `validate.ReportError` for what is not a report, `TypeError` for values that JSON has no word for, and
    `OSError` where nothing can be written.
    """
    if json_path.suffix in (".html", ".md"):
        raise ReportError(f"{json_path}: the pages would overwrite the report; give the JSON a name that ends in .json")
    plain = json.loads(json.dumps(report))
    validate(plain, str(json_path))
    pages = {".html": html.render(plain), ".md": markdown.render(plain)}
    return [write_text(json_path.with_suffix(suffix), text) for suffix, text in pages.items()]
