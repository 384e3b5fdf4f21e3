"""Prices of models: taken from the package `genai-prices` once per run, and kept in a JSON file beside its ledger.

A run that is resumed counts with the file's prices, also where the package has newer ones by then.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from jaxenv.commands import files
from translator.metering.usage import Usage

_MILLION = Decimal(1_000_000)
_NAMES = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cache_read": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "cache_write_1h": "cache_write_1h_mtok",
}
"""Our names of prices, and those of `genai-prices`."""
_INSTALL = "pip install 'pokejax[translator]'"


class PriceError(Exception):
    """A price that is not known, or a file of prices that cannot be used."""


@dataclass(frozen=True)
class Rate:
    """Dollars per million tokens. `tiers`: (tokens, dollars); a rate holds for all of a call whose input is longer."""

    base: Decimal
    tiers: tuple[tuple[int, Decimal], ...] = ()

    def at(self, input_tokens: int) -> Decimal:
        """The rate of a call with that many tokens of input."""
        return next((usd for start, usd in reversed(self.tiers) if input_tokens > start), self.base)

    def most(self, input_tokens: int) -> Decimal:
        """The highest rate of a call with at most that many tokens of input."""
        return max(self.base, *(usd for start, usd in self.tiers if input_tokens > start), Decimal(0))


@dataclass(frozen=True)
class Price:
    """Rates of one model. What a provider does not price apart costs what other input does."""

    input: Rate
    output: Rate
    cache_read: Rate | None = None
    cache_write: Rate | None = None
    cache_write_1h: Rate | None = None

    def cost(self, usage: Usage) -> Decimal:
        """Dollars of a call."""
        size = usage.input_tokens
        short = usage.cache_write_tokens - usage.cache_write_1h_tokens
        fresh = max(0, size - usage.cache_read_tokens - usage.cache_write_tokens)
        write = self.cache_write or self.input
        parts = (
            (fresh, self.input),
            (usage.cache_read_tokens, self.cache_read or self.input),
            (short, write),
            (usage.cache_write_1h_tokens, self.cache_write_1h or write),
            (usage.output_tokens, self.output),
        )
        return sum((count * rate.at(size) for count, rate in parts), Decimal(0)) / _MILLION

    def worst(self, input_tokens: int, output_tokens: int, *, hour: bool) -> Decimal:
        """The most that a call can cost. `hour`: its input may be written to a cache for an hour, the dearest way."""
        rates = [self.input, self.cache_read, self.cache_write, self.cache_write_1h if hour else None]
        dearest = max(rate.most(input_tokens) for rate in rates if rate is not None)
        return (input_tokens * dearest + output_tokens * self.output.most(input_tokens)) / _MILLION

    def as_json(self) -> dict[str, Any]:
        """The rates, with dollars as texts."""
        rates = {each.name: getattr(self, each.name) for each in fields(self)}
        return {
            name: {"base": str(rate.base), "tiers": [[start, str(usd)] for start, usd in rate.tiers]}
            for name, rate in rates.items()
            if rate is not None
        }

    @classmethod
    def from_json(cls, rates: Mapping[str, Any]) -> Price:
        """The prices that `as_json` gave. `PriceError` for anything else."""
        try:
            return cls(
                **{
                    name: Rate(_usd(rate["base"]), tuple((int(start), _usd(usd)) for start, usd in rate["tiers"]))
                    for name, rate in rates.items()
                }
            )
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise PriceError(f"no rates: {rates!r}") from error


class Prices:
    """Prices of a run.

    `path`: the JSON file where they are kept. `own`: prices by model that the user states, used before the package's.
    `allow_unknown`: calls to models without a price are let through uncounted; without it they raise `PriceError`.
    """

    def __init__(
        self, path: Path | str, own: Mapping[str, Price] | None = None, *, allow_unknown: bool = False
    ) -> None:
        self._path = files.path(path)
        self._own = dict(own or {})
        self.allow_unknown = allow_unknown
        self._lock = threading.Lock()
        self._entries: dict[str, dict[str, Any]] = self._read()
        try:
            files.check_writable(self._path, "choose another file for the prices")
        except files.StorageError as error:
            raise PriceError(str(error)) from error

    def find(self, provider: str, url: str, model: str) -> Price | None:
        """The price of a model; None where it is unknown and that is allowed. `PriceError` where it is not allowed.

        `provider`: whose prices count, as `genai-prices` names it; empty for the one that the address `url` belongs to.
        """
        with self._lock:
            key = f"{provider or url}/{model}"
            if key not in self._entries:
                price, source = self._look_up(provider, url, model)
                rates = None if price is None else price.as_json()
                taken = datetime.now(UTC).isoformat(timespec="seconds")
                self._entries[key] = {"source": source, "taken": taken, "usd_per_million_tokens": rates}
                if rates is not None:
                    self._write()
            entry = self._entries[key]
        rates = entry["usd_per_million_tokens"]
        if rates is not None:
            return Price.from_json(rates)
        if self.allow_unknown:
            return None
        raise PriceError(
            f"the price of the model {model!r} is not known ({entry['source']}); state it with "
            f"--price {model}=INPUT,OUTPUT in dollars per million tokens, or allow calls that are not counted with "
            "--allow-unknown-prices"
        )

    def _look_up(self, provider: str, url: str, model: str) -> tuple[Price | None, str]:
        """A price and where it is from, or why there is none."""
        if model in self._own:
            return self._own[model], "stated by the user"
        try:
            import genai_prices
            from genai_prices.data_snapshot import get_snapshot
        except ImportError as error:
            raise PriceError(f"prices need the package genai-prices ({error}); {_INSTALL}") from error
        source = f"genai-prices {genai_prices.__version__}"
        try:
            _, found = get_snapshot().find_provider_model(model, None, provider or None, None if provider else url)
        except LookupError as error:
            return None, f"{source}: {error}"
        given = found.get_prices(datetime.now(UTC))
        rates = {name: _rate(getattr(given, theirs, None)) for name, theirs in _NAMES.items()}
        if rates["input"] is None or rates["output"] is None:
            return None, f"{source}: {found.id} has no price of input and output tokens"
        per_call = getattr(given, "requests_kcount", None)
        if per_call:
            return None, f"{source}: {found.id} has a price per call, which is not counted"
        return Price(**{name: rate for name, rate in rates.items() if rate is not None}), f"{source}: {found.id}"

    def _read(self) -> dict[str, dict[str, Any]]:
        if not self._path.exists():
            return {}
        try:
            entries = json.loads(self._path.read_text("utf-8"))["models"]
            for entry in entries.values():
                Price.from_json(entry["usd_per_million_tokens"])
        except (OSError, ValueError, TypeError, KeyError, AttributeError, PriceError) as error:
            raise PriceError(f"{self._path}: no file of prices ({error}); remove it, or name another file") from error
        return entries

    def _write(self) -> None:
        known = {key: entry for key, entry in self._entries.items() if entry["usd_per_million_tokens"] is not None}
        try:
            files.write_json(self._path, {"models": known}, "choose another file for the prices")
        except files.StorageError as error:
            raise PriceError(str(error)) from error


def stated(text: str) -> tuple[str, Price]:
    """A price as on the command line: `MODEL=INPUT,OUTPUT` and, if it has them, `,CACHE_READ,CACHE_WRITE`."""
    model, _, numbers = text.rpartition("=")
    parts = numbers.split(",")
    if not model or not 2 <= len(parts) <= 4:
        raise PriceError(f"{text!r} is no price; write MODEL=INPUT,OUTPUT in dollars per million tokens")
    try:
        rates = [Rate(_usd(part)) for part in parts]
    except PriceError as error:
        raise PriceError(f"{text!r}: {error}") from error
    return model, Price(*rates)


def _usd(text: Any) -> Decimal:
    try:
        usd = Decimal(str(text))
    except InvalidOperation as error:
        raise PriceError(f"{text!r} is no number of dollars") from error
    if not usd.is_finite() or usd < 0:
        raise PriceError(f"{text!r} is no number of dollars of at least 0")
    return usd


def _rate(price: Any) -> Rate | None:
    """A rate of `genai-prices`: a Decimal, or a base with tiers."""
    if price is None or isinstance(price, Decimal):
        return None if price is None else Rate(price)
    return Rate(price.base, tuple((tier.start, tier.price) for tier in price.tiers))
