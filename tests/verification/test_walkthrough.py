"""`docs/verify-your-own.md` is typed as it is written: its files are made, its commands run, its output looked for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from compiled_quickly import compiled_quickly  # noqa: F401 (a fixture)

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "verify-your-own.md"
LAUNCHER = "uv run python"


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the file that it is ("" for none), and its text."""

    language: str
    title: str
    text: str


def blocks():
    found = re.findall(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
    return [Block(*block) for block in found]


def pattern(line):
    """An output line as a regular expression; "…" is anything."""
    return ".*".join(re.escape(part) for part in line.strip().split("…"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A place that looks like the root of a checkout to relative paths."""
    made = tmp_path_factory.mktemp("walkthrough")
    for name in ("families", "verification"):
        (made / name).symlink_to(ROOT / name)
    return made


def install(folder, pyproject):
    """Leave the package's entry points for others to see, as `uv pip install -e` does."""
    project = tomllib.loads(pyproject)["project"]
    made = folder / f"{project['name']}-{project['version']}.dist-info"
    made.mkdir()
    (made / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items())
        for group, entries in project["entry-points"].items()
    ]
    (made / "entry_points.txt").write_text("\n".join(groups))


def run(folder, line):
    """(exit status, output) of one command line of the document."""
    command = line.partition("  # ")[0].replace(LAUNCHER, f"'{sys.executable}'")
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_walkthrough_works_as_it_is_written(folder):
    output = ""
    for block in blocks():
        if block.language == "toml":
            install(folder, block.text)
        elif block.title:
            (folder / block.title).write_text(block.text)
        elif block.language == "sh":
            output = ""
            for line in block.text.splitlines():
                expected = int(line.partition("  # exits ")[2] or 0)
                status, said = run(folder, line)
                assert status == expected, f"{line}\nexited with {status}:\n{said[-3000:]}"
                output += said
        elif block.language == "text":
            place = 0
            for line in block.text.splitlines():
                if line.strip() == "…":
                    continue
                match = re.compile(pattern(line)).search(output, place)
                assert match, f"the document shows {line!r}; after it came:\n{output[place:][-3000:]}"
                place = match.end()
    assert (folder / "out" / "polecart.html").exists() and (folder / "out" / "polecart.md").exists()


def test_the_document_shows_the_example_that_is_in_the_repository():
    """The plugin as shown is `families/cartpole/verify/plugin.py` under its own name; some ninety lines of it."""
    shown = next(block.text for block in blocks() if block.title == "polecart/plugin.py")
    source = (ROOT / "families/cartpole/verify/plugin.py").read_text()
    source = source.replace("families.cartpole.verify", "polecart").replace("families.cartpole", "polecart")
    assert shown == source.replace('env="example/cartpole"', 'env="polecart.plugin:plugin"')
    lines = [line for line in shown.partition("\nPACKAGE")[2].splitlines() if line.strip()]  # after the imports
    assert len(lines) <= 90


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", DOCUMENT.read_text()):
        assert (DOCUMENT.parent / target).exists(), target
