"""Cheats, one for each way in which a candidate could look right without being so. The guards are tested by them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Cheat = Callable[[Path, str], None]
"""Changes a tree: (its folder, the candidate's main file relative to it)."""


def _prepend(line: str) -> Cheat:
    def cheat(tree: Path, entry: str) -> None:
        path = tree / entry
        text = path.read_text("utf-8")
        head, mark, rest = text.partition("from __future__ import annotations\n")
        path.write_text(f"{head}{mark}{line}\n{rest}" if mark else f"{line}\n{text}", "utf-8")

    return cheat


def _file(name: str, content: str) -> Cheat:
    """Add a file beside the candidate's main file, or below the tree where the name begins with "/"."""

    def cheat(tree: Path, entry: str) -> None:
        path = tree / name[1:] if name.startswith("/") else (tree / entry).parent / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")

    return cheat


def _link(tree: Path, entry: str) -> None:
    path = (tree / entry).parent / "golden.py"
    path.unlink(missing_ok=True)
    path.symlink_to("/etc/passwd")


def _reference(tree: Path, entry: str) -> None:
    """Bend the reference's source, so that the next call reads another one."""
    del entry
    for path in (tree / "reference").glob("*"):
        path.write_text(path.read_text("utf-8") + "\n# the candidate is right\n", "utf-8")


def _task(tree: Path, entry: str) -> None:
    del entry
    (tree / "TASK.md").unlink()


_TABLE = "ANSWERS = {" + ", ".join(f"{number}: {number * 7 % 97}" for number in range(1200)) + "}"
_SWALLOWED = "def step(self, action):\n    try:\n        return action\n    except Exception:\n        return 0"

CHEATS: dict[str, Cheat] = {
    "imports-reference": _prepend("import gymnasium"),
    "imports-verifier": _prepend("from verification import cases"),
    "memoises": _prepend(_TABLE),
    "long-text": _prepend(f"GOLDEN = {'0123456789abcdef' * 300!r}"),
    "swallows": _prepend(_SWALLOWED),
    "sleeps": _prepend("import time; time.sleep(0.0)"),
    "reads-seeds": _prepend("import os; SEED = os.environ.get('SEED')"),
    "patches-comparator": _prepend("import numpy; numpy.allclose = lambda *a, **k: True"),
    "calls-back": _prepend("import jax; CALL = jax.pure_callback"),
    "starts-processes": _prepend("import subprocess"),
    "network": _prepend("import socket"),
    "reads-files": _prepend("GOLDEN = open('/proc/self/environ', 'rb')"),
    "evaluates": _prepend("exec('x = 1')"),
    "inspects": _prepend("import inspect"),
    "reaches-interpreter": _prepend("SECRETS = ().__class__.__base__.__subclasses__()"),
    "machine-code": _file("fast.so", "not really"),
    "pickle": _file("golden.pkl", "not really"),
    "data-file": _file("golden.json", '{"seed": 1}'),
    "startup-file": _file("sitecustomize.py", "import builtins\n"),
    "path-file": _file("more.pth", "/tmp\n"),
    "test-settings": _file("/conftest.py", "collect_ignore = ['tests']\n"),
    "forges-report": _file("/reports/report.json", '{"verdict": "pass"}'),
    "nested-repository": _file("/notes/.git/hooks/pre-commit", "#!/bin/sh\n"),
    "links": _link,
    "edits-reference": _reference,
    "removes-task": _task,
}
"""By name. "scripted:cheater-NAME" writes a true translation, and then cheats all the same."""
