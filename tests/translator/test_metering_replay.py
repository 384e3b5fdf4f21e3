"""Recordings that are replayed byte by byte, and scripts in place of a model."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fake_provider import KEY, Plan
from metering_bench import APIS, Bench, Make

from translator.metering.script import Script, Step
from translator.metering.sources import Replay, SourceError
from translator.metering.transcript import Transcript, TranscriptError, chunk_bytes, chunk_text, read

CALLS = [(api, stream, prompt) for api in APIS for stream in (False, True) for prompt in ("a", "b", "a")]


def ask_all(made: Bench) -> list[tuple[int, bytes]]:
    """All calls, each with its prompt in a field that the provider passes over."""
    answers = [made.ask(api, stream=stream, metadata={"prompt": prompt}) for api, stream, prompt in CALLS]
    return [(answer.status_code, answer.content) for answer in answers]


def test_a_recording_is_replayed_byte_by_byte(bench: Make, tmp_path: Path) -> None:
    first = bench(lambda number: Plan(output=number + 1, cached=number), usd="100", mode="record")
    recorded = ask_all(first)
    assert {status for status, _ in recorded} == {200}
    first.close()
    again = bench(Plan(status=500), usd="100", folder=tmp_path / "again", mode="replay", replay=first.transcript)
    assert ask_all(again) == recorded
    assert again.provider.requests == []
    assert [line["cost_usd"] for line in again.lines("answer")] == [line["cost_usd"] for line in first.lines("answer")]


def test_the_order_of_other_requests_does_not_matter(bench: Make, tmp_path: Path) -> None:
    first = bench(lambda number: Plan(output=number + 1), mode="record")
    plain, marked = first.ask("openai-chat"), first.ask("openai-chat", user="b")
    assert plain.content != marked.content
    again = bench(folder=tmp_path / "again", mode="replay", replay=first.transcript)
    assert again.ask("openai-chat", user="b").content == marked.content
    assert again.ask("openai-chat").content == plain.content


def test_cut_streams_and_errors_are_replayed_too(bench: Make, tmp_path: Path) -> None:
    plans = [Plan(cut_after=2), Plan(status=429), Plan(endless=True)]
    first = bench(lambda number: plans[number], mode="record")
    recorded = [first.ask("anthropic-messages", stream=True, metadata={"n": number}) for number in range(3)]
    again = bench(folder=tmp_path / "again", mode="replay", replay=first.transcript)
    replayed = [again.ask("anthropic-messages", stream=True, metadata={"n": number}) for number in range(3)]
    assert [(each.status_code, each.content) for each in replayed] == [
        (each.status_code, each.content) for each in recorded
    ]
    assert again.ledger.spent == first.ledger.spent > 2


def test_a_request_that_was_not_recorded_is_refused_unless_in_order(bench: Make, tmp_path: Path) -> None:
    first = bench(Plan(), mode="record")
    answer = first.ask("openai-chat")
    strict = bench(folder=tmp_path / "strict", mode="replay", replay=first.transcript)
    refused = strict.ask("openai-chat", user="another")
    assert refused.status_code == 409 and "has no further answer to this request" in refused.text
    assert strict.ledger.spent == 0 and strict.ledger.reserved == 0
    source = Replay(first.transcript, in_order=True)
    loose = bench(folder=tmp_path / "loose", mode="replay", source=source)
    assert loose.ask("openai-chat", user="another").content == answer.content
    assert loose.ask("openai-chat", user="another").status_code == 409  # there was one


def test_a_live_transcript_holds_no_texts(bench: Make) -> None:
    made = bench(Plan())
    assert made.ask("openai-chat", user="a secret").status_code == 200
    text = made.transcript.read_text("utf-8")
    assert "a secret" not in text and "Hello" not in text and KEY not in text
    with pytest.raises(SourceError, match="holds no recorded answer; make a transcript with the mode record"):
        Replay(made.transcript)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"kind": "answer", "call": "a", "chunks": []}\n', "no transcript of this proxy"),
        ("nonsense\nmore\n", "line 1: no JSON"),
        ("", "holds no recorded answer"),
        (None, "cannot be read: No such file"),
    ],
)
def test_files_that_are_no_recording_are_refused(tmp_path: Path, content: str | None, message: str) -> None:
    path = tmp_path / "calls.jsonl"
    if content is not None:
        path.write_text(content)
    with pytest.raises((SourceError, TranscriptError), match=message):
        Replay(path)


def test_a_line_that_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text('{"kind": "a"}\n{"kind": "b", "at"')
    assert [line["kind"] for line in read(path)] == ["a"]
    lines = Transcript(path)
    lines.add("c")
    lines.close()
    assert [line["kind"] for line in read(path)] == ["a", "c"]


@pytest.mark.parametrize("chunk", [b"", b"data: \xc3\xbc\n\n", b"\xc3", b"\xff\x00"])
def test_any_piece_comes_back(chunk: bytes) -> None:
    assert chunk_bytes(json.loads(json.dumps(chunk_text(chunk)))) == chunk


NAMES = dict(zip(APIS, ("bash", "exec_command", "Bash", "run_shell_command"), strict=True))
TOOLS: dict[str, list[dict[str, Any]]] = {
    "openai-chat": [{"type": "function", "function": {"name": "bash"}}],
    "openai-responses": [{"type": "function", "name": "exec_command"}],
    "anthropic-messages": [{"name": "Bash"}],
    "google-generate": [{"functionDeclarations": [{"name": "run_shell_command"}]}],
}


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_script_plays_its_steps(bench: Make, api: str, stream: bool) -> None:
    script = Script([Step(shell="echo hello"), Step(text="All is done, more or less.")])
    made = bench(mode="script", source=script)
    title = made.ask(api, stream=stream)
    called = made.ask(api, stream=stream, tools=TOOLS[api])
    ends = [made.ask(api, stream=stream, tools=TOOLS[api]) for _ in range(2)]
    assert "title" in _text(title.text)
    assert "echo hello" in _text(called.text) and NAMES[api] in called.text
    assert all("All is done, more or less." in _text(end.text) for end in ends)
    assert made.provider.requests == []
    # 1000 tokens of input, 200 of them cached, and 50 of output
    assert made.ledger.spent == 4 * Decimal(800 * 100 + 200 * 10 + 50 * 500) / 1_000_000


def _text(answer: str) -> str:
    """The text of an answer, its pieces put together."""
    found: list[str] = []

    def look(value: Any) -> None:
        if isinstance(value, dict):
            if value.get("type") in ("response.completed", "response.output_item.done"):
                return  # where the pieces are said again
            for name, each in value.items():
                if isinstance(each, str) and name in (
                    "text",
                    "content",
                    "delta",
                    "arguments",
                    "partial_json",
                    "command",
                ):
                    found.append(each)
                else:
                    look(each)
        if isinstance(value, list):
            for each in value:
                look(each)

    if answer.startswith(("{", "[")):
        look(json.loads(answer))
    else:
        for line in answer.splitlines():
            if line.startswith("data: {"):
                look(json.loads(line[6:]))
    return "".join(found)


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ("[]", "at least one step"),
        ("{}", "no list"),
        ("[", "no script"),
        ('["a"]', "step 1"),
        ('[{"text": "a"}, {"text": "a", "shell": "b"}]', "step 2: its fields are text, shell; a step has one of"),
        ('[{"speak": "a"}]', "step 1: its fields are speak"),
        ('[{"text": "a", "usage": {"tokens": 3}}]', "step 1: .*tokens"),
        (None, "no script .*No such file"),
    ],
)
def test_scripts_that_are_none_are_refused(tmp_path: Path, steps: str | None, message: str) -> None:
    path = tmp_path / "script.json"
    if steps is not None:
        path.write_text(steps)
    with pytest.raises(SourceError, match=message):
        Script.read(path)


def test_a_script_reports_the_tokens_that_it_states(bench: Make, tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    path.write_text('[{"tool": "f", "arguments": {"a": 1}, "usage": {"input_tokens": 100, "output_tokens": 20}}]')
    made = bench(mode="script", source=Script.read(path))
    answer = made.ask("openai-responses", tools=[{"type": "function", "name": "f"}])
    assert json.loads(answer.json()["output"][0]["arguments"]) == {"a": 1}
    assert made.ledger.spent == Decimal("0.02")
