"""Prices: those of `genai-prices`, kept per run; unknown ones are refused before any call, or said."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from fake_provider import MODEL, PRICE, Plan
from hypothesis import given
from hypothesis import strategies as st
from metering_bench import Make

from translator.metering.prices import Price, PriceError, Prices, Rate, stated
from translator.metering.usage import Usage

TIERED = Price(
    Rate(Decimal(4), ((200, Decimal(8)), (1000, Decimal(10)))),
    Rate(Decimal(20), ((200, Decimal(30)),)),
    cache_read=Rate(Decimal("0.4")),
    cache_write=Rate(Decimal(5)),
    cache_write_1h=Rate(Decimal(9)),
)


def test_prices_are_taken_from_the_package_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "run" / "prices.json"
    price = Prices(path).find("", "https://api.anthropic.com", "claude-sonnet-4-5")
    assert price is not None and price.cache_write_1h is not None
    assert price.input.base > 0 and price.output.base > price.input.base
    kept = json.loads(path.read_text())["models"]["https://api.anthropic.com/claude-sonnet-4-5"]
    assert kept["source"].startswith("genai-prices 0.") and kept["taken"].startswith("20")
    assert Price.from_json(kept["usd_per_million_tokens"]) == price


def test_a_resumed_run_counts_with_the_prices_that_it_began_with(tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    Prices(path).find("openai", "", "gpt-5")
    kept = json.loads(path.read_text())
    kept["models"]["openai/gpt-5"]["usd_per_million_tokens"]["input"]["base"] = "77"
    path.write_text(json.dumps(kept))
    found = Prices(path).find("openai", "", "gpt-5")
    assert found is not None and found.input.base == 77


def test_a_price_that_the_user_states_goes_first(tmp_path: Path) -> None:
    model, price = stated("gpt-5=1.5,6,0.1")
    found = Prices(tmp_path / "prices.json", {model: price}).find("openai", "", "gpt-5")
    assert found == Price(Rate(Decimal("1.5")), Rate(Decimal(6)), Rate(Decimal("0.1")))
    assert (
        json.loads((tmp_path / "prices.json").read_text())["models"]["openai/gpt-5"]["source"] == "stated by the user"
    )


@pytest.mark.parametrize("text", ["gpt-5", "=1,2", "m=1", "m=1,x", "m=1,-2", "m=1,2,3,4,5", "m=NaN,1"])
def test_stated_prices_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(PriceError, match=r"is no price|is no number of dollars"):
        stated(text)


def test_an_unknown_price_is_refused_before_any_call(bench: Make) -> None:
    made = bench(Plan())
    path, body = made.request("openai-chat")
    answer = made.client.post(path, json={**body, "model": "nobody-1"}, headers=made.headers("openai-chat"))
    assert answer.status_code == 400
    assert (
        "the price of the model 'nobody-1' is not known" in answer.text
        and "--price nobody-1=INPUT,OUTPUT" in answer.text
    )
    assert made.provider.requests == [] and made.ledger.spent == 0


def test_an_unknown_price_that_is_allowed_is_said(bench: Make) -> None:
    made = bench(Plan())
    made.prices.allow_unknown = True
    path, body = made.request("openai-chat")
    answer = made.client.post(path, json={**body, "model": "nobody-1"}, headers=made.headers("openai-chat"))
    assert answer.status_code == 200 and made.ledger.spent == 0
    assert "not counted: the price of the model is unknown" in str(made.lines("request")[0]["changes"])
    line = made.lines("answer")[0]
    assert line["counted"] is False and line["usage"]["input_tokens"] == 40
    assert made.ask("openai-chat").status_code == 200
    assert made.ledger.spent > 0  # a model with a price still counts
    assert "nobody-1" not in made.prices._path.read_text()


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    with pytest.raises(PriceError, match=r"pip install 'pokejax\[translator\]'"):
        Prices(tmp_path / "prices.json").find("openai", "", "gpt-5")
    assert Prices(tmp_path / "prices.json", {MODEL: PRICE}).find("openai", "", MODEL) == PRICE


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"models": {"a": {}}}', '{"models": {"a": {"usd_per_million_tokens": 3}}}']
)
def test_files_that_hold_no_prices_are_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "prices.json"
    path.write_text(content)
    with pytest.raises(PriceError, match=r"no file of prices .*; remove it, or name another file"):
        Prices(path)


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PriceError, match="choose another file for the prices"):
        Prices(tmp_path / "file" / "prices.json")


def test_a_longer_input_has_the_rates_of_its_tier() -> None:
    assert TIERED.cost(Usage(200, 10)) == Decimal(200 * 4 + 10 * 20) / 1_000_000
    assert TIERED.cost(Usage(201, 10)) == Decimal(201 * 8 + 10 * 30) / 1_000_000
    assert TIERED.cost(Usage(1001, 10, cache_read_tokens=1000)) == Decimal("0.4") * 1000 / 1_000_000 + Decimal(
        10 + 300
    ) / Decimal(1_000_000)


@given(st.integers(0, 3000), st.integers(0, 3000), st.data())
def test_no_call_costs_more_than_its_worst_case(read: int, generated: int, data: st.DataObject) -> None:
    bound, limit = read + data.draw(st.integers(0, 500)), generated + data.draw(st.integers(0, 500))
    cached = data.draw(st.integers(0, read))
    written = data.draw(st.integers(0, read - cached))
    hour = data.draw(st.integers(0, written))
    usage = Usage(read, generated, cached, written, hour)
    for price in (TIERED, PRICE, Price(Rate(Decimal(1)), Rate(Decimal(2)))):
        assert price.cost(usage) <= price.worst(bound, limit, hour=True)
        if not hour:
            assert price.cost(usage) <= price.worst(bound, limit, hour=False)
        assert Price.from_json(json.loads(json.dumps(price.as_json()))) == price
