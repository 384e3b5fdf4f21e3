"""The header and its driver as shared libraries, compiled into the user's cache folder on first use."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Literal

from references.cache import installing
from references.puffer_pong.install import HEADER, ReferenceUnavailableError, install

Build = Literal["exact", "fast", "relaxed"]

#: "exact" computes as plain x86-64 does, where PufferLib's own -O2 cannot contract a product and a sum into one
#: rounding. "fast" is made for this machine. "relaxed" is too, and may take it that no number is infinite or NaN, which
#: Pong's never are: minima and maxima then become single instructions instead of calls of the C library.
BUILDS: dict[Build, tuple[str, ...]] = {
    "exact": ("-O2", "-ffp-contract=off"),
    "fast": ("-O3", "-march=native"),
    "relaxed": ("-O3", "-march=native", "-ffinite-math-only", "-fno-signed-zeros"),
}
# Hidden symbols can be inlined, and `init` cannot be mistaken for one of another library.
_COMMON = ("-std=gnu11", "-shared", "-fPIC", "-fvisibility=hidden", "-Wall", "-Wextra")
_HERE = Path(__file__).parent
PATIENCE = 300
"""Seconds for the compiler."""
_SOURCES = ("driver.c", "raylib.h")


def compiler_command() -> list[str]:
    """The C compiler: the environment variable CC (with flags, if it has any), else cc, gcc or clang on PATH."""
    chosen = shlex.split(os.environ.get("CC", ""))
    if chosen:
        if shutil.which(chosen[0]):
            return chosen
        raise ReferenceUnavailableError(
            f"CC={os.environ['CC']} names no program. Remedy: set CC to a C compiler, or unset it."
        )
    for name in ("cc", "gcc", "clang"):
        if shutil.which(name):
            return [name]
    raise ReferenceUnavailableError(
        "A C compiler is needed to run PufferLib's Pong (found no cc, gcc or clang on PATH, and CC is not set). "
        "Remedy: install gcc or clang from your system's packages, or set CC."
    )


def compiled(build: Build) -> Path:
    """The shared library of `build`, fetching the header and compiling first where it is not there yet.

    Raises `ReferenceUnavailableError` when there is no header or no compiler, when the compiler fails, or when the
    folder of the header cannot be written.
    """
    compiler = compiler_command()
    folder = install()
    flags = (*_COMMON, *BUILDS[build])
    digest = hashlib.sha256(_predefined(compiler, flags))
    for text in (*compiler, *flags, *((_HERE / name).read_text() for name in _SOURCES)):
        digest.update(text.encode() + b"\0")
    target = folder / f"{build}-{digest.hexdigest()[:16]}.so"
    if not target.exists():
        with installing("PufferLib's Pong", folder / "compiling"):
            if not target.exists():
                with tempfile.TemporaryDirectory(dir=folder, prefix="compiling-") as temporary:
                    made = Path(temporary) / target.name
                    compile_to(made, compiler, flags, folder)
                    os.replace(made, target)
    return target


def compile_to(made: Path, compiler: list[str], flags: tuple[str, ...], header: Path) -> str:
    """Compile the driver with the header of folder `header` into the file `made`; returns the compiler's warnings."""
    # As a system header, pong.h is spared the warnings that are asked of the driver.
    command = [*compiler, *flags, "-I", str(_HERE), "-isystem", str(header), str(_HERE / "driver.c")]
    done = _run([*command, "-o", str(made), "-lm"])
    if done.returncode or not made.exists():
        tail = "\n".join(done.stderr.decode(errors="replace").strip().splitlines()[-12:])
        raise ReferenceUnavailableError(
            f"`{shlex.join(command)}` failed with status {done.returncode}:\n{tail}\n"
            f"Remedy: set CC to a working C11 compiler (gcc or clang); {HEADER} and the driver are fine with both."
        )
    return done.stderr.decode(errors="replace")


def _predefined(compiler: list[str], flags: tuple[str, ...]) -> bytes:
    """The compiler's predefined macros: its version, what the flags mean to it, and which processor is native."""
    done = _run([*compiler, *flags, "-dM", "-E", "-x", "c", os.devnull])
    if done.returncode:
        tail = done.stderr.decode(errors="replace").strip()[-1000:]
        raise ReferenceUnavailableError(
            f"The C compiler `{shlex.join(compiler)}` does not take the flags {' '.join(flags)}:\n{tail}\n"
            "Remedy: set CC to gcc or clang."
        )
    return done.stdout


def _run(command: list[str]) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ReferenceUnavailableError(
            f"`{shlex.join(command)}` could not be run: {error}. Remedy: set CC to a working gcc or clang."
        ) from error


def main() -> str | None:
    """Fetch and compile all builds, printing where they are; returns what is missing, or None."""
    try:
        for build in BUILDS:
            print(compiled(build))
    except ReferenceUnavailableError as error:
        return str(error)
    return None
