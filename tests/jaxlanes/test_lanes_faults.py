"""Real faults of disks and compilers: "auto" says once what is wrong and uses XLA, "simd" says what to do about it.

Mounts are made in a namespace of the child's own, which takes them with it. A child without capabilities is bound by
permissions even where the tests run as root.
"""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import faults
import pytest

PROGRAM = """
import sys
import jax
import numpy as np
import jaxlanes

backend = sys.argv[1]
x = np.arange(40, dtype=np.int32)
first = jaxlanes.vmap(lambda v: v * 7 + 1, backend=backend)
second = jaxlanes.vmap(lambda v: v * 5 - 2, backend=backend, fingerprint="known")
kernels = ["jaxlanes_" in jax.jit(first).lower(x).as_text()]
assert np.array_equal(first(x), x * 7 + 1)
kernels.append("jaxlanes_" in jax.jit(second).lower(x).as_text())
assert np.array_equal(second(x), x * 5 - 2)
print("kernels" if all(kernels) else "no kernels" if not any(kernels) else "some kernels")
"""
ROLLOUT = """
import sys
import jax
import jaxenv
from jaxenv import rollout

env = jaxenv.make("pongjax/puffer_pong")
play = rollout(env, 8, 4, backend=sys.argv[1])
carry, summary = play(jax.random.key(0), env.default_params)[:2]
print("played")
"""


@dataclasses.dataclass(frozen=True)
class Fault:
    """A fault as a child meets it: `prefix` of its command, `environment`.

    `cause`, `remedy`: expressions for its messages.
    """

    prefix: tuple[str, ...]
    environment: dict[str, str]
    cause: str
    remedy: str = "JAXLANES_CACHE"


def run(fault: Fault, backend: str, program: str = PROGRAM) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("JAXLANES_", "XDG_"))}
    environment |= {"JAX_PLATFORMS": "cpu", "PYTHONDONTWRITEBYTECODE": "1", **fault.environment}
    command = [*fault.prefix, sys.executable, "-W", "always", "-c", program, backend]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def mounted(folder: Path, commands: str) -> tuple[str, ...]:
    """A prefix that runs shell commands on the folder `$0` in a mount namespace of its own before the child."""
    folder.mkdir(mode=0o700, exist_ok=True)
    user = () if os.getuid() == 0 else ("--map-root-user",)
    prefix = ("unshare", *user, "--mount", "sh", "-ec", f'{commands}; exec "$@"', str(folder))
    try:
        tried = subprocess.run([*prefix, "true"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("nothing can be mounted here: there is no unshare (Debian: util-linux)")
    if tried.returncode:
        pytest.skip(f"nothing can be mounted here: {tried.stderr.strip()}")
    return prefix


def home_not_writable(folder: Path) -> Fault:
    home = folder / "home"
    home.mkdir(mode=0o500)
    return Fault(tuple(faults.unprivileged()), {"HOME": str(home)}, r"cannot be made .*Permission denied")


def read_only_folder(folder: Path) -> Fault:
    cache = folder / "cache"
    cache.mkdir(mode=0o500)
    return Fault(tuple(faults.unprivileged()), {"JAXLANES_CACHE": str(cache)}, r"cannot be written .*Permission denied")


def read_only_mount(folder: Path) -> Fault:
    prefix = mounted(folder / "cache", 'mount -t tmpfs -o mode=0700 tmpfs "$0"; mount -o remount,ro "$0"')
    return Fault(prefix, {"JAXLANES_CACHE": str(folder / "cache")}, r"cannot be written .*Read-only file system")


def noexec_mount(folder: Path) -> Fault:
    prefix = mounted(folder / "cache", 'mount -t tmpfs -o mode=0700,noexec tmpfs "$0"')
    return Fault(prefix, {"JAXLANES_CACHE": str(folder / "cache")}, r"cannot be loaded .*mounted noexec")


def full_disk(folder: Path) -> Fault:
    """Without room for a kernel's source."""
    prefix = mounted(folder / "cache", 'mount -t tmpfs -o mode=0700,size=16k tmpfs "$0"')
    cause = r"cannot be written .*No space left on device.*make room there"
    return Fault(prefix, {"JAXLANES_CACHE": str(folder / "cache")}, cause)


def nearly_full_disk(folder: Path) -> Fault:
    """With room for the source, and none for what the compiler makes of it."""
    fault = full_disk(folder)
    prefix = mounted(folder / "cache", 'mount -t tmpfs -o mode=0700,size=64k tmpfs "$0"')
    return dataclasses.replace(fault, prefix=prefix)


def old_compiler(folder: Path) -> Fault:
    path = folder / "g++"
    refuses = 'case "$*" in *c++17*) echo "error: unrecognized option -std=c++17" >&2; exit 1;; esac'
    path.write_text(f'#!/bin/sh\n{refuses}\nexec g++ "$@"\n')
    path.chmod(0o700)
    environment = {"JAXLANES_CC": str(path), "JAXLANES_CACHE": str(folder / "cache")}
    return Fault(
        (), environment, r"refuses a program without any code .*unrecognized option -std=c\+\+17", "JAXLANES_CC"
    )


FAULTS: tuple[Callable[[Path], Fault], ...] = (
    home_not_writable, read_only_folder, read_only_mount, noexec_mount, full_disk, nearly_full_disk, old_compiler,
)  # fmt: skip


@pytest.mark.parametrize("make", FAULTS, ids=lambda make: make.__name__)
def test_auto_says_it_once_and_uses_xla(make: Callable[[Path], Fault], tmp_path: Path) -> None:
    fault = make(tmp_path)
    done = run(fault, "auto")
    assert (done.returncode, done.stdout) == (0, "no kernels\n"), done.stderr
    (warning,) = [line for line in done.stderr.splitlines() if "Warning: " in line]
    assert re.search(f"<string>:[0-9]+: LanesWarning: jaxlanes uses XLA: .*{fault.cause}.*{fault.remedy}", warning)
    assert "defect" not in done.stderr


@pytest.mark.parametrize("make", FAULTS, ids=lambda make: make.__name__)
def test_simd_says_what_to_do(make: Callable[[Path], Fault], tmp_path: Path) -> None:
    fault = make(tmp_path)
    done = run(fault, "simd")
    assert done.returncode == 1 and not done.stdout
    (said,) = [line for line in done.stderr.splitlines() if line.startswith("jaxlanes.errors.")]
    assert re.search(rf"^jaxlanes\.errors\.(Cache|CompilerNotFound)Error: .*{fault.cause}.*{fault.remedy}", said), said


def test_a_rollout_says_it_once(tmp_path: Path) -> None:
    """Although it has kernels of its own for first states and steps."""
    done = run(home_not_writable(tmp_path), "auto", ROLLOUT)
    assert (done.returncode, done.stdout) == (0, "played\n"), done.stderr
    assert done.stderr.count("jaxlanes uses XLA") == 1 and "JAXLANES_CACHE" in done.stderr


def test_a_full_folder_of_temporary_files_does_no_harm(tmp_path: Path) -> None:
    """The compiler's lie beside the kernel."""
    prefix = mounted(tmp_path / "tmp", 'mount -t tmpfs -o size=4k tmpfs "$0"; head -c 4096 /dev/zero > "$0/full"')
    done = run(Fault(prefix, {"TMPDIR": str(tmp_path / "tmp"), "JAXLANES_CACHE": str(tmp_path / "cache")}, ""), "auto")
    assert (done.returncode, done.stdout, done.stderr) == (0, "kernels\n", "")


def test_kernels_that_are_there_are_used_on_a_read_only_disk(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    warm = Fault((), {"JAXLANES_CACHE": str(cache)}, "")
    assert run(warm, "simd").stdout == "kernels\n"
    bound = mounted(cache, 'mount --bind "$0" "$0"; mount -o remount,bind,ro "$0"')
    done = run(dataclasses.replace(warm, prefix=bound), "auto")
    assert (done.returncode, done.stdout, done.stderr) == (0, "kernels\n", "")


@pytest.mark.parametrize("options", ["", " -g0"])
def test_a_compiler_in_a_folder_with_a_space(tmp_path: Path, options: str) -> None:
    path = tmp_path / "my compilers" / "g++"
    path.parent.mkdir()
    real = shutil.which("g++") or shutil.which("clang++")
    if not real:
        pytest.skip("needs g++ or clang++ on PATH")
    path.symlink_to(real)
    named = f'"{path}"{options}' if options else str(path)
    fault = Fault((), {"JAXLANES_CC": named, "JAXLANES_CACHE": str(tmp_path / "the cache")}, "")
    done = run(fault, "simd")
    assert (done.returncode, done.stdout) == (0, "kernels\n"), done.stderr


def test_a_command_line_that_cannot_be_read(tmp_path: Path) -> None:
    fault = Fault((), {"JAXLANES_CC": '"/usr/bin/g++', "JAXLANES_CACHE": str(tmp_path / "cache")}, "")
    assert "cannot be read (No closing quotation); name a C++ compiler" in run(fault, "simd").stderr
