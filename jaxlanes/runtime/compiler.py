"""The C++ compiler: finding it, asking its version, running it."""

from __future__ import annotations

import dataclasses
import functools
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jax.ffi

from jaxlanes.emit.targets import Target
from jaxlanes.errors import CompilationError, CompilerNotFoundError

_FLAGS = ("-std=c++17", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-fno-exceptions", "-fno-rtti", "-fwrapv",
          "-fno-strict-aliasing", "-fno-math-errno", "-fno-trapping-math", "-w")  # fmt: skip


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
        return tuple(asked.split()), f"JAXLANES_CC={asked!r}"
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
    """Raises CompilationError with what the compiler said."""
    command = [*compiler.command, *flags, f"-I{jax.ffi.include_dir()}", "-o", str(library), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CompilationError(
            f"{' '.join(compiler.command)} failed with exit status {done.returncode} on a kernel: a defect of "
            f'jaxlanes; use backend="xla" meanwhile. It said:\n{done.stderr[:2000]}'
        )
