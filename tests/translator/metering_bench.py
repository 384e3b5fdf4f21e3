"""A proxy between a test and a fake provider, for the fixture `bench`."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
from fake_provider import KEY, MODEL, PRICE, FakeProvider

from translator.ledger import Ledger
from translator.metering.prices import Prices
from translator.metering.proxy import Proxy
from translator.metering.sources import Upstream

APIS = ("openai-chat", "openai-responses", "anthropic-messages", "google-generate")


Make = Callable[..., "Bench"]


class Bench:
    """A ledger, a proxy and a client. `ask` sends a request of one of `APIS`."""

    def __init__(self, folder: Path, provider: FakeProvider, usd: str, **settings: Any) -> None:
        self.folder = folder
        self.provider = provider
        self.stack = ExitStack()
        self.ledger = self.stack.enter_context(Ledger(folder / "ledger.sqlite", Decimal(usd)))
        self.prices = Prices(folder / "prices.json", {MODEL: PRICE})
        self.transcript = folder / "calls.jsonl"
        url = provider.url
        providers = {
            "openai": Upstream(f"{url}/v1", KEY, "OPENAI_API_KEY"),
            "anthropic": Upstream(url, KEY, "ANTHROPIC_API_KEY"),
            "google": Upstream(url, KEY, "GEMINI_API_KEY"),
        }
        settings = {"providers": providers, "output_tokens": 100, **settings}
        self.proxy = self.stack.enter_context(Proxy(self.ledger, self.prices, self.transcript, **settings))
        self.client = self.stack.enter_context(httpx.Client(base_url=self.proxy.url, timeout=20, trust_env=False))

    def request(
        self, api: str, *, stream: bool = False, limit: int | None = 50, **more: Any
    ) -> tuple[str, dict[str, Any]]:
        """Path and body of a request."""
        message = {"role": "user", "content": "Hello"}
        if api == "google-generate":
            verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
            config = {} if limit is None else {"generationConfig": {"maxOutputTokens": limit}}
            contents = [{"role": "user", "parts": [{"text": "Hello"}]}]
            return f"/v1beta/models/{MODEL}:{verb}", {"contents": contents, **config, **more}
        path, name, given = {
            "openai-chat": ("/v1/chat/completions", "max_tokens", {"messages": [message]}),
            "openai-responses": ("/v1/responses", "max_output_tokens", {"input": [message]}),
            "anthropic-messages": ("/v1/messages", "max_tokens", {"messages": [message]}),
        }[api]
        limits = {} if limit is None else {name: limit}
        return path, {"model": MODEL, **given, **limits, **({"stream": True} if stream else {}), **more}

    def headers(self, api: str) -> dict[str, str]:
        name = {"anthropic-messages": "x-api-key", "google-generate": "x-goog-api-key"}.get(api)
        return {name: self.proxy.agent_key} if name else {"authorization": f"Bearer {self.proxy.agent_key}"}

    def ask(self, api: str, **request: Any) -> httpx.Response:
        path, body = self.request(api, **request)
        return self.client.post(path, json=body, headers=self.headers(api))

    def lines(self, kind: str | None = None) -> list[dict[str, Any]]:
        """Lines of the transcript."""
        found = [json.loads(line) for line in self.transcript.read_text("utf-8").splitlines()]
        return [line for line in found if kind is None or line["kind"] == kind]

    def close(self) -> None:
        self.stack.close()
