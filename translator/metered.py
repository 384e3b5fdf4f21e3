"""Metering of an agent's calls of models: one proxy for each call of the agent, on the run's ledger.

The agent gets the proxy's address and a key that is worth nothing elsewhere and ends with the call. Real keys stay in
this process.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from translator.errors import AgentError, InfrastructureError
from translator.ledger import BudgetExhausted, Ledger, LedgerError, nano_of, usd_of
from translator.metering import transcript
from translator.metering.prices import Price, PriceError, Prices, stated
from translator.metering.proxy import Proxy, ProxyError, upstreams
from translator.metering.script import Script
from translator.metering.sources import Live, Replay, Source, SourceError, Upstream
from translator.metering.transcript import TranscriptError
from translator.project import Metering

_ERRORS = (LedgerError, PriceError, ProxyError, SourceError, TranscriptError)
_TOKENS = {"input": "input_tokens", "output": "output_tokens", "cached": "cache_read_tokens"}
_TOKENS |= {"reasoning": "reasoning_tokens"}


class Share:
    """The part of a ledger that one call of the agent may spend, for the proxy to reserve and settle in.

    `requests`: reservations made. `refused`: the refusal of the ledger itself, whose cap is reached; None where only
    this part was used up, or nothing.
    """

    def __init__(self, ledger: Ledger, most: Decimal) -> None:
        self._ledger, self._most = ledger, most
        self._lock = threading.Lock()
        self._open: dict[int, Decimal] = {}
        self.spent = Decimal(0)
        self.requests = 0
        self.refused: BudgetExhausted | None = None

    def reserve(self, worst_case_usd: Decimal, note: str) -> int:
        """As `Ledger.reserve`; `BudgetExhausted` also where it does not fit into this part."""
        with self._lock:
            reserved = sum(self._open.values(), Decimal(0))
            try:
                ticket = self._ledger.reserve(worst_case_usd, note)
            except BudgetExhausted as error:
                self.refused = error
                raise
            if self.spent + reserved + worst_case_usd > self._most:
                self._ledger.settle(ticket, Decimal(0), {"end": "more than the share of one call"})
                raise BudgetExhausted(self._most, self.spent, reserved, worst_case_usd)
            self._open[ticket] = worst_case_usd
            self.requests += 1
            return ticket

    def settle(self, ticket: int, actual_usd: Decimal, usage: dict[str, Any]) -> None:
        """As `Ledger.settle`."""
        self._ledger.settle(ticket, actual_usd, usage)
        with self._lock:
            self._open.pop(ticket, None)
            self.spent += usd_of(nano_of(actual_usd, "actual_usd"))

    def close(self) -> None:
        """Settle what is still open, in full: nobody knows what was billed."""
        for ticket, worst in list(self._open.items()):
            self.settle(ticket, worst, {"end": "open when the agent's call ended"})


@dataclass
class Metered:
    """One call of the agent behind its proxy. `environment`: of its program. `tokens`, `uncounted`: once it is over."""

    share: Share
    environment: dict[str, str]
    tokens: dict[str, int] = field(default_factory=dict)
    uncounted: int = 0


class Meters:
    """Maker of a run's proxies. `folder`: of the run, which keeps prices and transcripts.

    `AgentError` for settings that could not work: no key, no script, an unknown price of `model`.
    """

    def __init__(self, folder: Path, settings: Metering, environment: Mapping[str, str] | None = None) -> None:
        self._folder, self._settings = folder, settings
        try:
            own = dict(stated(f"{model}={numbers}") for model, numbers in settings.prices.items())
            self._own: dict[str, Price] = own
            self._upstreams = upstreams(environment, settings.urls)
            self._source = _source(settings, self._upstreams)
        except _ERRORS as error:
            raise AgentError(f"metering: {error}; `--metering off` leaves a program to its own login") from error

    def check(self, provider: str, model: str) -> None:
        """Refuse a provider without a key, and a model without a price. Either may be "" where nobody knows it."""
        live = self._settings.mode in ("live", "record")
        if live and provider and not self._upstreams[provider].key:
            names = self._upstreams[provider].key_names
            raise AgentError(
                f"metering: there is no key for {provider}: set {names}, which stays in the proxy; or "
                "`--metering off`, where the program uses its own login and its cost is what it says"
            )
        if provider and model:
            upstream = self._upstreams[provider]
            try:
                self._prices().find(upstream.prices, upstream.url, model)
            except PriceError as error:
                raise AgentError(f"metering: {error}") from error

    @contextlib.contextmanager
    def call(self, ledger: Ledger, number: int, most: Decimal) -> Iterator[Metered]:
        """A proxy while the agent works; when it is over, everything is settled."""
        path = self._folder / "transcripts" / f"{number:03}.calls.jsonl"
        before = _size(path)
        share = Share(ledger, most)
        try:
            source = _source(self._settings, self._upstreams) if isinstance(self._source, Live) else self._source
            proxy = Proxy(
                share,
                self._prices(),
                path,
                mode=self._settings.mode,
                source=source,
                providers=self._upstreams,
                output_tokens=self._settings.output_tokens,
            )
        except _ERRORS as error:
            raise InfrastructureError(f"the metering proxy does not start: {error}") from error
        metered = Metered(share, proxy.environment())
        try:
            with proxy:
                yield metered
        finally:
            share.close()
        metered.tokens, metered.uncounted = _told(path, before)

    def close(self) -> None:
        """Give back what is held."""
        self._source.close()

    def _prices(self) -> Prices:
        return Prices(self._folder / "prices.json", self._own, allow_unknown=self._settings.allow_unknown_prices)


def _source(settings: Metering, providers: Mapping[str, Upstream]) -> Source:
    if settings.mode == "script":
        return Script.read(settings.file)
    if settings.mode == "replay":
        return Replay(settings.file, in_order=True)
    return Live(providers)


def _size(path: Path) -> int:
    return sum(1 for _ in transcript.read(path)) if path.is_file() else 0


def _told(path: Path, before: int) -> tuple[dict[str, int], int]:
    """Tokens of a call, and how many of its requests were not counted, by the lines that it has added."""
    tokens: dict[str, int] = {}
    uncounted = 0
    for line in list(transcript.read(path))[before:]:
        if line["kind"] == "request":
            uncounted += any(change.startswith("not counted") for change in line["changes"])
        if line["kind"] == "answer":
            for name, theirs in _TOKENS.items():
                count = (line["usage"] or {}).get(theirs, 0)
                if count:
                    tokens[name] = tokens.get(name, 0) + count
    return tokens, uncounted
