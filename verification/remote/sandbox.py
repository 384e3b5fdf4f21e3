"""Runs an untrusted candidate: a fresh process, a cleaned environment, its own source and nothing else to reach.

Two strengths, stamped in every report:

* "bwrap" (bubblewrap): its own mounts, network, process table and user; nothing of the reference, the verifier, the
  tests or the seeds is mounted, and nothing can be written. None of that rests on what a candidate could undo.
* "process only", where bubblewrap is missing: the same process without the walls. An audit hook reports and refuses
  what goes through Python; machine code, or a trick inside the interpreter, could still read files and use the network.

In both, comparison and verdict happen in the verifier's process, on arrays. Nothing that a candidate prints, writes or
returns can say "pass".
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

import families
from verification.remote.client import RemoteEnv
from verification.remote.frames import LIMITS, Limits
from verification.remote.guard import tree_files
from verification.remote.link import Link

Kind = Literal["bwrap", "process only"]

_TOOLS = ("verification", "references", "families", "translator", "pytest")


def denied() -> tuple[str, ...]:
    """Modules that no candidate may import: the tools, and the references of all families."""
    return tuple(dict.fromkeys([*_TOOLS, *(name for family in families.families() for name in family.denied)]))


KEEPS_OUT = {
    "bwrap": (
        "files other than Python, the allowed packages and the candidate's own source are not mounted",
        "nothing can be written",
        "no network, no other processes (their memory, arguments and environment neither)",
        "memory, CPU time and number of processes are limited",
    ),
    "process only": (
        "environment variables and arguments hold no seed and no secret",
        "reading, writing, importing the reference, network and processes through Python are refused and reported",
        "memory and CPU time are limited",
        "NOT kept out: machine code, or a trick inside the interpreter, that reads files or memory or uses the network",
    ),
}

#: The package's name inside: `verification` itself is not to be reached from there.
_RUNTIME = "environment_server"
_RUNTIME_FILES = {
    "references/protocol.py": "protocol.py",
    **{f"verification/remote/{name}.py": f"remote/{name}.py" for name in ("frames", "serve", "confine")},
}
_BOOT = (
    "import sys; sys.path[:0] = sys.argv[2:]; "
    f"from {_RUNTIME}.remote import confine; text = sys.argv[1]; confine.main(text)"
)


class SandboxError(ValueError):
    """The sandbox cannot be made; the message says what is missing. No verdict on the candidate."""


@dataclass(frozen=True)
class Confinement:
    """Limits of an untrusted candidate.

    * `kind`: "auto" takes bubblewrap where it works. `packages`: installed distributions, with what they require, or
      paths of package folders. `deny`: modules that may not be imported, beside `denied()`.
    * `memory_bytes`, `cpu_seconds`, `file_bytes`: per process; `processes`: threads included (with bubblewrap only).
    * `timeout`, `start_timeout`: seconds for one answer, and for the first.
    """

    kind: Kind | Literal["auto"] = "auto"
    packages: Sequence[str | Path] = ("numpy",)
    deny: Sequence[str] = ()
    memory_bytes: int = 8 << 30
    cpu_seconds: int = 3600
    file_bytes: int = 16 << 20
    processes: int = 512
    timeout: float = 60.0
    start_timeout: float = 120.0
    frames: Limits = LIMITS


class Sandbox:
    """A candidate's files in a temporary folder; `start` runs them in a fresh process each time. A context manager.

    `kind`: what was chosen. `links`: one per process started, for what it reported.

    `source`: a Python file or a folder. `entry`: "module:callable", which makes the environment. Raises `SandboxError`.
    """

    def __init__(self, source: Path, entry: str, confinement: Confinement = Confinement()) -> None:
        self.entry, self.confinement = entry, confinement
        self.kind = _chosen(confinement.kind)
        if not re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", entry):
            raise SandboxError(f"entry {entry!r}: expected module:callable")
        if not source.exists():
            raise SandboxError(f"{source}: there is no such file or folder")
        self._linked = list(_packages(confinement.packages))
        self.links: list[Link] = []
        self._holder = tempfile.TemporaryDirectory(prefix="candidate-", ignore_cleanup_errors=True)
        self.folder = Path(self._holder.name).resolve()
        try:
            self._fill(source)
        except BaseException:
            self.close()
            raise

    def start(self) -> RemoteEnv:
        """The candidate in a fresh process; closed with the sandbox. Raises `RemoteError` if it does not come up."""
        command = self._bubblewrapped() if self.kind == "bwrap" else self._plain()
        confinement = self.confinement
        link = Link(
            command,
            timeout=confinement.timeout,
            limits=confinement.frames,
            env=_environment("/scratch" if self.kind == "bwrap" else str(self.folder / "scratch")),
            cwd=self.folder / "scratch",
        )
        self.links.append(link)
        return RemoteEnv.over(link, confinement.start_timeout)

    @property
    def reports(self) -> list[tuple[str, str]]:
        """(rule, what) that the processes tried and were refused, each once."""
        return list(dict.fromkeys(report for link in self.links for report in link.reports))

    def close(self) -> None:
        """End all processes and remove the folder."""
        for link in self.links:
            link.close(patience=0.0)
        self._holder.cleanup()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _fill(self, source: Path) -> None:
        for name in ("runtime", "source", "site", "scratch"):
            (self.folder / name).mkdir()
        root = Path(__file__).resolve().parents[2]
        for name, inside in _RUNTIME_FILES.items():
            target = self.folder / "runtime" / _RUNTIME / inside
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, target)
            (target.parent / "__init__.py").touch()
        for name, file in tree_files(source):
            target = self.folder / "source" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
        for path in self._linked:
            target = self.folder / "site" / path.name
            if self.kind == "process only":
                target.symlink_to(path, target_is_directory=path.is_dir())
            elif path.is_dir():
                target.mkdir()
            else:
                shutil.copyfile(path, target)

    def _config(self, root: str, readable: Sequence[str]) -> str:
        limits = {name: getattr(self.confinement, name) for name in ("memory_bytes", "cpu_seconds", "file_bytes")}
        if self.kind == "bwrap":
            # Elsewhere the limit would count all the processes of the user, whatever they are.
            limits["processes"] = self.confinement.processes
        own = [f"{root}/{name}" for name in ("runtime", "source", "site")]
        return json.dumps(
            {
                "entry": self.entry,
                "source": f"{root}/source",
                "scratch": f"{root}/scratch",
                "readable": [*own, *readable],
                "deny": sorted({*denied(), *self.confinement.deny}),
                "limits": limits,
            }
        )

    def _python(self, root: str, readable: Sequence[str]) -> list[str]:
        # -I -S: no variables, no user or site packages, so that no *.pth leads back to the checkout.
        flags = [_interpreter(), "-I", "-S", "-B", "-X", "faulthandler", "-c", _BOOT]
        return [*flags, self._config(root, readable), f"{root}/runtime", f"{root}/site"]

    def _plain(self) -> list[str]:
        return self._python(str(self.folder), [*_python_folders(), *(str(path) for path in self._linked)])

    def _bubblewrapped(self) -> list[str]:
        command = [_bwrap() or "bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
        command += ["--clearenv", "--hostname", "sandbox", "--proc", "/proc", "--dev", "/dev"]
        for name, value in _environment("/scratch").items():
            command += ["--setenv", name, value]
        for path in _system_libraries():
            command += ["--symlink", os.readlink(path), path] if os.path.islink(path) else ["--ro-bind", path, path]
        for path in _python_folders():
            command += ["--ro-bind", path, path]
        for path in _python_packages():
            command += ["--tmpfs", path, "--remount-ro", path]
        for name in ("runtime", "source", "site", "scratch"):
            command += ["--ro-bind", str(self.folder / name), f"/{name}"]
        for path in self._linked:
            if path.is_dir():
                command += ["--ro-bind", str(path), f"/site/{path.name}"]
        command += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/scratch", "--"]
        return command + self._python("", _python_folders())


@functools.cache
def _bwrap() -> str | None:
    """bubblewrap's path, if it is installed and may make namespaces here (containers often forbid it)."""
    path = shutil.which("bwrap")
    if path is None:
        return None
    command = [path, "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"]
    done = subprocess.run([*command, "--", "true"], capture_output=True, timeout=30, check=False)
    return path if done.returncode == 0 else None


def bwrap_works() -> bool:
    """True if the strong sandbox can be had on this machine."""
    return _bwrap() is not None


def _chosen(kind: str) -> Kind:
    if kind == "bwrap" and not bwrap_works():
        raise SandboxError("bubblewrap is not installed or may not make namespaces here; install it (bwrap)")
    if kind == "auto":
        return "bwrap" if bwrap_works() else "process only"
    if kind not in KEEPS_OUT:
        raise SandboxError(f"sandbox {kind!r}: known are 'auto', 'bwrap' and 'process only'")
    return kind  # type: ignore[return-value]


def _environment(home: str) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "HOME": home, "TMPDIR": home, "LANG": "C.UTF-8", "JAX_PLATFORMS": "cpu"}


def _interpreter() -> str:
    # Not the virtual environment's: that one finds the checkout and every package installed for development.
    return os.path.realpath(getattr(sys, "_base_executable", "") or sys.executable)


def _python_folders() -> list[str]:
    """The interpreter, its standard library and its shared libraries: no more of its prefix than that takes."""
    stdlib = os.path.realpath(os.path.dirname(os.__file__))
    libraries = Path(sysconfig.get_config_var("LIBDIR") or "/usr/lib")
    shared = [] if libraries.is_relative_to("/usr/lib") else sorted(str(path) for path in libraries.glob("lib*.so*"))
    return list(dict.fromkeys([_interpreter(), stdlib, *shared]))


def _python_packages() -> list[str]:
    """Folders inside the standard library's that hold installed packages."""
    stdlib = os.path.realpath(os.path.dirname(os.__file__))
    return [path for name in ("site-packages", "dist-packages") if os.path.isdir(path := os.path.join(stdlib, name))]


def _system_libraries() -> list[str]:
    """Folders of the C libraries, and the links that lead there; not /usr as a whole, which may hold the reference."""
    triplet = sysconfig.get_config_var("MULTIARCH") or ""
    links = [path for path in ("/lib", "/lib64") if os.path.lexists(path)]
    folders = [f"/usr/lib/{triplet}"] if triplet else ["/usr/lib64"]
    real = [path for path in (*folders, "/usr/lib64", "/etc/ld.so.cache") if os.path.exists(path)]
    return list(dict.fromkeys([*real, *links]))


def _packages(wanted: Sequence[str | Path]) -> dict[Path, None]:
    """Top-level entries of the distributions and of all that they require, in the order found."""
    found: dict[Path, None] = {}
    waiting, seen = list(wanted), set()
    while waiting:
        name = waiting.pop(0)
        if isinstance(name, Path):
            found[name.resolve()] = None
            continue
        if name.lower() in seen:
            continue
        seen.add(name.lower())
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            if name in wanted:
                raise SandboxError(f"package {name!r} is not installed, so the sandbox cannot offer it") from None
            continue  # required on another platform only
        for file in distribution.files or ():
            top = file.parts[0]
            if top not in ("..", "__pycache__") and not top.endswith(".pth"):
                found[Path(str(distribution.locate_file(top))).resolve()] = None
        for requirement in distribution.requires or ():
            needed, _, marker = requirement.partition(";")
            match = re.match(r"[A-Za-z0-9._-]+", needed)
            if match and "extra" not in marker:
                waiting.append(match.group())
    return found
