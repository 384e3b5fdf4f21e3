"""`python -m baselines` as a process of its own, which knows the small environments too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
_CODE = "import sys, small_environments; from baselines.cli import main; sys.exit(main(sys.argv[1:]))"
_SEVERAL = """
import json, os, sys
import small_environments
from baselines.cli import main
places, commands, told = (json.loads(text) for text in sys.argv[1:])
statuses = []
for arguments in commands:
    if places is None:
        reading, writing = os.pipe()
        os.close(reading)
    else:
        writing = os.open(places, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(writing, 1), os.dup2(writing, 2), os.close(writing)
    statuses.append(main(arguments))
with open(told, "w") as file:
    json.dump(statuses, file)
"""
SMALL = (
    *("--ppo.environments", "16", "--ppo.horizon", "8", "--ppo.minibatches", "2", "--ppo.epochs", "2"),
    *("--ppo.learning-rate", "0.01", "--network.hidden", "16", "--updates-per-chunk", "4", "--backend", "xla"),
)
"""The settings of `small_environments.TINY_CONFIG`: 512 steps a chunk."""
CHUNK = 512


def command(*arguments: Any) -> list[str]:
    """The command line of `python -m baselines ARGUMENTS`."""
    return [sys.executable, "-c", _CODE, *map(str, arguments)]


def environ(**changes: str) -> dict[str, str]:
    """The environment variables of such a process, with changes."""
    return {**os.environ, "PYTHONPATH": f"{HERE}{os.pathsep}{ROOT}", "JAX_PLATFORMS": "cpu", **changes}


def start(*arguments: Any, env: dict[str, str] | None = None, **more: Any) -> subprocess.Popen[str]:
    """The process. Its output is piped unless `more` says otherwise; in the folder `cwd`."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command(*arguments), env=env or environ(), text=True, **{"cwd": ROOT, **pipes, **more})


def run(*arguments: Any, status: int | None = 0, timeout: float = 800, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run it to its end; the exit status must be `status`, unless that is None."""
    with start(*arguments, **more) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        finally:
            process.kill()
    assert status is None or process.returncode == status, f"status {process.returncode}\n{out}\n{err}"
    return subprocess.CompletedProcess(process.args, process.returncode, out or "", err or "")


def statuses(
    commands: Sequence[Sequence[Any]], output: Path | None, told: Path, prefix: Sequence[str] = (), **changes: str
) -> list[int]:
    """Exit statuses of several commands, one after the other in one process, which saves its start.

    `output`: the file that they print to; None: a pipe whose reader has gone, another one for each command. `told`: a
    file to be made. `prefix`: a command that starts the process. `changes`: of environment variables.
    """
    plain = [[str(part) for part in arguments] for arguments in commands]
    texts = (json.dumps(None if output is None else str(output)), json.dumps(plain), json.dumps(str(told)))
    done = subprocess.run(
        [*prefix, sys.executable, "-c", _SEVERAL, *texts],
        env=environ(**changes), cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(told.read_text())
