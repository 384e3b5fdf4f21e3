"""The pinned Showdown server on this machine's loopback interface, for clients such as poke-env.

    with LocalServer() as server:
        connect(server.websocket_url)

Run as a module (``python -m references.showdown.server``) it serves until Ctrl-C.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType

from references.protocol import ReferenceUnavailableError
from references.showdown.install import install, node_command

HOST = "127.0.0.1"
_READY_S = 120
_CONFIG = {
    "bindaddress": HOST,
    "subprocesses": 0,
    "repl": False,
    "watchconfig": False,
    "crashguard": False,
    "logchallenges": False,
    "nothrottle": True,
    "noguestsecurity": True,
    "noipchecks": True,
    "usesqlite": False,
    "inactiveuserthreshold": 60 * 60 * 1000,
}
"""Settings over those of the package's config-example.js: names need no login, and nothing is throttled."""


class LocalServer:
    """A server for the length of a `with` block, in a folder of its own that is removed at the end.

    ``port``: 0 takes a free one. `ReferenceUnavailableError` where Node or the package is missing, where the port is
    taken, or where the server does not start; its last words are in the message.
    """

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def websocket_url(self) -> str:
        """Address for clients."""
        return f"ws://{HOST}:{self.port}/showdown/websocket"

    def __enter__(self) -> LocalServer:
        package = install() / "node_modules" / "pokemon-showdown"
        self.port = _free_port(self.port)
        try:
            self._folder = Path(tempfile.mkdtemp(prefix="showdown-server-", dir=package.parents[2]))
            place = _lay_out(package, self._folder, self.port)
        except OSError as error:
            self.close()
            raise ReferenceUnavailableError(
                f"the server's folder in {package.parents[2]} cannot be written: {error.strerror}; leave room there, "
                "or set POKEJAX_CACHE_DIR to another folder"
            ) from error
        with (self._folder / "output.txt").open("wb") as output:
            self._process = subprocess.Popen(
                [node_command(), "pokemon-showdown", "start", "--skip-build", str(self.port)],
                cwd=place,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the program that plays, which ends the server itself
            )
        try:
            self._wait()
        except BaseException:
            self.close()
            raise
        return self

    def _wait(self) -> None:
        assert self._process is not None
        end = time.monotonic() + _READY_S
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise ReferenceUnavailableError(
                    f"the Showdown server ended with status {self._process.returncode} before it listened on port "
                    f"{self.port}:\n{self.last_words()}\nRemedy: try another port, or delete {install()}, which is "
                    "installed again"
                )
            with contextlib.suppress(OSError), socket.create_connection((HOST, self.port), 1):
                return
            time.sleep(0.1)
        raise ReferenceUnavailableError(
            f"the Showdown server did not listen on port {self.port} within {_READY_S} s:\n{self.last_words()}"
        )

    @property
    def running(self) -> bool:
        """The server has not ended."""
        return self._process is not None and self._process.poll() is None

    def last_words(self) -> str:
        """The last lines that the server printed."""
        if self._folder is None:
            return ""
        return "\n".join((self._folder / "output.txt").read_text("utf-8", "replace").strip().splitlines()[-8:])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the server and remove its folder. Safe to call again."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            _end(process)
        folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a server with the processes that it started: it has nothing to save."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _free_port(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ReferenceUnavailableError(
                f"port {port} of {HOST} cannot be used: {error.strerror}; give another one, or 0 for any"
            ) from error
        return probe.getsockname()[1]


def _lay_out(package: Path, folder: Path, port: int) -> Path:
    """A copy of the package (hard links) that the server may write into: it wants folders that npm leaves out."""
    modules = folder / "node_modules"
    place = modules / "pokemon-showdown"
    shutil.copytree(package, place, copy_function=_link)
    for other in package.parent.iterdir():
        if other.is_dir() and other.name not in (package.name, ".bin"):
            _reach(other, modules / other.name)
    for wanted in ("logs/repl", "config/chat-plugins", "databases"):
        (place / wanted).mkdir(parents=True, exist_ok=True)
    settings = {**_CONFIG, "port": port}
    text = "'use strict';\n" + "".join(f"exports.{name} = {json.dumps(value)};\n" for name, value in settings.items())
    (place / "config" / "config.js").write_text(text, "utf-8")
    return place


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _reach(source: Path, target: Path) -> None:
    try:
        target.symlink_to(source, target_is_directory=True)
    except OSError:  # Windows without the right to make links
        shutil.copytree(source, target, copy_function=_link)


def main() -> int:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m references.showdown.server", description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="default 8000; 0 for any free one")
    options = parser.parse_args()
    try:
        with LocalServer(options.port) as server:
            print(f"Pokémon Showdown listens on {server.websocket_url}; Ctrl-C ends it", flush=True)
            while server.running:
                time.sleep(0.2)
            print(f"the server has ended:\n{server.last_words()}", file=sys.stderr)
            return 1
    except ReferenceUnavailableError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
