"""Run one of this folder's export scripts in Node against the installed reference package."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from references.showdown.install import install, node_command

_HERE = Path(__file__).parent


def run_script(name: str, *args: str, stdin: str | None = None, timeout: float = 600) -> str:
    """Standard output of ``node <name> <args>``; ``RuntimeError`` with the script's last words if it fails.

    The script can ``require('pokemon-showdown')``; the package is installed first where it is not there yet.
    ``timeout`` is in seconds.
    """
    result = subprocess.run(
        [node_command(), str(_HERE / name), *args],
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
        env={**os.environ, "NODE_PATH": str(install() / "node_modules")},
        check=False,
    )
    if result.returncode:
        raise RuntimeError(f"{name} exited with status {result.returncode}:\n{result.stderr.strip()[-2000:]}")
    return result.stdout
