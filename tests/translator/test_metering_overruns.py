"""Each way in which agents are known to overrun a budget: what the provider bills never exceeds the cap.

The classes are those of the 63 incidents in arXiv 2606.04056: retries, parallel calls, tokens that nobody counts,
sub-agents, streams that are cut, restarts, and answers or requests that leave the numbers out.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from fake_provider import KEY, PRICE, FakeProvider, Plan
from metering_bench import APIS, Bench, Make

from translator.ledger import Ledger
from translator.metering.usage import Usage

ROOT = Path(__file__).resolve().parents[2]
ALL = pytest.mark.parametrize("api", APIS)
BOTH = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
TIGHT = "1.3"
"""Dollars for one open call of the tests, whose reservation is some 1.07."""


def until(true: Callable[[], bool]) -> None:
    """Wait for something that another thread brings about."""
    end = time.monotonic() + 15
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


def within_the_cap(made: Bench) -> None:
    """The provider's bill is covered by what the ledger counts, and that by the cap."""
    assert made.provider.billed <= made.ledger.spent + made.ledger.reserved <= made.ledger.cap


# Retries


@ALL
def test_retries_after_a_lost_answer_each_count_in_full(bench: Make, api: str) -> None:
    made = bench(Plan(cut_after=0), usd="4")
    statuses = [made.ask(api).status_code for _ in range(5)]
    assert statuses == [502, 502, 502, 402, 402]
    assert len(made.provider.requests) == 3
    within_the_cap(made)


@pytest.mark.parametrize(("status", "spent"), [(429, False), (503, False), (529, False), (400, False), (500, True)])
def test_retries_after_errors_count_where_they_may_be_billed(bench: Make, status: int, spent: bool) -> None:
    made = bench(Plan(status=status), usd="4")
    statuses = [made.ask("openai-chat").status_code for _ in range(5)]
    assert statuses == ([status] * 3 + [402] * 2 if spent else [status] * 5)
    assert (made.ledger.spent > 3) == spent


def test_the_proxy_itself_never_asks_twice(bench: Make) -> None:
    made = bench(Plan(status=500))
    made.ask("openai-chat")
    assert len(made.provider.requests) == 1


# Parallel calls and sub-agents


def test_parallel_calls_share_one_cap(bench: Make) -> None:
    gate = threading.Event()
    made = bench(Plan(gate=gate), usd="4")
    with ThreadPoolExecutor(12) as threads:
        answers = [threads.submit(made.ask, APIS[number % 4], stream=True) for number in range(12)]
        until(lambda: sum(answer.done() for answer in answers) == 9)  # refused while three are open
        within_the_cap(made)
        assert len(made.provider.requests) == 3
        gate.set()
        statuses = sorted(answer.result().status_code for answer in answers)
    assert statuses == [200] * 3 + [402] * 9
    within_the_cap(made)
    assert made.ledger.spent == made.provider.billed


def test_calls_one_after_another_need_room_for_one(bench: Make) -> None:
    """A call is settled before its answer ends: the next one is not refused for a reservation that lingers."""
    made = bench(Plan(), usd=TIGHT)
    for number in range(8):
        assert made.ask(APIS[number % 4], stream=number % 3 > 0).status_code == 200
    assert made.ledger.spent == made.provider.billed == 8 * Plan().usd


def test_sub_agents_in_other_processes_share_the_key_and_the_cap(bench: Make) -> None:
    made = bench(Plan(output=50), usd="1.5")
    script = """
import json, os, urllib.request, urllib.error
url = os.environ["OPENAI_BASE_URL"] + "/chat/completions"
body = {"model": "model-1", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 50}
head = {"authorization": "Bearer " + os.environ["OPENAI_API_KEY"]}
while True:
    try:
        urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), head)).read()
    except urllib.error.HTTPError as error:
        print(error.code)
        break
"""
    agents = [
        subprocess.Popen([sys.executable, "-c", script], env=made.proxy.environment(), stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    assert [agent.communicate(timeout=60)[0] for agent in agents] == [b"402\n"] * 3
    within_the_cap(made)
    assert made.provider.billed > 0


def test_two_proxies_share_one_ledger(bench: Make, tmp_path: Path) -> None:
    gate = threading.Event()
    first = bench(Plan(gate=gate), usd="2.5")
    second = bench(Plan(gate=gate), usd="2.5")
    with ThreadPoolExecutor(4) as threads:
        answers = [threads.submit(made.ask, "openai-chat", stream=True) for made in (first, second) * 2]
        until(lambda: sum(answer.done() for answer in answers) == 2)
        gate.set()
        assert sorted(answer.result().status_code for answer in answers) == [200, 200, 402, 402]
    assert first.ledger.spent == first.provider.billed + second.provider.billed


# Tokens that are easily overlooked


@ALL
@BOTH
def test_cached_and_reasoning_tokens_are_counted(bench: Make, api: str, stream: bool) -> None:
    written = 0 if api == "google-generate" else 15
    made = bench(Plan(input=60, cached=20, written=written, output=40, reasoning=35))
    assert made.ask(api, stream=stream).status_code == 200
    assert made.ledger.spent == made.provider.billed


def test_reasoning_that_is_left_out_of_the_output_is_counted_by_the_total() -> None:
    from translator.metering.apis.chat import Chat
    from translator.metering.apis.generate import Generate

    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 40}
    assert Chat().usage({"usage": usage}) == Usage(input_tokens=10, output_tokens=30)
    metadata = {"promptTokenCount": 10, "candidatesTokenCount": 5, "toolUsePromptTokenCount": 3, "totalTokenCount": 40}
    assert Generate().usage({"usageMetadata": metadata}) == Usage(input_tokens=13, output_tokens=27)


def test_writes_to_an_hour_s_cache_have_their_own_price() -> None:
    from translator.metering.apis.messages import Messages

    reported = {"input_tokens": 1, "output_tokens": 0, "cache_creation_input_tokens": 5}
    usage = Messages().usage({"usage": {**reported, "cache_creation": {"ephemeral_1h_input_tokens": 3}}})
    assert usage == Usage(input_tokens=6, cache_write_tokens=5, cache_write_1h_tokens=3)
    assert PRICE.cost(usage) == Decimal(1 * 100 + 2 * 125 + 3 * 200) / 1_000_000


def test_thoughts_and_several_choices_are_reserved(bench: Make) -> None:
    made = bench(Plan())
    one = made.ask("openai-chat")
    three = made.ask("openai-chat", n=3)
    config = {"maxOutputTokens": 50, "candidateCount": 2, "thinkingConfig": {"thinkingBudget": 1000}}
    thinking = made.ask("google-generate", generationConfig=config)
    assert one.status_code == three.status_code == thinking.status_code == 200
    first, second, third = (Decimal(line["reserved_usd"]) for line in made.lines("request"))
    assert second - first >= Decimal(100 * 500) / 1_000_000
    assert third - first >= Decimal(2000 * 500) / 1_000_000


# Streams


@ALL
def test_a_stream_that_the_agent_leaves_counts_in_full(bench: Make, api: str) -> None:
    gate = threading.Event()
    made = bench(Plan(gate=gate), usd="2")
    path, body = made.request(api, stream=True)
    with made.client.stream("POST", path, json=body, headers=made.headers(api)) as answer:
        next(answer.iter_raw())
        reserved = made.ledger.reserved
        assert reserved > 1
    gate.set()
    until(lambda: made.ledger.reserved == 0)
    assert made.ledger.spent in (reserved, made.provider.billed)  # the end may come in before the break is seen
    within_the_cap(made)


@ALL
@pytest.mark.parametrize("events", [0, 1, 2])
def test_a_stream_that_the_provider_cuts_counts_in_full(bench: Make, api: str, events: int) -> None:
    made = bench(Plan(cut_after=events), usd="2")
    answer = made.ask(api, stream=True)
    assert answer.status_code == 200
    reserved = Decimal(made.lines("request")[0]["reserved_usd"])
    assert made.ledger.spent == reserved and made.ledger.reserved == 0
    assert made.lines("answer")[0]["end"] == "no usage reported"
    within_the_cap(made)


@ALL
def test_a_stream_without_end_is_cut_where_the_reservation_ends(bench: Make, api: str) -> None:
    made = bench(Plan(endless=True), usd="2")
    answer = made.ask(api, stream=True)
    events = [event for event in answer.text.replace("\r\n", "\n").split("\n\n") if event.strip()]
    assert len(events) <= 52
    assert "cut: more than the 50 tokens of output reserved" in events[-1]
    assert made.ledger.spent == Decimal(made.lines("request")[0]["reserved_usd"])
    within_the_cap(made)


def test_a_stream_is_cut_when_the_proxy_stops(bench: Make) -> None:
    gate = threading.Event()
    made = bench(Plan(gate=gate), usd="2")
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(made.ask, "anthropic-messages", stream=True)
        until(lambda: made.ledger.reserved > 0 and bool(made.provider.requests))
        made.proxy.meter.stopping.set()
        gate.set()
        assert "the metering proxy is stopping" in answer.result().text
    assert made.ledger.spent == Decimal(made.lines("request")[0]["reserved_usd"])
    assert made.ask("anthropic-messages").status_code == 503


# Numbers that are left out


@ALL
@BOTH
def test_an_answer_without_usage_counts_in_full(bench: Make, api: str, stream: bool) -> None:
    made = bench(Plan(reports=False), usd="2")
    assert made.ask(api, stream=stream).status_code == 200
    line = made.lines("answer")[0]
    assert line["end"] == "no usage reported" and line["usage"] is None
    assert made.ledger.spent == Decimal(made.lines("request")[0]["reserved_usd"])
    within_the_cap(made)


@ALL
def test_requests_without_a_limit_end_under_the_cap(bench: Make, api: str) -> None:
    made = bench(Plan(output=100_000), usd="1.5")
    statuses = [made.ask(api, limit=None).status_code for _ in range(12)]
    assert statuses[0] == 200 and statuses[-1] == 402
    within_the_cap(made)


# Restarts


def test_a_proxy_that_is_killed_and_restarted_counts_its_open_calls(tmp_path: Path) -> None:
    gate = threading.Event()
    with FakeProvider(Plan(gate=gate)) as provider:
        command = [sys.executable, "-m", "translator.metering", "--usd", "2", "--folder", str(tmp_path)]
        command += ["--price", "model-1=100,500", "--openai-url", f"{provider.url}/v1"]
        environment = {**os.environ, "OPENAI_API_KEY": KEY}

        def start() -> tuple[subprocess.Popen[str], str, str]:
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
            assert process.stdout is not None
            exported = dict(process.stdout.readline().removeprefix("export ").strip().split("=") for _ in range(2))
            return process, exported["OPENAI_BASE_URL"], exported["OPENAI_API_KEY"]

        body = {"model": "model-1", "messages": [], "max_tokens": 50, "stream": True}
        process, url, key = start()
        with (
            httpx.Client(trust_env=False, timeout=20) as client,
            client.stream(
                "POST", f"{url}/chat/completions", json=body, headers={"authorization": f"Bearer {key}"}
            ) as answer,
        ):
            next(answer.iter_raw())
            process.send_signal(signal.SIGKILL)
            process.wait()
        gate.set()
        assert process.stdout is not None
        process.stdout.close()
        with Ledger(tmp_path / "ledger.sqlite", Decimal(2)) as ledger:
            lost = ledger.spent
            assert lost >= provider.billed > 0 and ledger.reserved == 0
        process, url, key = start()
        headers = {"authorization": f"Bearer {key}"}
        answers = [
            httpx.post(f"{url}/chat/completions", json=body, headers=headers, trust_env=False).status_code
            for _ in range(2)
        ]
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        assert process.returncode == 130
        assert answers == [200, 200]
        with Ledger(tmp_path / "ledger.sqlite", Decimal(2)) as ledger:
            assert ledger.spent == lost + 2 * Plan().usd
            assert provider.billed <= ledger.spent <= 2


# All at once


def test_any_mixture_stays_under_the_cap(bench: Make, commit_seed: int) -> None:
    draw = random.Random(commit_seed)
    plans = [
        Plan(
            input=draw.randrange(1, 80),
            output=draw.randrange(1, 400),
            reports=draw.random() < 0.7,
            status=draw.choice([200, 200, 200, 429, 500]),
            cut_after=draw.choice([None, None, None, 1, 2]),
        )
        for _ in range(60)
    ]
    made = bench(lambda number: plans[number], usd="7")
    calls = [(draw.choice(APIS), draw.random() < 0.5, draw.choice([None, 20, 50])) for _ in range(60)]

    def ask(call: tuple[str, bool, int | None]) -> int:
        return made.ask(call[0], stream=call[1], limit=call[2]).status_code

    with ThreadPoolExecutor(6) as threads:
        statuses = list(threads.map(ask, calls))
    assert 200 in statuses and 402 in statuses
    within_the_cap(made)
    assert made.ledger.reserved == 0
    costs = sum(Decimal(line["cost_usd"]) for line in made.lines("answer"))
    assert costs == made.ledger.spent
