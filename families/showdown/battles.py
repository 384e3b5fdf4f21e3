"""Batches of battles on a server, several at once, and what became of each."""

from __future__ import annotations

import asyncio
import contextlib
import html
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from families.showdown.connection import Notices
from families.showdown.tally import Result
from jaxenv.commands import files
from pokejax.client.errors import ServerError
from pokejax.client.player import PolicyPlayer
from pokejax.client.protocol import LOG_CLASS

REMEDY = "choose another folder with --out"
_STALLED_S = 300.0
"""Seconds without any message after which battles are given up."""
OnFinished = Callable[[Result], None]


class Collector:
    """Results of one player's battles, in order of completion; each is saved when it ends."""

    def __init__(self, player: PolicyPlayer, names: tuple[str, str], out: Path | None, on_finished: OnFinished) -> None:
        self.player, self.names, self.out, self.on_finished = player, names, out, on_finished
        self.results: list[Result] = []
        self._done: set[str] = set()

    def collect(self) -> None:
        """Take in the battles that have ended since the last call. `StorageError` where one cannot be saved."""
        for tag, battle in list(self.player.battles.items()):
            if not battle.finished or tag in self._done:
                continue
            self._done.add(tag)
            record = self.player.records[tag]
            score = 1.0 if battle.won else 0.0 if battle.lost else 0.5
            names = self.names[0], self.names[1] or str(battle.opponent_username)
            result = Result(
                *(tag, names, score, record.ending, battle.turn, record.decisions, record.invalid, record.problem)
            )
            if self.out is not None:
                save(self.out, battle, record.text)
            self.results.append(result)
            self.on_finished(result)

    @property
    def messages(self) -> int:
        """Messages received so far: whether anything moves."""
        return sum(len(record.lines) for record in list(self.player.records.values()))


def save(out: Path, battle: Any, log: str) -> None:
    """Write a battle's page and its log with requests, which `pokejax.client.observations` reads."""
    stem = out / battle.battle_tag
    page = battle._build_replay_html()
    with_log = f'<script type="text/plain" class="{LOG_CLASS}">{html.escape(log, quote=False)}</script>'
    page = page.replace("</body>", f"{with_log}\n</body>") if "</body>" in page else f"{page}\n{with_log}\n"
    files.write_all({stem.with_suffix(".html"): page, stem.with_suffix(".log"): log}, REMEDY)


async def play(one: PolicyPlayer, other: Any, battles: int, collector: Collector) -> None:
    """`battles` battles between two players of ours. `ServerError` where they cannot begin, or the connection ends."""
    notices = [Notices(one), Notices(other)]
    for notice in notices:
        await notice.logged_in()
    loop = one.ps_client.loop
    await _watch(
        asyncio.run_coroutine_threadsafe(one._battle_against(other, n_battles=battles), loop), notices, collector
    )


async def accept(one: PolicyPlayer, challenger: str | None, battles: int, collector: Collector) -> None:
    """`battles` battles with who challenges, `challenger` alone if one is named. Waits for them without end."""
    notices = [Notices(one)]
    await notices[0].logged_in()
    waiting = asyncio.run_coroutine_threadsafe(one._accept_challenges(challenger, battles, None), one.ps_client.loop)
    await _watch(waiting, notices, collector, patient=True)


async def _watch(future: Any, notices: list[Notices], collector: Collector, patient: bool = False) -> None:
    """Collect until all battles are over."""
    moved, messages = time.monotonic(), -1
    try:
        while not future.done():
            await asyncio.sleep(0.1)
            collector.collect()
            if collector.messages != messages:
                moved, messages = time.monotonic(), collector.messages
            for notice in notices:
                _check(notice, started=messages > 0)
            if not patient and time.monotonic() - moved > _STALLED_S:
                raise ServerError(f"nothing came from the server for {_STALLED_S:g} s; look at its own output")
        future.result()
    finally:
        future.cancel()
        collector.collect()


def _check(notice: Notices, started: bool) -> None:
    name = notice.player.username
    if notice.lost():
        raise ServerError(
            f"the connection of {name!r} was lost; the battles that were over are kept. Run the command again for the "
            "others"
        )
    if notice.last and not started:
        raise ServerError(f"the server refuses the battles of {name!r}: {notice.last}")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep poke-env's own messages, which our errors replace, from the terminal."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def leave(player: Any) -> None:
    """Close a player's connection."""
    with contextlib.suppress(Exception):
        asyncio.run_coroutine_threadsafe(player.ps_client._stop_listening(), player.ps_client.loop).result(5)
