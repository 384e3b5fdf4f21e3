"""Connections to a Showdown server: is it one, does it let us in, what does it refuse."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from poke_env import AccountConfiguration, ServerConfiguration
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from pokejax.client.errors import ServerError

LOGIN = "https://play.pokemonshowdown.com/action.php?"
"""Showdown's login service, which is asked only where a password is given."""
_PATH = "/showdown/websocket"
_CONNECT_S, _LOGIN_S = 30.0, 150.0
_START = "start one with `--server local`, or check the address"


def websocket_url(text: str) -> str:
    """The address of a server as its websocket's: "example.org:8000", "https://example.org" or the whole address."""
    if not re.match(r"\w+://", text):
        host = text.partition("/")[0].partition(":")[0]
        text = ("ws://" if host in ("localhost", "127.0.0.1") or ":" in text else "wss://") + text
    parts = urlsplit(text)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    if scheme not in ("ws", "wss") or not parts.hostname:
        raise ServerError(f"{text!r} is no server's address; give one as localhost:8000 or wss://example.org{_PATH}")
    path = parts.path if parts.path not in ("", "/") else _PATH
    return f"{scheme}://{parts.netloc}{path}"


async def probe(url: str) -> None:
    """`ServerError` unless a Showdown server answers at `url`."""
    try:
        async with asyncio.timeout(_CONNECT_S), connect(url, open_timeout=_CONNECT_S) as socket:
            async for message in socket:
                if "|challstr|" in str(message):
                    return
        raise ServerError(f"{url} closed the connection before it greeted us as a Showdown server does; {_START}")
    except TimeoutError as error:
        raise ServerError(f"{url} does not answer as a Showdown server within {_CONNECT_S:g} s; {_START}") from error
    except (OSError, WebSocketException) as error:
        raise ServerError(f"no Showdown server answers at {url}: {error}; {_START}") from error


def configuration(url: str) -> ServerConfiguration:
    """poke-env's description of a server."""
    return ServerConfiguration(url, LOGIN)


def account(name: str, password: str = "") -> AccountConfiguration:
    """A player's name on the server: at most 18 characters, without those that Showdown takes out."""
    plain = re.sub(r"[^A-Za-z0-9 _.-]+", "-", name.rpartition("/")[2]).strip(" -")[:18] or "player"
    return AccountConfiguration(plain, password or None)


class Notices:
    """Refusals that a server sends to a player outside of battles: a name that is taken, a team, a challenge."""

    def __init__(self, player: Any) -> None:
        self.player = player
        self.last = ""
        client = player.ps_client
        self._handle: Callable[[str], Awaitable[None]] = client._handle_message
        client._handle_message = self._read

    async def _read(self, message: str) -> None:
        if message.startswith(("|popup|", "|nametaken|")):
            self.last = message.split("|", 2)[2].replace("||", "\n")
        elif message.startswith("|pm|") and "|/error " in message:
            self.last = message.split("|/error ", 1)[1]
        with contextlib.suppress(Exception):  # poke-env logs what it cannot handle, and so do we
            await self._handle(message)

    async def logged_in(self) -> None:
        """Wait for the login; `ServerError` with the server's reason where it does not come."""
        name = self.player.username
        end = time.monotonic() + _LOGIN_S
        while not self.player.ps_client.logged_in.is_set():
            if self.last:
                raise ServerError(f"the server does not let {name!r} in: {self.last}; {_login_remedy()}")
            if self.lost():
                raise ServerError(f"the server ended the connection of {name!r}; {_START}")
            if time.monotonic() > end:
                raise ServerError(f"the server did not log {name!r} in within {_LOGIN_S:g} s; {_login_remedy()}")
            await asyncio.sleep(0.05)

    def lost(self) -> bool:
        """The connection has ended."""
        return self.player.ps_client._listening_coroutine.done()


def _login_remedy() -> str:
    return (
        "choose a free name with --name, or give the password of a registered one in the environment variable "
        "POKEJAX_SHOWDOWN_PASSWORD"
    )
