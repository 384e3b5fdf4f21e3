"""Every Python block of README.md and docs/ runs as it stands there.

Blocks of one page share their names and run in order, in an empty folder. A line before a block says what else becomes
of it; no reader sees it:

    <!-- code: needs NAME -->      the library of tests/compat/test_NAME.py; the block stands alone, and
                                   `DOCS_GROUP=NAME`, which `.ci/compat NAME` sets, runs the blocks of that library
    <!-- code: run by FILE -->     a test of its own, which names the page
    <!-- code: not run: REASON --> it is compiled only
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import os
import re
import runpy
import types
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
GROUP = os.environ.get("DOCS_GROUP", "")
"""Run only the blocks that need this library, and let none be left out."""
_FENCE = re.compile(r"(?:^<!-- code: ([^\n]*?) -->\n+)?^( *)```(?:python|py)\b[^\n]*\n(.*?)^\2```$", re.M | re.S)
_MARK = re.compile(r"needs (?P<needs>\w+)|run by (?P<by>\S+)|not run: (?P<reason>.+)")
ELSEWHERE = {ROOT / "README.md": "tests/pokejax/test_readme.py"}
"""Pages all of whose blocks a test of their own runs: README.md has no line to spare for marks."""
LIBRARIES: dict[str, tuple[str, ...]] = {
    **runpy.run_path(str(ROOT / "tests" / "compat" / "conftest.py"))["LIBRARIES"],
    "emurust": ("emurust._native",),
}


@dataclass(frozen=True)
class Block:
    """A block of a page. `line` is that of its fence."""

    page: Path
    line: int
    text: str
    needs: str = ""
    by: str = ""
    reason: str = ""

    def compiled(self) -> types.CodeType:
        """Its code, with the lines of the page; `await` may stand outside functions."""
        source = "\n" * self.line + self.text
        return compile(source, str(self.page), "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)

    def run(self, names: dict[str, Any]) -> None:
        """Run it with the names of the blocks before it."""
        result = eval(self.compiled(), names)  # code of a block with `await` gives a coroutine
        if inspect.iscoroutine(result):
            asyncio.run(result)


def blocks(page: Path) -> list[Block]:
    """The Python blocks of a page. Raises ValueError, with the place, for a mark that is none."""
    text, found = page.read_text("utf-8"), []
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start(3))
        mark = _MARK.fullmatch(match[1]) if match[1] else None
        if match[1] and mark is None:
            raise ValueError(
                f"{page}:{line}: {match[1]!r} is no mark; write needs NAME, run by FILE or not run: REASON"
            )
        given = {name: value or "" for name, value in (mark.groupdict() if mark else {}).items()}
        given["by"] = given.get("by") or ELSEWHERE.get(page, "")
        found.append(Block(page, line, inspect.cleandoc(match[3]) if match[2] else match[3], **given))
    return found


def has(needs: str) -> bool:
    """The library is installed."""
    try:
        return all(find_spec(module) is not None for module in LIBRARIES[needs])
    except ModuleNotFoundError:  # the package around the module
        return False


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix() if page.is_relative_to(ROOT) else page.name


def chosen(page: Path) -> list[Block]:
    """The blocks that this run is about."""
    return [block for block in blocks(page) if GROUP in ("", block.needs)]


def check(page: Path, group: str = "") -> int:
    """Run a page's blocks, or those that need the library `group`; the number that ran."""
    names: dict[str, Any] = {"__name__": "documented"}
    ran = 0
    for block in blocks(page):
        block.compiled()
        if block.by or block.reason or (group and block.needs != group):
            continue
        if block.needs and not group and not has(block.needs):
            continue
        block.run({"__name__": "documented"} if block.needs else names)
        ran += 1
    return ran


@pytest.mark.promotes
# A library without a block has the first page, of which nothing runs: no test at all would count as a skip.
@pytest.mark.parametrize("page", [page for page in PAGES if chosen(page)] or PAGES[:1], ids=name_of)
def test_the_code_of_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    plain = [block for block in chosen(page) if GROUP or not (block.needs or block.by or block.reason)]
    assert check(page, GROUP) >= len(plain)


def test_marks_name_what_there_is() -> None:
    marked = [block for page in PAGES for block in blocks(page)]
    assert len(marked) > 20
    for block in marked:
        where = f"{name_of(block.page)}:{block.line}"
        assert not block.needs or block.needs in LIBRARIES, f"{where}: no test of {block.needs} in tests/compat"
        if block.by:
            text = (ROOT / block.by).read_text("utf-8")
            assert block.page.name in text, f"{where}: {block.by} does not name {block.page.name}"


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("```python\nraise KeyError('x')\n```", KeyError, "x"),
        ("```python\nwrong(\n```", SyntaxError, "never closed"),
        ("<!-- code: not run: why -->\n```python\nwrong(\n```", SyntaxError, "never closed"),
        ("<!-- code: later -->\n```python\npass\n```", ValueError, "'later' is no mark"),
        ("```python\nx = 1\n```\n\n```py\nassert x == 2, 'other'\n```", AssertionError, "other"),
    ],
)
def test_a_block_that_fails_is_seen(tmp_path: Path, text: str, error: type[Exception], said: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# A page\n\n{text}\n", "utf-8")
    with pytest.raises(error, match=said):
        check(page)


def test_blocks_run_in_order_and_know_their_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    text = "```python\nx = 1\n```\n\n```sh\nno\n```\n\n<!-- code: not run: no -->\n\n```python\nx = y\n```\n"
    page.write_text(text + '```py title="a.py"\nimport asyncio\nawait asyncio.sleep(0)\nassert x == 1\n```\n', "utf-8")
    assert [block.line for block in blocks(page)] == [1, 11, 14]
    assert check(page) == 2
    assert check(page, "present") == 0
    page.write_text("<!-- code: needs present -->\n```python\n1 / 0\n```\n", "utf-8")
    monkeypatch.setitem(LIBRARIES, "present", ("no_such_library",))
    assert check(page) == 0
    monkeypatch.setitem(LIBRARIES, "present", ("json",))
    for group in ("", "present"):
        with pytest.raises(ZeroDivisionError):
            check(page, group)
