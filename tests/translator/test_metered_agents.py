"""Agents behind the metering proxy: programs and models, on a script and never on the network."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
import toy_translation as toy

from translator import starting, states
from translator.agents import making
from translator.agents.commands import KNOWN, CommandAgent
from translator.cli import main
from translator.errors import AgentError
from translator.ledger import BudgetExhausted, Ledger
from translator.metered import Meters, Share
from translator.project import Metering, load
from translator.run import Run

ASKS = """
import json, os, pathlib, sys, urllib.error, urllib.request

def ask():
    body = {"model": "toy-model", "messages": [{"role": "user", "content": "translate"}], "max_tokens": 100,
            "tools": [{"type": "function", "function": {"name": "bash"}}]}
    request = urllib.request.Request(os.environ["OPENAI_BASE_URL"] + "/chat/completions", json.dumps(body).encode(),
        {"authorization": "Bearer " + os.environ["OPENAI_API_KEY"], "content-type": "application/json"})
    return json.load(urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request))

"""
WRITES = ASKS + f"ask(); pathlib.Path('candidate/port/rules.py').write_text({toy.RULES!r}); print('{{}}')\n"
PRICE = {"toy-model": "10,50"}
ONE_REQUEST = (1000 - 200) * Decimal(10) / 10**6 + 200 * Decimal(10) / 10**6 + 50 * Decimal(50) / 10**6
"""Dollars of an answer of the script, which reports 1000 tokens of input and 50 of output."""


def script(folder: Path, steps: list[dict[str, Any]]) -> Metering:
    path = folder / "script.json"
    path.write_text(json.dumps(steps))
    return Metering(mode="script", file=str(path), prices=PRICE, output_tokens=1000)


def metering(given: Metering, **budget: Any) -> Callable[[Any], Any]:
    def change(project: Any) -> Any:
        return msgspec.structs.replace(toy.with_budget(**budget)(project), metering=given)

    return change


def program(folder: Path, text: str) -> str:
    path = folder / "agent.py"
    path.write_text(text)
    return f"cli:{sys.executable} {path}"


def begun(folder: Path, agent: str, given: Metering, **budget: Any) -> Run:
    return toy.begin(folder, agent, metering(given, **budget))


def test_a_program_is_metered_by_the_run_s_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-real")
    text = WRITES + "print(json.dumps(dict(os.environ)), file=sys.stderr)\n"
    run = begun(tmp_path, program(tmp_path, text), script(tmp_path, [{"text": "done"}]))
    rows = run.ledger.rows
    position, result = toy.finish(run)
    assert (position.state, result["iterations"], result["metering"]) == (states.DONE, 1, "script")
    assert Decimal(result["cost_usd"]) == ONE_REQUEST and result["unmetered_calls"] == 0
    told = (tmp_path / "run/transcripts/001.txt").read_text()
    assert "sk-real" not in told and "metered-" in told
    calls = json.loads((tmp_path / "run/calls.json").read_text())
    assert calls[0]["tokens"] == {"input": 1000, "output": 50, "cached": 200} and calls[0]["metered"]
    page = (tmp_path / "run/REPORT.md").read_text()
    assert "**No model was called.** The metering proxy answered from a script" in page
    assert (tmp_path / "run/prices.json").is_file() and (tmp_path / "run/transcripts/001.calls.jsonl").is_file()
    with pytest.raises(Exception, match="closed"):
        rows()


def test_a_model_works_by_its_tools(tmp_path: Path) -> None:
    pytest.importorskip("openai", reason="the extra `translator` is not installed")
    steps = [
        {"tool": "list_files"},
        {"tool": "read_file", "arguments": {"name": "reference/game.py"}},
        {"tool": "write_file", "arguments": {"name": "reference/game.py", "text": "bent"}},
        {"tool": "write_file", "arguments": {"name": "../../out.py", "text": "x"}},
        {"tool": "no_such_tool"},
        {"tool": "write_file", "arguments": {"name": "candidate/port/rules.py", "text": toy.RULES.replace("9", "8")}},
        {"tool": "edit_file", "arguments": {"name": "candidate/port/rules.py", "old": "x > 8", "new": "x > 9"}},
        {"text": "all rules are there"},
    ]
    run = begun(tmp_path, "api:toy-model", script(tmp_path, steps))
    position, result = toy.finish(run)
    assert (position.state, result["iterations"]) == (states.DONE, 1)
    assert Decimal(result["cost_usd"]) == len(steps) * ONE_REQUEST
    told = (tmp_path / "run/transcripts/001.txt").read_text()
    for words in (
        "candidate/port/__init__.py",
        "return points * 2",
        "reference/game.py may not be changed; writable are candidate/**, notes/**",
        "../../out.py is outside the folder",
        "there is no tool 'no_such_tool'",
        "assistant: all rules are there",
    ):
        assert words in told, words
    assert not (tmp_path / "out.py").exists()


def test_the_cap_ends_a_run_in_the_midst_of_a_call(tmp_path: Path) -> None:
    pytest.importorskip("openai", reason="the extra `translator` is not installed")
    for_ever = script(tmp_path, [{"tool": "list_files"}])
    position, result = toy.finish(begun(tmp_path, "api:toy-model", for_ever, usd=0.5, per_call_usd=0.5))
    assert position.state == states.BUDGET_EXHAUSTED and "budget exhausted: of 0.50 USD" in position.reason
    assert 0 < Decimal(result["cost_usd"]) <= Decimal("0.50") and result["iterations"] == 1


def test_the_share_of_one_call_ends_the_call_and_not_the_run(tmp_path: Path) -> None:
    text = ASKS + (
        "pathlib.Path('candidate/port/rules.py').write_text(TEXT)\n"
        "try:\n    [ask() for _ in range(99)]\nexcept urllib.error.HTTPError as error:\n    sys.exit(error.code)\n"
    )
    agent = program(tmp_path, text.replace("TEXT", repr(toy.RULES)))
    given = script(tmp_path, [{"text": "done"}])
    position, result = toy.finish(begun(tmp_path, agent, given, usd=10.0, per_call_usd=0.3))
    assert position.state == states.DONE and 0 < Decimal(result["cost_usd"]) <= Decimal("0.3")


def test_a_program_that_goes_around_the_proxy_is_not_believed_to_be_free(tmp_path: Path) -> None:
    agent = program(tmp_path, "print('{}')\n")
    given = script(tmp_path, [{"text": "done"}])
    position, _ = toy.finish(begun(tmp_path / "first", agent, given))
    assert position.state == states.INFRA_ERROR and "has asked nothing of the metering proxy" in position.reason
    stated = program(
        tmp_path, f"open('candidate/port/rules.py', 'w').write({toy.RULES!r}); print('{{\"cost\": 0.2}}')\n"
    )
    position, result = toy.finish(begun(tmp_path / "second", stated, given))
    assert (position.state, result["cost_usd"]) == (states.DONE, "0.20")


def test_a_program_that_breaks_before_it_asks_costs_nothing(tmp_path: Path) -> None:
    position, result = toy.finish(
        begun(tmp_path, program(tmp_path, "raise SystemExit(3)"), script(tmp_path, [{"text": "x"}]))
    )
    assert (position.state, result["cost_usd"], result["iterations"]) == (states.INFRA_ERROR, "0.00", 3)


def test_a_share_is_a_part_of_the_ledger(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.sqlite", Decimal(1)) as ledger:
        share = Share(ledger, Decimal("0.5"))
        ticket = share.reserve(Decimal("0.4"), "a")
        with pytest.raises(BudgetExhausted, match=r"of 0.50 USD, 0.00 are spent and 0.40"):
            share.reserve(Decimal("0.2"), "b")
        assert share.refused is None and ledger.reserved == Decimal("0.4")
        share.settle(ticket, Decimal("0.1"), {})
        share.reserve(Decimal("0.3"), "c")
        share.close()
        assert (share.spent, ledger.spent, ledger.reserved) == (Decimal("0.4"), Decimal("0.4"), 0)
        with pytest.raises(BudgetExhausted):
            Share(ledger, Decimal(9)).reserve(Decimal("0.7"), "d")


@pytest.mark.parametrize(
    ("agent", "given", "told"),
    [
        ("api:toy-model", Metering(), "the proxy has no key of any provider"),
        ("api:", Metering(), "api: names no model"),
        ("api:m", Metering(mode="off"), "nobody but the proxy counts what it costs"),
        ("cli:codex", Metering(mode="script", file="nowhere.json"), "nowhere.json: no script"),
        ("api:m", Metering(mode="script", file="{script}"), "the price of the model 'm' is not known"),
    ],
)
def test_what_cannot_be_metered_is_refused_first(
    agent: str, given: Metering, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openai", reason="the extra `translator` is not installed")
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    path = script(tmp_path, [{"text": "x"}]).file
    given = msgspec.structs.replace(given, file=given.file.format(script=path))
    folder = toy.make_project(tmp_path)
    project = msgspec.structs.replace(load(folder), metering=given)
    with pytest.raises(AgentError) as refused:
        made = CommandAgent("codex", proxied=True) if agent == "cli:codex" else making.make(agent, project, folder, 0)
        starting.meters_of(made, project, tmp_path / "run")
    assert told in str(refused.value)


def test_a_key_of_the_provider_that_is_called_is_needed(tmp_path: Path) -> None:
    meters = Meters(tmp_path, Metering(), {"OPENAI_API_KEY": "sk-real"})
    meters.check("openai", "")
    with pytest.raises(AgentError, match="there is no key for anthropic: set ANTHROPIC_API_KEY"):
        meters.check("anthropic", "")
    meters.close()


def test_known_programs_are_sent_to_the_proxy() -> None:
    words = CommandAgent("codex", "m", proxied=True)._words
    assert words[:2] == KNOWN["codex"].split()[:2] and "model_providers.metered.base_url={base_url}" in words
    assert (CommandAgent("claude", proxied=True).provider, CommandAgent("opencode").provider) == ("anthropic", "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--metering", "live-ish"], "'live-ish' is no mode of the metering proxy"),
        (["--price", "m=1"], "'m=1' is no price"),
    ],
)
def test_words_that_mean_nothing_are_refused(
    words: list[str], told: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(tmp_path), *words]) == 2
    assert told in capfd.readouterr().err


def test_a_script_is_named_with_its_mode(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    project = toy.make_project(tmp_path)
    assert main(["run", str(project), "--agent", "api:m", "--metering", "script"]) == 3
    assert "name the file to answer from, as --metering script:FILE" in capfd.readouterr().err
