"""`.ci/claims` knows every command of the documents, and sees a claim that does not hold."""

from __future__ import annotations

import fnmatch
import importlib.machinery
import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = """
```sh
uv run echo equal  # a comment
uv run false
```

```python
not_a_command()
```
"""
TABLE = """
[files]
"team.txt" = "Tauros"

[[claim]]
document = "README.md"
command = "uv run echo equal"
prints = "^equal$"

[[claim]]
document = "README.md"
command = "uv run false"
"""


@pytest.fixture(scope="module")
def claims() -> Iterator[Any]:
    path = str(ROOT / ".ci" / "claims")
    loader = importlib.machinery.SourceFileLoader("claims", path)
    spec = importlib.util.spec_from_loader("claims", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["claims"] = module
    loader.exec_module(module)
    yield module
    del sys.modules["claims"]


@pytest.fixture
def table(claims: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "README.md").write_text(PAGE)
    path = tmp_path / "claims.toml"
    path.write_text(TABLE)
    load = claims.load
    monkeypatch.setattr(claims, "load", lambda: load(path, tmp_path))
    return path


def test_every_command_of_the_documents_is_claimed(claims: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert claims.main(["--list"]) == 0
    listed = capsys.readouterr().out
    assert "README.md: pokejax quickstart" in listed and len(listed.splitlines()) >= 30


def test_files_of_the_repository_are_given(claims: Any) -> None:
    """A command runs in an empty folder, so that it needs each file of the repository that it names."""
    chosen, given = claims.load()
    lacking = [
        (claim.command, word)
        for claim in chosen
        if not claim.not_run(full=True)
        for word in claim.typed(full=True).split()
        if "/" in word and word.endswith((".py", ".json", ".txt")) and (ROOT / word).is_file()
        if word not in claim.needs and "pytest" not in claim.command
    ]
    assert not lacking
    assert all((ROOT / text[1:]).is_file() for text in given.values() if text.startswith("@"))


def test_what_holds_and_what_does_not(
    claims: Any, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert claims.main(["--json", str(tmp_path / "kept.json")]) == 1
    said = capsys.readouterr().out
    assert "README.md: echo equal\n    holds" in said and "1 of 2 claims hold" in said
    assert "exit status 1, said to be 0" in said
    kept = json.loads((tmp_path / "kept.json").read_text())
    assert [row["status"] for row in kept["claims"]] == [0, 1] and kept["made_with"]["commit"]
    assert claims.main(["--only", "echo"]) == 0
    table.write_text(TABLE.replace("^equal$", "^same$"))
    assert claims.main(["--only", "echo"]) == 1
    assert "it does not print '^same$'" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("uv run false", "uv run true"), "README.md: no entry for: uv run false"),
        (('"uv run false"', '"uv run gone"'), "README.md has no such command: uv run gone"),
    ],
)
def test_a_table_that_is_behind_the_documents(
    claims: Any, table: Path, change: tuple[str, str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    table.write_text(TABLE.replace(*change))
    assert claims.main([]) == 2
    assert message in capsys.readouterr().err


def test_no_command_of_that_name(claims: Any, table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert claims.main(["--only", "nothing"]) == 2
    assert "--only 'nothing': in no command of README.md; --list names them" in capsys.readouterr().err


def test_the_checks_run_all_documents(claims: Any) -> None:
    steps = (ROOT / ".ci" / "run").read_text().splitlines()
    patterns = [
        word.strip("'") for line in steps for word in re.sub("[\"']", "", line).partition("--documents ")[2].split()
    ]
    for document in {claim.document for claim in claims.load()[0]}:
        assert sum(fnmatch.fnmatch(document, pattern) for pattern in patterns) == 1, document


def test_documents_can_be_chosen(claims: Any, table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert claims.main(["--list", "--documents", "READ*"]) == 0
    assert capsys.readouterr().out == "README.md: echo equal\nREADME.md: false\n"
    assert claims.main(["--documents", "docs/*"]) == 2
    assert "no document is named like docs/*" in capsys.readouterr().err
