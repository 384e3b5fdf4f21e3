"""The C++ compiler: finding it, asking its version, running it."""

from __future__ import annotations

import dataclasses
import errno
import functools
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import jax.ffi

from jaxlanes.emit.targets import Target
from jaxlanes.errors import CompilationError, CompilerNotFoundError
from jaxlanes.runtime import cache

_FLAGS = ("-std=c++17", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-fno-exceptions", "-fno-rtti", "-fwrapv",
          "-fno-strict-aliasing", "-fno-math-errno", "-fno-trapping-math", "-w")  # fmt: skip

_NO_ROOM = "No space left on device"


@dataclasses.dataclass(frozen=True)
class Compiler:
    """`command`: how it is called. `version`: what it says of itself, which is part of a kernel's identity."""

    command: tuple[str, ...]
    version: str

    @property
    def is_zig(self) -> bool:
        return "ziglang" in self.command or Path(self.command[0]).stem == "zig"

    def flags(self, target: Target, fast: bool) -> tuple[str, ...]:
        # Zig would first build a C++ library, for minutes; a kernel needs none.
        cpu = (f"-mcpu={target.zig_cpu}", "-nostdlib++") if self.is_zig else target.flags
        return (*_FLAGS, *cpu, "-ffp-contract=fast" if fast else "-ffp-contract=off")


def find_compiler() -> Compiler:
    """JAXLANES_CC, else g++ or clang++ on the path, else the one in the `ziglang` package.

    Raises CompilerNotFoundError.
    """
    return _find(os.environ.get("JAXLANES_CC", ""), os.environ.get("PATH", ""))


def locate_compiler() -> list[list[str | int]]:
    """Description of the compiler that `find_compiler` would run, without running it: words, file, date and size.

    Raises CompilerNotFoundError.
    """
    asked, path = os.environ.get("JAXLANES_CC", ""), os.environ.get("PATH", "")
    command, name = _command(asked, path)
    files = [shutil.which(command[0], path=path)]
    if "ziglang" in command:
        package = importlib.util.find_spec("ziglang")
        files.append(package and package.origin)
    described: list[list[str | int]] = [[*command]]
    for file in files:
        if file is None:
            raise CompilerNotFoundError(f"{name} is not on PATH; name a C++ compiler in JAXLANES_CC")
        status = Path(file).stat()
        described.append([os.path.realpath(file), status.st_mtime_ns, status.st_size])
    return described


@functools.lru_cache(maxsize=8)
def _find(asked: str, path: str) -> Compiler:
    return _ask(*_command(asked, path))


def _command(asked: str, path: str) -> tuple[tuple[str, ...], str]:
    """The command line of the compiler, and its name in messages."""
    if asked:
        return _words(asked), f"JAXLANES_CC={asked!r}"
    for name in ("g++", "clang++"):
        found = shutil.which(name, path=path)
        if found:
            return (found,), name
    if importlib.util.find_spec("ziglang") is not None:
        return (sys.executable, "-m", "ziglang", "c++"), "the ziglang package"
    raise CompilerNotFoundError(
        'no C++ compiler: neither g++ nor clang++ is on PATH. Install one, or "pip install ziglang", or name yours in '
        'JAXLANES_CC, or use backend="xla"'
    )


def _words(asked: str) -> tuple[str, ...]:
    """The path of a compiler, which may have spaces in it; else a command line, with quotes as in a shell."""
    path = os.path.expanduser(asked)
    if os.path.isfile(path):
        return (path,)
    try:
        return tuple(shlex.split(asked, posix=os.name != "nt"))
    except ValueError as error:
        raise CompilerNotFoundError(f"JAXLANES_CC={asked!r} cannot be read ({error}); name a C++ compiler") from error


def _ask(command: tuple[str, ...], name: str) -> Compiler:
    try:
        answer = subprocess.run([*command, "--version"], capture_output=True, text=True, timeout=120, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CompilerNotFoundError(f"{name} cannot be run ({error}); name a C++ compiler in JAXLANES_CC") from error
    if answer.returncode:
        raise CompilerNotFoundError(
            f"{name} --version failed with exit status {answer.returncode}: {answer.stderr.strip()[:200]}; "
            "name a C++ compiler in JAXLANES_CC"
        )
    return Compiler(command, answer.stdout.strip())


def compile_library(compiler: Compiler, flags: tuple[str, ...], source: Path, library: Path) -> None:
    """Compile a kernel's source in a folder of the cache.

    Raises CacheError where there is no room for the files, CompilerNotFoundError where the compiler does not compile
    anything, and else CompilationError with what the compiler said.
    """
    done = _run(compiler, flags, source, library)
    if not done.returncode:
        return
    fault = cache.write_fault(library.parent)
    if fault is None and _NO_ROOM in done.stderr:
        fault = OSError(errno.ENOSPC, _NO_ROOM)  # there is room again, now that the compiler gave up
    if fault is not None:
        raise cache.unwritable(library.parent.parent, fault)
    name = " ".join(compiler.command)
    trial = source.with_name("trial.cc")
    trial.write_text("#include <stdint.h>\n#include <stdlib.h>\n#include <string.h>\nint trial;\n")
    tried = _run(compiler, flags, trial, library.with_name("trial.so"))
    if tried.returncode:
        raise CompilerNotFoundError(
            f"{name} compiles no kernels: it refuses a program without any code ({_first_error(tried.stderr)}); "
            "install a newer g++ or clang++, or name another one in JAXLANES_CC"
        )
    raise CompilationError(
        f"{name} failed with exit status {done.returncode} on a kernel: a defect of jaxlanes; "
        f'use backend="xla" meanwhile. It said:\n{done.stderr[:2000]}'
    )


def _run(compiler: Compiler, flags: tuple[str, ...], source: Path, library: Path) -> subprocess.CompletedProcess[str]:
    command = [*compiler.command, *flags, f"-I{jax.ffi.include_dir()}", "-o", str(library), str(source)]
    # Temporary files lie beside the library, so that one place needs room; and what it says is read.
    environment = {**os.environ, **dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(library.parent)), "LC_ALL": "C"}
    try:
        return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, env=environment)
    except OSError as error:
        raise CompilerNotFoundError(
            f"{' '.join(compiler.command)} cannot be run ({error}); name a C++ compiler in JAXLANES_CC"
        ) from error


def _first_error(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return next((line for line in lines if "error" in line), lines[0] if lines else "it says nothing")[:200]
