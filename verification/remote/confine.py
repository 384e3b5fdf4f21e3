"""Inside the sandbox: limits and watches this process, then serves the untrusted environment. See `sandbox`.

The watch is an audit hook: Python calls it before it opens, imports, connects or starts anything, and it cannot be
removed. What is out of bounds is reported on stderr and refused. It sees what goes through Python; machine code that a
candidate brings along is held by bubblewrap alone.
"""

# Copied into sandboxes: see the comment in `serve`.

from __future__ import annotations

import importlib.abc
import json
import os
import resource
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from . import serve

Report = Callable[[str, str], None]

#: Files that numpy, JAX and Python itself read; nothing of the verifier's is among them.
_HARMLESS = (
    "/dev/null",
    "/dev/urandom",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/self/status",
    "/proc/self/cgroup",
    "/etc/localtime",
    "/etc/os-release",
    "/sys/devices/system",
    "/sys/fs/cgroup",
    "/sys/bus",
    "/usr/share/zoneinfo",
)
_PROCESSES = ("subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.kill", "pty.")
_NETWORK = ("socket.", "http.", "urllib.", "ftplib.", "smtplib.", "ssl.")
_CHANGES = (
    "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.chmod", "os.chown", "os.link", "os.symlink", "os.truncate",
    "os.utime", "os.setxattr", "os.removexattr", "os.chflags", "os.lockf", "shutil.",
)  # fmt: skip
_TWO_PATHS = ("os.rename", "os.link", "os.symlink", "shutil.copy", "shutil.move")
_READS = ("os.listdir", "os.scandir", "os.getxattr", "os.listxattr", "os.chdir", "glob.glob", "sqlite3.connect")


class _Refuser(importlib.abc.MetaPathFinder):
    """Finds nothing, and refuses the modules of the reference by name."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> None:
        """Raises `ImportError` for a denied name."""
        self._watch.imports(fullname)


class Watch:
    """Reports and refuses what is out of bounds: (event, arguments) of `sys.addaudithook`.

    `readable`, `writable`: folders and files that may be opened. `deny`: modules that may not be imported.
    """

    def __init__(self, readable: Iterable[str], writable: Iterable[str], deny: Iterable[str], report: Report) -> None:
        self._writable = tuple(writable)
        self._readable = (*readable, *self._writable, *_HARMLESS)
        self._deny, self._report = frozenset(deny), report
        # Kept apart from the modules, which the candidate can patch.
        self._abspath, self._fsdecode = os.path.abspath, os.fsdecode

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            self._opens(*arguments)
        elif event == "import":
            self.imports(str(arguments[0]))
        elif event.startswith(_READS):
            self._path(arguments[0] if arguments else ".", self._readable, "reads")
        elif event.startswith(_CHANGES):
            for path in arguments[: 2 if event.startswith(_TWO_PATHS) else 1]:
                self._path(path, self._writable, "writes")
        elif event.startswith(_PROCESSES):
            self._refuse("starts a process", f"{event} {_short(arguments)}")
        elif event.startswith(_NETWORK):
            self._refuse("network", f"{event} {_short(arguments)}")
        elif event == "ctypes.dlopen" and arguments[0] is not None:
            self._path(arguments[0], self._readable, "loads machine code")

    def imports(self, name: str) -> None:
        """Refuse a denied module."""
        if name.partition(".")[0] in self._deny:
            self._report("imports the reference", name)
            raise ImportError(f"{name} may not be imported by a candidate")

    def _opens(self, path: Any, mode: Any, flags: Any) -> None:
        writes = bool(int(flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND))
        self._path(path, self._writable if writes else self._readable, "writes" if writes else "reads")

    def _path(self, path: Any, allowed: Sequence[str], rule: str) -> None:
        if isinstance(path, int) or path is None:  # a file that is open already, or shutil's absent default
            return
        whole = self._abspath(self._fsdecode(path))
        if not any(whole == root or whole.startswith(root + "/") for root in allowed):
            self._refuse(rule, whole)

    def _refuse(self, rule: str, what: str) -> None:
        self._report(rule, what)
        raise PermissionError(f"the sandbox refuses: {rule} {what}")


def _short(arguments: tuple[Any, ...]) -> str:
    return ", ".join(str(argument)[:60] for argument in arguments[:2])


def _reporter(descriptor: int) -> Report:
    write, dumps, leave = os.write, json.dumps, os._exit

    def report(rule: str, what: str) -> None:
        try:
            write(descriptor, b"\x1eviolation " + dumps([rule, what[:300]]).encode() + b"\n")
        except OSError:
            leave(70)  # a process that can no longer report must not go on

    return report


def _limit(limits: Mapping[str, int]) -> None:
    names = {
        "memory_bytes": resource.RLIMIT_AS,
        "cpu_seconds": resource.RLIMIT_CPU,
        "file_bytes": resource.RLIMIT_FSIZE,
        "processes": resource.RLIMIT_NPROC,
    }
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name, value in limits.items():
        resource.setrlimit(names[name], (value, value))


def main(text: str) -> None:
    """Serve under the configuration (JSON) that `sandbox` wrote. Never returns anything: the process ends."""
    config = json.loads(text)
    source, sink = serve.take_stdio()
    sys.argv = ["candidate"]
    os.chdir(config["scratch"])
    _limit(config["limits"])
    # sys.path still holds the standard library and our own folders only.
    watch = Watch([*sys.path, *config["readable"]], [config["scratch"]], config["deny"], _reporter(os.dup(2)))
    sys.meta_path.insert(0, _Refuser(watch))
    sys.path.insert(0, config["source"])
    sys.addaudithook(watch)
    serve.serve(serve.load(config["entry"]), source, sink)
