"""Run one of this folder's export scripts in Node against the installed reference package."""

from __future__ import annotations

import subprocess
from pathlib import Path

from references.showdown.install import node_command
from references.showdown.workers import failure, node_environment

_HERE = Path(__file__).parent


def run_script(name: str, *args: str, stdin: str | None = None, timeout: float = 600) -> str:
    """Standard output of ``node <name> <args>``; ``WorkerFailedError`` with the script's last words if it fails.

    The script can ``require('pokemon-showdown')``; the package is installed first where it is not there yet.
    ``timeout`` is in seconds.
    """
    try:
        result = subprocess.run(
            [node_command(), str(_HERE / name), *args],
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=timeout,
            env=node_environment(),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise failure(f"gave no answer within {timeout:g} s and was killed", name) from error
    if result.returncode:
        raise failure(f"ended with status {result.returncode}:\n{result.stderr.strip()[-2000:]}\n", name)
    return result.stdout
