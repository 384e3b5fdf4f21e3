"""Metering of one call: a reservation, the answer as it passes, and the settlement."""

from __future__ import annotations

import contextlib
import copy
import json
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from jaxenv.commands.interrupts import complain
from translator.ledger import Account, BudgetExhausted, LedgerError, text_of
from translator.metering.apis import Api, Call, Refused
from translator.metering.apis.base import IMAGE_TOKENS
from translator.metering.events import TooLong, events
from translator.metering.prices import Price, PriceError, Prices
from translator.metering.sources import Answer, Lost, Source, Upstream
from translator.metering.transcript import Transcript, TranscriptError, chunk_text, fingerprint
from translator.metering.usage import Usage, part

HIDDEN_TOKENS = 8192
"""Tokens that providers put in themselves: frames of messages, descriptions of tools of their own."""
_REFUSED_UNBILLED = (503, 529)
"""The provider is too busy to begin. Every 4xx is not billed either."""
_MOST_BYTES = 256 * 2**20


class ClientLeft(Exception):  # noqa: N818
    """The agent closed its connection before the end of its answer."""


class Out(Protocol):
    """The agent's connection. Each method may raise `ClientLeft`."""

    def whole(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Send an answer."""

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Begin a stream."""

    def piece(self, data: bytes) -> None:
        """Send a part of a stream."""


@dataclass
class _Metered:
    """A call between its reservation and its settlement. `ticket`: None for calls that are not counted."""

    number: str
    api: Api
    call: Call
    sent: bytes
    name: str
    price: Price | None
    ticket: int | None
    worst_usd: Decimal
    output_tokens: int
    usage: Usage | None = None
    cost_usd: Decimal = Decimal(0)
    end: str = ""
    lost: str = ""
    status: int = 0
    headers: Mapping[str, str] | None = None
    chunks: list[bytes] | None = None
    settled: bool = False


class Meter:
    """The common part of all calls of a proxy.

    `mode`: its name, for the notes in the ledger. `output_tokens`: the limit for requests that have none. `keeps`:
    requests and answers go into the transcript in full, to be replayed. `stopping`: once it is set, streams are cut.
    """

    def __init__(
        self,
        ledger: Account,
        prices: Prices,
        transcript: Transcript,
        source: Source,
        upstreams: Mapping[str, Upstream],
        *,
        mode: str,
        output_tokens: int,
    ) -> None:
        self.ledger = ledger
        self.prices = prices
        self.transcript = transcript
        self.source = source
        self.upstreams = upstreams
        self.mode = mode
        self.keeps = mode == "record"
        self.output_tokens = output_tokens
        self.stopping = threading.Event()

    def answer(self, api: Api, call: Call, headers: Mapping[str, str], out: Out) -> None:
        """Answer a call. Whatever happens, its reservation is settled by what is known of its cost."""
        asked = copy.deepcopy(call.body)
        try:
            metered = self._admit(api, call, asked)
        except Refused as refused:
            self.refuse(api, refused, out, call)
            return
        try:
            self._pass_on(metered, headers, out)
        except ClientLeft:
            if metered.usage is None:
                metered.end = "the agent left"
        finally:
            self._settle(metered)

    def refuse(self, api: Api, refused: Refused, out: Out, call: Call | None = None) -> None:
        """Send an error of the proxy's own, and put it on record."""
        about = {} if call is None else {"path": call.path, "model": call.model, "changes": call.changes}
        with self._complaining():
            self.transcript.add(
                "refused", api=api.name, status=refused.status, code=refused.code, message=str(refused), **about
            )
        with contextlib.suppress(ClientLeft):
            self._error(api, refused, out)

    def _admit(self, api: Api, call: Call, asked: dict[str, Any]) -> _Metered:
        """Change a request so that its cost is bounded, and reserve that. `Refused` where this cannot be."""
        if self.stopping.is_set():
            raise Refused(503, "stopping", "the metering proxy is stopping")
        self.source.check(api)
        name = fingerprint(api.name, call.path, asked)
        price, ticket, worst, generated = None, None, Decimal(0), 0
        if not call.free:
            self._pin_tier(api, call)
            generated = api.prepare(call, self.output_tokens)
        sent = json.dumps(call.body).encode()
        number = uuid.uuid4().hex[:12]
        if not call.free:
            price = self._price(api, call)
            if price is None:
                call.changes.append("not counted: the price of the model is unknown, which was allowed")
            else:
                text = json.dumps(call.body, ensure_ascii=False)
                read = len(text.encode(errors="surrogatepass")) + call.images * IMAGE_TOKENS + HIDDEN_TOKENS
                worst = price.worst(read, generated, hour='"1h"' in text)
                ticket = self._reserve(worst, f"{self.mode} {api.name} {call.model} call {number}")
        metered = _Metered(number, api, call, sent, name, price, ticket, worst, generated)
        metered.chunks = [] if self.keeps else None
        try:
            self.transcript.add(
                "request",
                call=number,
                mode=self.mode,
                name=name,
                api=api.name,
                path=call.path,
                model=call.model,
                streams=call.streams,
                changes=call.changes,
                ticket=ticket,
                reserved_usd=text_of(worst),
                **({"body": asked} if self.keeps else {}),
            )
        except TranscriptError as error:
            if ticket is not None:
                self.ledger.settle(ticket, Decimal(0), {"end": "not sent"})
            raise Refused(500, "transcript", str(error)) from error
        return metered

    def _pin_tier(self, api: Api, call: Call) -> None:
        upstream = self.upstreams.get(api.provider)
        if upstream is None or api.provider != "openai" or not upstream.url.startswith("https://api.openai.com/"):
            return
        if call.body.get("service_tier") is None:  # the project may have another default
            call.body["service_tier"] = "default"
            call.changes.append("service_tier 'default' put in")

    def _price(self, api: Api, call: Call) -> Price | None:
        upstream = self.upstreams[api.provider]
        try:
            return self.prices.find(upstream.prices, upstream.url, call.model)
        except PriceError as error:
            raise Refused(400, "unknown_price", str(error)) from error

    def _reserve(self, worst: Decimal, note: str) -> int:
        try:
            return self.ledger.reserve(worst, note)
        except BudgetExhausted as error:
            amounts = {
                "cap_usd": error.cap_usd,
                "spent_usd": error.spent_usd,
                "reserved_usd": error.reserved_usd,
                "asked_usd": error.asked_usd,
            }
            budget = {name: text_of(usd) for name, usd in amounts.items()}
            raise Refused(402, "budget_exhausted", str(error), {"budget": budget}) from error
        except LedgerError as error:
            raise Refused(500, "ledger", str(error)) from error

    def _pass_on(self, metered: _Metered, headers: Mapping[str, str], out: Out) -> None:
        """Ask the source and pass its answer on. The call is settled before the agent can ask the next thing."""
        api, call = metered.api, metered.call
        begun = False
        metered.cost_usd = metered.worst_usd  # until more is known
        try:
            with self.source.ask(api, call, metered.sent, metered.name, headers) as answer:
                metered.status, metered.headers = answer.status, answer.headers
                kind = answer.headers.get("content-type", "")
                if answer.status == 200 and call.streams and kind.startswith("text/event-stream"):
                    out.begin(answer.status, answer.headers)
                    begun = True
                    last = b"".join(self._stream(metered, answer, out))
                else:
                    body = self._whole(metered, answer)
            self._settle(metered)
            if begun:
                out.piece(last)
            else:
                out.whole(answer.status, answer.headers, body)
        except Refused as refused:
            if refused.code == "not_recorded":
                metered.end, metered.cost_usd = refused.code, Decimal(0)
            self._fail(metered, refused, out, begun)
        except Lost as lost:
            metered.end, metered.lost = f"lost: {lost}", str(lost)
            if metered.usage is None and not lost.billed:
                metered.cost_usd = Decimal(0)
            self._fail(metered, Refused(502, "upstream_lost", str(lost)), out, begun)

    def _fail(self, metered: _Metered, refused: Refused, out: Out, begun: bool) -> None:
        self._settle(metered)
        if begun:
            out.piece(metered.api.error_event(refused))
        else:
            self._error(metered.api, refused, out)

    def _whole(self, metered: _Metered, answer: Answer) -> bytes:
        """The body of an answer that is no stream, counted."""
        body = b"".join(self._kept(metered, answer.chunks))
        try:
            found = json.loads(body)
        except ValueError:
            found = None
        if 200 <= answer.status < 300:
            self._count(metered, metered.api.usage(found))
            return body
        metered.end = f"refused by the provider with status {answer.status}"
        if 400 <= answer.status < 500 or answer.status in _REFUSED_UNBILLED:
            metered.cost_usd = Decimal(0)
        if answer.status in (401, 403):  # its text may show a part of the key
            metered.chunks = None
            message = f"the provider refused the proxy's key with status {answer.status}; check it"
            raise Refused(answer.status, "key_refused", message)
        return body

    def _stream(self, metered: _Metered, answer: Answer, out: Out) -> list[bytes]:
        """Pass a stream on while it is counted; its last events, from where the model ended, are given back."""
        api = metered.api
        stream = api.stream()
        last: list[bytes] = []
        try:
            for event in events(self._kept(metered, answer.chunks)):
                if self.stopping.is_set():
                    metered.end = "cut: the proxy was stopped"
                    raise Refused(503, "stopping", "the metering proxy is stopping")
                if event.data is not None:
                    stream.feed(event.data)
                    if stream.tokens > metered.output_tokens and not stream.ended:
                        metered.end = f"cut: more than the {metered.output_tokens} tokens of output reserved"
                        raise Refused(402, "reservation_used_up", f"the stream was {metered.end}")
                hidden = metered.call.hides_usage and event.data is not None and not event.data.get("choices")
                if not (hidden and part(event.data, "usage")):  # which the agent did not ask for
                    if stream.ended:
                        last.append(event.raw)
                    else:
                        out.piece(event.raw)
                if stream.done or (event.data is None and b"[DONE]" in event.raw):
                    break
        except TooLong as error:
            raise Lost(str(error), billed=True) from error
        finally:
            if not metered.end:
                self._count(metered, stream.usage())
        return last

    def _kept(self, metered: _Metered, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The pieces of an answer, kept where they are to be replayed. `Lost` for an answer without an end."""
        size = 0
        for chunk in chunks:
            size += len(chunk)
            if size > _MOST_BYTES:
                raise Lost(f"an answer of more than {_MOST_BYTES // 2**20} MiB", billed=True)
            if metered.chunks is not None:
                metered.chunks.append(chunk)
            yield chunk

    def _count(self, metered: _Metered, usage: Usage | None) -> None:
        """Take what an answer reports; without a report the whole reservation counts."""
        metered.usage = usage
        metered.end = "complete" if usage is not None or metered.call.free else "no usage reported"
        if usage is not None and metered.price is not None:
            metered.cost_usd = metered.price.cost(usage)

    def _settle(self, metered: _Metered) -> None:
        if metered.settled:
            return
        metered.settled = True
        counts: dict[str, Any] = {} if metered.usage is None else dict(metered.usage.as_dict())
        cost = metered.cost_usd
        with self._complaining():
            if metered.ticket is not None:
                self.ledger.settle(metered.ticket, cost, {**counts, "end": metered.end})
        chunks = metered.chunks
        with self._complaining():
            self.transcript.add(
                "answer",
                call=metered.number,
                status=metered.status,
                end=metered.end,
                usage=counts or None,
                counted=metered.ticket is not None,
                cost_usd=text_of(cost),
                above_reservation=metered.ticket is not None and cost > metered.worst_usd,
                **({} if chunks is None else {"chunks": [chunk_text(chunk) for chunk in chunks]}),
                **({} if chunks is None else {"headers": dict(metered.headers or {}), "lost": metered.lost}),
            )

    def _error(self, api: Api, refused: Refused, out: Out) -> None:
        out.whole(refused.status, {"content-type": "application/json"}, json.dumps(api.error(refused)).encode())

    @contextlib.contextmanager
    def _complaining(self) -> Iterator[None]:
        """Say what cannot be put on record; an answer that is paid for still goes to the agent."""
        try:
            yield
        except (LedgerError, TranscriptError) as error:
            complain(f"metering: {error}")
