"""Bad input of agents and users: each is named, with its remedy, and none costs anything."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from fake_provider import Plan
from metering_bench import APIS, Make

from translator.ledger import Ledger
from translator.metering.cli import main
from translator.metering.prices import Prices
from translator.metering.proxy import Proxy, ProxyError, upstreams
from translator.metering.sources import SourceError, Upstream

ROOT = Path(__file__).resolve().parents[2]


def test_a_port_that_is_taken_is_named(bench: Make, tmp_path: Path) -> None:
    made = bench()
    with pytest.raises(
        ProxyError, match=f"port {made.proxy.port} on 127.0.0.1 cannot be used: Address already in use; "
    ):
        Proxy(made.ledger, made.prices, tmp_path / "a", mode="script", source=_nothing(), port=made.proxy.port)
    with pytest.raises(ProxyError, match="choose another one, or 0 for any"):
        Proxy(made.ledger, made.prices, tmp_path / "a", mode="script", source=_nothing(), port=70000)


@pytest.mark.parametrize("path", ["/v1/embeddings", "/v1/completions", "/", "/v1/images/generations", "/v2/messages"])
def test_a_path_that_is_not_metered_is_refused(bench: Make, path: str) -> None:
    made = bench()
    answer = made.client.post(path, json={}, headers=made.headers("openai-chat"))
    assert answer.status_code == 404
    assert f"POST {path} is no API that is metered; there are /v1/chat/completions, /v1/responses" in answer.text
    assert made.client.get(path).status_code == 404
    assert made.provider.requests == []


@pytest.mark.parametrize("api", APIS)
def test_a_request_without_the_proxy_s_key_is_refused(bench: Make, api: str) -> None:
    made = bench()
    path, body = made.request(api)
    without = made.client.post(path, json=body)
    wrong = made.client.post(path, json=body, headers={"authorization": "Bearer grüße".encode()})
    assert without.status_code == wrong.status_code == 401
    assert "the request has no key" in without.text and "is not the proxy's" in wrong.text
    assert made.provider.requests == [] and made.ledger.spent == 0


def test_google_s_key_may_stand_in_the_address(bench: Make) -> None:
    made = bench()
    path, body = made.request("google-generate")
    assert made.client.post(f"{path}?key={made.proxy.agent_key}", json=body).status_code == 200
    assert made.proxy.agent_key not in made.provider.requests[0][0]
    assert made.proxy.agent_key not in made.transcript.read_text("utf-8")


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("body", [b"{", b"", b"[1]", b'"text"', b"\xff"])
def test_malformed_json_is_named_in_the_provider_s_shape(bench: Make, api: str, body: bytes) -> None:
    made = bench()
    path, _ = made.request(api)
    answer = made.client.post(path, content=body, headers=made.headers(api))
    assert answer.status_code == 400
    assert "send a JSON object" in answer.json()["error"]["message"]
    assert made.provider.requests == [] and made.ledger.spent == 0


def test_lengths_that_are_none_are_refused(bench: Make) -> None:
    made = bench()
    for headers, status in (
        ({"content-length": "x"}, 411),
        ({}, 411),
        ({"content-length": "-4"}, 411),
        ({"content-length": str(2**40)}, 413),
        ({"content-length": "2", "content-encoding": "zstd"}, 415),
        ({"transfer-encoding": "chunked"}, 411),
    ):
        connection = http.client.HTTPConnection("127.0.0.1", made.proxy.port, timeout=20)
        connection.putrequest("POST", "/v1/chat/completions")
        for name, value in (headers | made.headers("openai-chat")).items():
            connection.putheader(name, value)
        connection.endheaders(b"zz\r\n" if "transfer-encoding" in headers else b"{}")
        answer = connection.getresponse()
        assert answer.status == status, headers
        assert "error" in json.loads(answer.read())
        connection.close()
    assert made.ledger.spent == 0


def test_a_body_in_chunks_is_read(bench: Make) -> None:
    made = bench()
    path, body = made.request("openai-chat")
    text = json.dumps(body).encode()
    answer = made.client.post(path, content=iter([text[:9], text[9:]]), headers=made.headers("openai-chat"))
    assert answer.status_code == 200


def test_a_connection_that_ends_within_a_request_does_no_harm(bench: Make) -> None:
    made = bench()
    with socket.create_connection(("127.0.0.1", made.proxy.port)) as connection:
        head = f"POST /v1/chat/completions HTTP/1.1\r\nauthorization: Bearer {made.proxy.agent_key}\r\n"
        connection.sendall(f"{head}content-length: 100\r\n\r\n{{".encode())
    time.sleep(0.1)
    assert made.ask("openai-chat").status_code == 200


def test_a_provider_that_cannot_be_reached_costs_nothing(bench: Make) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        made = bench(providers={name: Upstream(url, "k", "KEY") for name in ("openai", "anthropic", "google")})
        answer = made.ask("openai-chat")
    assert answer.status_code == 502 and "cannot be reached" in answer.text
    assert made.ledger.spent == made.ledger.reserved == 0


def test_a_provider_whose_key_is_missing_is_named(bench: Make) -> None:
    found = upstreams({"OPENAI_API_KEY": "k"})
    assert found["openai"].key == "k" and "k'" not in repr(found)
    made = bench(providers=found)
    answer = made.ask("google-generate")
    assert answer.status_code == 400
    assert "the proxy has no key for google; set GEMINI_API_KEY or GOOGLE_API_KEY in its environment" in answer.text


def test_a_proxy_without_any_key_does_not_start(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l", Decimal(1)) as ledger:
        prices = Prices(tmp_path / "p")
        with pytest.raises(SourceError, match="no key of any provider; set one of OPENAI_API_KEY, ANTHROPIC_API_KEY"):
            Proxy(ledger, prices, tmp_path / "t", providers=upstreams({}))
        with pytest.raises(ProxyError, match="there is no mode 'dead'; choose one of live, record, replay, script"):
            Proxy(ledger, prices, tmp_path / "t", mode="dead")
        with pytest.raises(SourceError, match="mode 'replay' needs its file; name a recording"):
            Proxy(ledger, prices, tmp_path / "t", mode="replay")
        with pytest.raises(SourceError, match="mode 'script' needs its file; name a script"):
            Proxy(ledger, prices, tmp_path / "t", mode="script")


def test_a_budget_file_that_is_damaged_stops_calls(bench: Make) -> None:
    made = bench()
    made.ledger.close()
    answer = made.ask("openai-chat")
    assert answer.status_code == 500 and "this ledger is closed" in answer.text
    assert made.provider.requests == []


# The command


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--usd", "0"], "'0' is no budget; give dollars above 0"),
        (["--usd", "ten"], "'ten' is no budget"),
        (["--usd", "1", "--price", "m"], "'m' is no price; write MODEL=INPUT,OUTPUT"),
        (["--usd", "1", "--port", "99999"], "is not an integer from 0 to 65535"),
        (["--usd", "1", "--mode", "dead"], "invalid choice: 'dead'"),
        (["--usd", "1", "--mode", "script"], "mode 'script' needs its file; name a script"),
        (["--usd", "1", "--mode", "replay", "--recording", "nowhere.jsonl"], "nowhere.jsonl: cannot be read"),
        (["--usd", "1"], "the proxy has no key of any provider"),
    ],
)
def test_the_command_names_what_is_wrong(
    options: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    assert main([*options, "--folder", str(tmp_path / "run")]) == 2
    assert message in capsys.readouterr().err


def test_the_command_runs_an_agent(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text('[{"text": "done"}]')
    agent = """
import json, os, sys, urllib.request
assert "real" not in str(os.environ), "the real key"
url = os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages"
head = {"x-api-key": os.environ["ANTHROPIC_API_KEY"]}
body = {"model": "m", "max_tokens": 9, "messages": []}
print(json.load(urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), head)))["content"])
sys.exit(7)
"""
    command = [sys.executable, "-m", "translator.metering", "--usd", "1", "--folder", str(tmp_path / "run")]
    command += ["--mode", "script", "--script", str(script), "--price", "m=10,50", "--", sys.executable, "-c", agent]
    environment = {"ANTHROPIC_API_KEY": "real", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 7, done.stderr
    assert "'text': 'done'" in done.stdout
    assert "spent 0.0125 of 1.00 USD" in done.stderr


def test_the_command_names_an_agent_that_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "script.json"
    script.write_text('[{"text": "done"}]')
    options = ["--usd", "1", "--folder", str(tmp_path / "run"), "--mode", "script", "--script", str(script)]
    assert main([*options, "--", "no-such-agent"]) == 2
    assert "no-such-agent: No such file or directory; name a program that is installed" in capsys.readouterr().err


def _nothing() -> object:
    from translator.metering.script import Script, Step

    return Script([Step(text="done")])


def test_every_error_of_the_proxy_is_on_record(bench: Make) -> None:
    made = bench(Plan())
    checks: list[Callable[[], object]] = [
        lambda: made.client.post("/nowhere"),
        lambda: made.client.post("/v1/responses", json={}),
        lambda: made.ask("openai-chat", model=3),
    ]
    for check in checks:
        check()
    assert [line["code"] for line in made.lines("refused")] == ["unknown_path", "wrong_key", "invalid_request"]
