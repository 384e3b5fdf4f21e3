"""References that die, hang or answer nonsense: a clear error with the remedy, no hang, and no verdict that is wrong.

The Node that the driver starts is a program of the test's, first on PATH; the C compiler of Pong is one too.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toy_pair

from references import timed_processes
from references.protocol import ReferenceFailedError, ReferenceUnavailableError
from references.showdown import client, install, live, scripts, steps
from references.showdown.gen1.fields import field_names
from references.showdown.workers import OP_HELLO, Worker, WorkerFailedError, WorkerPool
from verification.cli import main as verify

_NODE = """#!{python}
import struct, sys, time
if "-e" in sys.argv:
    print({path!r}); print("22.0.0"); sys.exit()
def frame(payload):
    sys.stdout.buffer.write(struct.pack("<I", len(payload)) + payload); sys.stdout.buffer.flush()
def answer(status, text=b"", data=b""):
    frame(struct.pack("<BI", status, len(text)) + text + data)
def request():
    (length,) = struct.unpack("<I", sys.stdin.buffer.read(4))
    return sys.stdin.buffer.read(length)
def raw(data):
    sys.stdout.buffer.write(data); sys.stdout.buffer.flush()
{behaviour}
"""
BEHAVIOURS: dict[str, tuple[str, str]] = {
    "dies at once": ("sys.exit('out of luck')", "died (status 1), saying: out of luck"),
    "dies at a request": (
        "request(); sys.stderr.write('no memory'); sys.exit(134)",
        "died (status 134)",
    ),
    "is killed": ("import os; request(); os.kill(os.getpid(), 9)", "died (status -9)"),
    "dies in its answer": ("request(); raw(struct.pack('<I', 100) + b'half'); sys.exit(0)", "died (status 0)"),
    "hangs": ("request(); time.sleep(1000)", "gave no answer within 1 s and was killed"),
    "hangs in its answer": ("request(); raw(struct.pack('<I', 100)); time.sleep(1000)", "gave no answer within 1 s"),
    "does not read": ("time.sleep(1000)", "gave no answer within 1 s and was killed"),
    "prints text": ("request(); print('Debugger attached.', flush=True); time.sleep(1000)", "answered nonsense"),
    "an empty answer": ("request(); frame(b''); time.sleep(1000)", "answered nonsense"),
    "a short answer": ("request(); frame(b'abc'); time.sleep(1000)", "answered nonsense"),
    "an unknown status": ("request(); answer(77); time.sleep(1000)", "answered nonsense"),
    "a text that is too long": ("request(); frame(struct.pack('<BI', 0, 999)); time.sleep(1000)", "answered nonsense"),
    "a text that is none": ("request(); answer(0, b'\\xff\\xfe'); time.sleep(1000)", "answered nonsense"),
}
"""Things that a worker does instead of answering, and the message for each."""
CONTENTS: dict[str, str] = {
    "no data": "request(); answer(0)",
    "odd data": "request(); answer(0, b'', b'abc')",
    "too much data": "request(); answer(0, b'', bytes(4 * 100_003))",
    "no JSON": "request(); answer(0, b'{', bytes(4 * 100_003))",
}
"""Answers of the right form that hold something else."""


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """A function that makes the Node of a behaviour."""
    folder = tmp_path / "bin"
    folder.mkdir()
    path = folder / "node"
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    install.install()  # by the real Node

    def make(behaviour: str) -> None:
        path.write_text(_NODE.format(python=sys.executable, path=str(path), behaviour=behaviour))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        install.node_command.cache_clear()
        assert install.node_command() == str(path)

    yield make
    install.node_command.cache_clear()


def check(said: str) -> None:
    """It names the reference and the remedy."""
    assert said.count("Pokémon Showdown: ") >= 1 and "Remedy: run the command again" in said
    assert "Showdown is installed anew" in said and str(install.cache_folder()) in said


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_a_worker(behaviour: str, node: Callable[[str], None]) -> None:
    code, words = BEHAVIOURS[behaviour]
    node(code)
    worker = Worker()
    began = time.monotonic()
    with pytest.raises(WorkerFailedError) as info:
        worker.call(OP_HELLO, b"", timeout=1 if "within 1 s" in words else 60)
    assert time.monotonic() - began < 50
    check(str(info.value))
    assert words in str(info.value) and f"worker {worker.pid} " in str(info.value), info.value
    assert not Path(f"/proc/{worker.pid}/cmdline").exists(), "it is ended"
    assert isinstance(info.value, ReferenceFailedError)


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("operation", ["teams", "replay", "play", "steps", "live"])
def test_answers_that_hold_something_else(operation: str, content: str, node: Callable[[str], None]) -> None:
    """Each operation knows how much its answer holds: nothing is taken for a state that is none."""
    node(f"while True: {CONTENTS[content]}")
    teams = np.zeros((2, 6, 16), np.uint16)
    job = client.BattleJob("gen1ou", (1, 2), teams, np.zeros((3, 2), np.uint8))
    records = np.zeros((1, len(field_names())), np.int32)
    with WorkerPool(1, timeout=60) as pool:
        calls: dict[str, Callable[[], Any]] = {
            "teams": lambda: client.make_teams(pool, "ou", (1, 2), 3),
            "replay": lambda: client.replay(pool, job),
            "play": lambda: client.play(pool, "gen1ou", (1, 2), teams),
            "steps": lambda: steps._run(pool, "gen1ou", teams[None], records, None, False),
        }
        if operation == "live":
            with live.LiveBattles(1, "gen1ou") as battles, pytest.raises(WorkerFailedError) as info:
                battles.open([0], np.ones((1, 2), np.uint32), teams[None])
        else:
            with pytest.MonkeyPatch.context() as patch, pytest.raises(WorkerFailedError) as info:
                patch.setattr(steps, "check_records", lambda *_: None)
                calls[operation]()
    check(str(info.value))


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [("sys.exit('no luck')", "ended with status 1:\nno luck"), ("time.sleep(1000)", "gave no answer within 1 s")],
)
def test_a_script(behaviour: str, words: str, node: Callable[[str], None]) -> None:
    node(behaviour)
    with pytest.raises(WorkerFailedError) as info:
        scripts.run_script("export_dex.js", timeout=1 if "1 s" in words else 60)
    check(str(info.value))
    assert f"export_dex.js {words}" in str(info.value)


class Driven(toy_pair.RestorableMonster):
    """A reference that asks a worker of Showdown's before each step."""

    def __init__(self) -> None:
        super().__init__("reference")
        self._pool = WorkerPool(1, timeout=2).__enter__()

    def reset(self, seed: int, options: Mapping[str, Any] | None = None) -> None:
        super().reset(seed, options)
        self._pool.call(OP_HELLO, b"")

    def step(self, actions: Mapping[str, Any]) -> None:
        super().step(actions)
        self._pool.call(OP_HELLO, b"")

    def close(self) -> None:
        self._pool.close()


def driven() -> Any:
    """Plugin whose reference is a worker's."""
    return toy_pair.make("test_references_fail:driven", reference=Driven)


@pytest.mark.parametrize("behaviour", ["dies at once", "hangs", "prints text"])
@pytest.mark.parametrize("answers", [0, 25])
def test_a_verification(
    behaviour: str, answers: int, node: Callable[[str], None], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """At its start and in the middle: never a verdict, but an error with status 3, in the report too."""
    count = tmp_path / "count"
    lines = (
        f"count = {str(count)!r}",
        "while True:",
        "    done = len(open(count).read()) if __import__('os').path.exists(count) else 0",
        f"    if done >= {answers}: break",
        "    request(); open(count, 'a').write('x'); answer(0, b'{}')",
        BEHAVIOURS[behaviour][0],
    )
    node("\n".join(lines))
    out = tmp_path / "r.json"
    began = time.monotonic()
    words = ["run", "test_references_fail:driven", "--levels", "3", "--episodes", "50"]
    assert verify([*words, "--json", str(out), "--failures", str(tmp_path / "cases")]) == 3
    assert time.monotonic() - began < 60
    report, said = json.loads(out.read_text()), capfd.readouterr().err
    assert report["verdict"] == "error" and "Traceback" not in said
    reasons = [report["reason"], *(check["reason"] for level in report["levels"] for check in level["checks"])]
    check("\n".join(reasons))
    assert not (tmp_path / "cases").exists()


# ---- PufferLib's Pong


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "file too short"), (b"\x7fELF" + bytes(100), "cannot be loaded"), (b"#!/bin/sh\n" * 99, "invalid ELF")],
)
def test_a_library_of_pong_that_is_damaged(
    content: bytes, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from references.puffer_pong import library

    path = tmp_path / "exact-0.so"
    path.write_bytes(content)
    monkeypatch.setattr(library, "compiled", lambda build: path)
    with pytest.raises(ReferenceUnavailableError) as info:
        library.Library("exact")
    said = str(info.value)
    assert "PufferLib's Pong cannot be loaded" in said and words in said and f"Remedy: delete {path}" in said


def test_a_library_of_pong_on_a_mount_without_leave_to_execute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import faults

    from references.puffer_pong import library

    source = tmp_path / "x.c"
    source.write_text("int x;")
    (tmp_path / "place").mkdir()
    path = tmp_path / "place" / "exact-0.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(path), str(source)], check=True)
    monkeypatch.setattr(library, "compiled", lambda build: path)
    with faults.no_exec(tmp_path / "place"), pytest.raises(ReferenceUnavailableError) as info:
        library.Library("exact")
    assert "failed to map segment" in str(info.value) and "POKEJAX_CACHE_DIR" in str(info.value)


def test_a_compiler_of_pong_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from references.puffer_pong import compiler

    path = tmp_path / "cc"
    path.write_text(f"#!{sys.executable}\nimport time; time.sleep(1000)\n")
    path.chmod(0o755)
    monkeypatch.setattr(compiler, "PATIENCE", 1)
    with pytest.raises(ReferenceUnavailableError) as info:
        compiler.compile_to(tmp_path / "x.so", [str(path)], (), tmp_path)
    assert str(path) in str(info.value) and "timed out" in str(info.value) and "Remedy: set CC" in str(info.value)


# ---- Processes of a reference in Python, which the bench times


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise SystemExit('out of luck')", "ended with status 1"),
        ("print('hello')", "answered 'hello\\n'"),
        ("import time; time.sleep(1000)", "ended with status -9"),
    ],
)
def test_a_timed_process(code: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timed_processes, "_PATIENCE", 1.0 if "sleep" in code else 60.0)
    with (
        subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process,
        pytest.raises(ReferenceFailedError) as info,
    ):
        timed_processes._read(process, 0, "Gymnasium")
    assert f"Gymnasium: process {process.pid} {words}" in str(info.value) and "Remedy: run it again" in str(info.value)
