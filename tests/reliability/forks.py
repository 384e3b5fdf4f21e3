"""Commands in processes of their own that start at once: forks of one that has imported them all.

A fork is a process like any other: it can be killed, loses its privileges, prints to a pipe that nobody reads.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_TESTS = ROOT / "tests"
_PATHS = (ROOT, _TESTS / "reliability", _TESTS / "verification", _TESTS / "jaxenv", _TESTS / "leaderboard")

PROGRAMS = {
    "verification": "verification.cli:main",
    "leaderboard": "leaderboard.__main__:main",
    "families": "families.__main__:main",
    "pokejax": "pokejax.cli:main",
    "pools": "pokejax.common.pools:main",
    "built-in pools": "families.pokejax_gen1.pools:main",
    "tables": "families.pokejax_gen1.tables:main",
    "cheetahjax.render": "cheetahjax.render.__main__:main",
    "pongjax.render": "pongjax.render:main",
    "sweep": "families.pongjax.verify.sweep:main",
}
"""Functions of all commands but those of baselines, which have tests of their own."""

_LATER = (
    "hypothesis.stateful", "jaxenv.backends", "leaderboard.machine", "scipy.optimize", "scipy.stats",
    "verification.levels.meetings",
)  # fmt: skip
"""Modules that the verifier imports when a check needs them."""

CLOSED = "closed pipe"
"""In place of a file to print to: a pipe whose reader has gone."""


def program(name: str) -> Any:
    """The function of a command: of the list of arguments, to the exit status."""
    module, _, function = PROGRAMS[name].partition(":")
    return getattr(importlib.import_module(module), function)


class Forks:
    """The process that forks. `start` gives a process id, `wait` its exit status, negative after a signal."""

    def __init__(self, programs: Sequence[str], prefix: Sequence[str] = ()) -> None:
        path = os.pathsep.join(map(str, _PATHS))
        self._process = subprocess.Popen(
            [*prefix, sys.executable, __file__, *programs],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
            env={**os.environ, "PYTHONPATH": path, "JAX_PLATFORMS": "cpu"},
        )  # fmt: skip
        assert self._read() == {"ready": True}

    def start(self, name: str, *words: Any, said: Path | str, cwd: Path | None = None, **env: str) -> int:
        """Start a command. `said`: the file that it prints to, or `CLOSED`; `env`: more environment variables."""
        order = {"program": name, "words": [str(word) for word in words], "said": str(said), "env": env}
        return self._ask({**order, "cwd": str(cwd or ROOT)})["pid"]

    def wait(self, pid: int, timeout: float = 600) -> int:
        """The exit status; the process is killed, and the test fails, when it takes longer."""
        status = self._ask({"wait": pid, "timeout": timeout})["status"]
        assert status is not None, f"process {pid} did not end within {timeout} s"
        return status

    def run(self, name: str, *words: Any, said: Path | str, **more: Any) -> int:
        """Start a command and wait for it."""
        return self.wait(self.start(name, *words, said=said, **more))

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"the process that forks ended with status {self._process.poll()}"
        return json.loads(line)


@contextlib.contextmanager
def forks(programs: Sequence[str], prefix: Sequence[str] = ()) -> Iterator[Forks]:
    """A `Forks` that has imported `programs`; `prefix` is a command that starts it, as one that drops privileges."""
    made = Forks(programs, prefix)
    try:
        yield made
    finally:
        made.close()


# ---- in the process that forks


def _serve(names: Sequence[str]) -> None:
    for name in names:
        program(name)
    for name in _LATER if "verification" in names else ():
        importlib.import_module(name)
    _answer({"ready": True})
    for line in sys.stdin:
        order = json.loads(line)
        _answer({"status": _wait(**_of_wait(order))} if "wait" in order else {"pid": _fork(order)})


def _of_wait(order: dict[str, Any]) -> dict[str, Any]:
    return {"pid": order["wait"], "timeout": order["timeout"]}


def _answer(values: dict[str, Any]) -> None:
    print(json.dumps(values), flush=True)


def _fork(order: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        writing = _output(order["said"])
        os.dup2(writing, 1)
        os.dup2(writing, 2)
        os.close(writing)
        os.chdir(order["cwd"])
        os.environ.update(order["env"])
        sys.argv = [order["program"], *order["words"]]
        status = program(order["program"])(order["words"])
        sys.stdout.flush()
    except BaseException:
        with contextlib.suppress(OSError):
            traceback.print_exc()
    finally:
        os._exit(status)


def _output(said: str) -> int:
    if said != CLOSED:
        return os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    reading, writing = os.pipe()
    os.close(reading)
    return writing


def _wait(pid: int, timeout: float) -> int | None:
    ends = time.monotonic() + timeout
    while time.monotonic() < ends:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


if __name__ == "__main__":
    _serve(sys.argv[1:])
