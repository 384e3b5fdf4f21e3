"""PufferLib's Pong header in the user's cache folder, fetched on first use.

Run as a module (``python -m references.puffer_pong.install``) to fetch and compile ahead of time.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections import deque
from pathlib import Path

from references.cache import cache_root, installing
from references.protocol import ReferenceUnavailableError

VERSION = "3.0.0"
SDIST = f"pufferlib-{VERSION}.tar.gz"
SDIST_SHA256 = "7df3a3e3f5f894d78d2a1f5374097890aec01473183e748abefe4f3faa10eaa9"
HEADER_SHA256 = "47c08b8ed9f90c92bb6569cdc0be6999f1586f5abe11cf7777a6b9861a74f669"
HEADER, LICENSE = "pong.h", "LICENSE"
_MEMBERS = {HEADER: f"pufferlib-{VERSION}/pufferlib/ocean/pong/pong.h", LICENSE: f"pufferlib-{VERSION}/LICENSE"}

LOCAL_COPY = "POKEJAX_PUFFERLIB"
"""Environment variable: path of the source distribution, or of its pong.h, to take instead of fetching it."""

# pip cannot download a source distribution without asking its build backend for metadata, and PufferLib's (setuptools)
# would import torch and fetch C libraries. This one answers in its place; nothing of the package is run.
_BACKEND = '''
from pathlib import Path


def prepare_metadata_for_build_wheel(folder, config_settings=None):
    """Only a name and a version."""
    info = Path(folder, "pufferlib-{version}.dist-info")
    info.mkdir()
    info.joinpath("METADATA").write_text("Metadata-Version: 2.1\\nName: pufferlib\\nVersion: {version}\\n")
    return info.name
'''


def cache_folder() -> Path:
    """Folder of the user cache that belongs to exactly this header."""
    return cache_root() / f"puffer_pong-{VERSION}-{HEADER_SHA256[:12]}"


def install() -> Path:
    """Folder that holds `pong.h`, fetching it first where it is not there yet.

    Raises `ReferenceUnavailableError` when pip is missing or fails (its last lines are in the message), when the folder
    cannot be written, or when a file is not the one that is expected.
    """
    target = cache_folder()
    if not target.exists():
        with installing("PufferLib's Pong", target):
            if not target.exists():
                _install(target)
    _expect(target / HEADER, HEADER_SHA256, f"delete the folder {target}, and it is fetched anew")
    return target


def _install(target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="installing-") as temporary:
        folder = Path(temporary) / "puffer_pong"
        folder.mkdir()
        local = os.path.expanduser(os.environ.get(LOCAL_COPY, ""))
        if local and not Path(local).is_file():
            raise ReferenceUnavailableError(
                f"{LOCAL_COPY}={local} is no file. Remedy: set it to a copy of {SDIST} or of its pong.h, or unset it."
            )
        if local and Path(local).suffix == ".h":
            shutil.copy(local, folder / HEADER)
        elif local:
            _extract(Path(local), folder)
        else:
            print(f"Fetching PufferLib {VERSION}'s source for its Pong (once, 61 MB) ...", file=sys.stderr)
            _extract(_download(Path(temporary)), folder)
        _expect(folder / HEADER, HEADER_SHA256, f"take pong.h from {SDIST} as it was released", shown=local)
        try:
            folder.rename(target)
        except OSError:
            if not target.exists():
                raise


def _pip_command() -> list[str]:
    if importlib.util.find_spec("pip") is None:
        raise ReferenceUnavailableError(
            f"pip is needed to fetch PufferLib's source, and {sys.executable} has none. Remedy: `uv sync`, or "
            f"`python -m ensurepip`, or get {SDIST} yourself and set {LOCAL_COPY} to its path."
        )
    return [sys.executable, "-m", "pip"]


def _download(temporary: Path) -> Path:
    backend, folder = temporary / "backend" / "setuptools", temporary / "download"
    backend.mkdir(parents=True)
    (backend / "__init__.py").touch()
    (backend / "build_meta.py").write_text(_BACKEND.format(version=VERSION))
    command = [*_pip_command(), "download", "--no-deps", "--no-build-isolation", "--no-binary", "pufferlib"]
    environment = dict(os.environ, PYTHONUNBUFFERED="1", PIP_DISABLE_PIP_VERSION_CHECK="1")
    environment["PYTHONPATH"] = os.pathsep.join([str(backend.parent), *filter(None, [environment.get("PYTHONPATH")])])
    tail: deque[str] = deque(maxlen=12)
    with subprocess.Popen(
        [*command, "--dest", str(folder), f"pufferlib=={VERSION}"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as pip:
        for line in pip.stdout or ():
            tail.append(line)
            print(f"  {line}", end="", file=sys.stderr)
    if pip.returncode or not (folder / SDIST).exists():
        raise ReferenceUnavailableError(
            f"pip could not fetch the source of pufferlib {VERSION} (status {pip.returncode}):\n{''.join(tail)}"
            "Remedy: check that pip reaches a package index (its settings apply: `pip config list`) and try again, or "
            f"get {SDIST} some other way and set {LOCAL_COPY} to its path."
        )
    return folder / SDIST


def _extract(sdist: Path, folder: Path) -> None:
    """The header and the licence of a source distribution, into `folder`."""
    _expect(sdist, SDIST_SHA256, f"get {SDIST} as it was released, and look at what index or mirror this came from")
    with tarfile.open(sdist) as archive:
        for name, member in _MEMBERS.items():
            source = archive.extractfile(member)
            assert source is not None, f"{member} is a file in the archive of that hash"
            with source, (folder / name).open("wb") as copy:
                shutil.copyfileobj(source, copy)


def _expect(path: Path, sha256: str, remedy: str, shown: str = "") -> None:
    """Refuse a file that is not there or has other content."""
    if not path.exists():
        raise ReferenceUnavailableError(f"{path} is missing. Remedy: {remedy}.")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise ReferenceUnavailableError(
            f"{shown or path} is not PufferLib {VERSION}'s: its sha256 is {found}, expected {sha256}. Remedy: {remedy}."
        )


if __name__ == "__main__":
    from references.puffer_pong.compiler import main

    sys.exit(main())
