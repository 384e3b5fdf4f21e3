"""Agents: programs of any kind, recordings, people, and what is refused before money is spent."""

from __future__ import annotations

import json
import sys
import time
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
import toy_translation as toy

from translator import states
from translator.agents import Task, making
from translator.agents.commands import KNOWN, CommandAgent, parse
from translator.agents.replaying import Replay
from translator.errors import AgentError
from translator.project import Metering, load


def task(folder: Path, prompt: str = "do it", timeout: float = 20.0) -> Task:
    (folder / "tree").mkdir(exist_ok=True)
    return Task(1, "generate", ("place",), prompt, folder / "tree", Decimal("1.5"), timeout)


def program(folder: Path, text: str) -> CommandAgent:
    path = folder / "agent.py"
    path.write_text(text)
    return CommandAgent(f"{sys.executable} {path} {{budget_usd}} {{prompt_file}} {{workdir}}")


def test_any_program_works_in_the_tree_and_says_its_cost(tmp_path: Path) -> None:
    agent = program(
        tmp_path,
        "import json, sys, pathlib\n"
        "pathlib.Path('made.txt').write_text(sys.stdin.read())\n"
        "print('Working…'); print(json.dumps({'type': 'result', 'total_cost_usd': 0.25, 'session_id': 's1',\n"
        "  'usage': {'input_tokens': 900, 'output_tokens': 40}, 'result': ' '.join(sys.argv[1:])}))\n",
    )
    answer = agent.run(task(tmp_path, "a prompt"))
    assert (tmp_path / "tree/made.txt").read_text() == "a prompt"
    assert (answer.status, answer.cost_usd, answer.session) == ("done", Decimal("0.25"), "s1")
    assert answer.tokens == {"input": 900, "output": 40}
    assert answer.text == f"1.5 {tmp_path}/prompts/001.md {tmp_path}/tree"


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("print('no JSON at all')", "unparsable", "no JSON at all"),
        ("print('{\"broken\": ')", "unparsable", "broken"),
        ("import sys; print('went wrong', file=sys.stderr); sys.exit(3)", "crashed", "went wrong"),
        ("input(); input()", "crashed", "EOFError"),
    ],
)
def test_programs_that_break_are_told_apart(text: str, status: str, said: str, tmp_path: Path) -> None:
    answer = program(tmp_path, text).run(task(tmp_path))
    assert (answer.status, answer.cost_usd) == (status, None)
    assert said in answer.text


def test_a_program_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    agent = program(
        tmp_path,
        "import subprocess, sys, time\n"
        "later = 'import time, pathlib; time.sleep(3); pathlib.Path(\"late\").touch()'\n"
        "subprocess.Popen([sys.executable, '-c', later])\n"
        "time.sleep(60)\n",
    )
    begin = time.monotonic()
    assert agent.run(task(tmp_path, timeout=1.0)).status == "timeout"
    assert time.monotonic() - begin < 30
    time.sleep(3)
    assert not (tmp_path / "tree/late").exists()


@pytest.mark.parametrize(
    ("output", "cost", "tokens"),
    [
        (
            json.dumps({"type": "result", "subtype": "success", "total_cost_usd": 0.0123, "session_id": "a",
                        "usage": {"input_tokens": 10, "cache_read_input_tokens": 5, "output_tokens": 7},
                        "result": "ok"}),
            "0.0123", {"input": 10, "output": 7, "cached": 5},
        ),
        (
            '{"type":"thread.started","thread_id":"t"}\n{"type":"item.completed","item":{"text":"hello"}}\n'
            '{"type":"turn.completed","usage":{"input_tokens":100,"cached_input_tokens":20,"output_tokens":9,'
            '"reasoning_output_tokens":3}}\n',
            None, {"input": 100, "output": 9, "cached": 20, "reasoning": 3},
        ),
        (
            '{"type":"step_finish","part":{"cost":0.001,"tokens":{"input":11,"output":2}}}\n'
            '{"type":"step_finish","part":{"cost":0.002,"tokens":{"input":13,"output":4}}}\n',
            "0.003", {"input": 13, "output": 4},
        ),
        ('warning: x\n{"type":"result","stats":{"models":{"m":{"tokens":{"prompt_tokens":8}}}}} trailing', None,
         {"input": 8}),
        ('{"total_cost_usd": -1, "cost": true, "usage": {"input_tokens": "many"}}', None, {}),
    ],
)  # fmt: skip
def test_output_of_known_programs_is_read_tolerantly(output: str, cost: str | None, tokens: dict[str, int]) -> None:
    found = parse(output)
    assert found["found"] and found["cost"] == (None if cost is None else Decimal(cost))
    assert found["tokens"] == tokens


def test_known_programs_have_a_command_line() -> None:
    assert set(KNOWN) == {"claude", "codex", "gemini", "opencode"}
    agent = CommandAgent("claude")
    assert "{model}" not in agent._words and "--model" not in agent._words and agent.metered
    assert CommandAgent("claude", "opus")._words[-2:] == ["--model", "{model}"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "no agent was named: give --agent"),
        ("oracle", "no agent 'oracle'; write scripted:KIND"),
        ("scripted:lazy", "no scripted agent 'lazy'; there are perfect, buggy"),
        ("scripted:cheater-x", "no cheater 'x'; there are imports-reference"),
        ("scripted:buggy:T99", "no bug T99; this project has T1, T2"),
        ("scripted:perfect:T1", "scripted:perfect takes no bugs"),
        ("cli:no-such-program {workdir}", "it is not known to say what a call has cost; add --allow-unmetered"),
        ("cli:claude", "agent program 'claude' is not installed"),
        ("cli:", "names no program; known are claude"),
        ("human", "waits for a keyboard, and there is none"),
        ("replay:nowhere", "nowhere: has no patches/*.patch"),
    ],
)
def test_an_agent_that_cannot_work_is_refused(
    name: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    folder = toy.make_project(tmp_path)
    project = msgspec.structs.replace(load(folder), metering=Metering(mode="off"))
    with pytest.raises(AgentError) as refused:
        making.make(name, project, folder, 0)
    assert told in str(refused.value)


def test_a_recorded_run_is_played_again_to_the_same_candidate(tmp_path: Path) -> None:
    _, result = toy.finish(toy.begin(tmp_path / "first", "scripted:buggy:T1,T3"))
    recording = tmp_path / "first/run"
    position, replayed = toy.finish(toy.begin(tmp_path / "second", f"replay:{recording}"))
    assert position.state == states.DONE
    assert (replayed["cost_usd"], replayed["iterations"]) == (result["cost_usd"], result["iterations"])
    assert (tmp_path / "second/run/tree/candidate/port/rules.py").read_text() == toy.RULES
    broken = Replay(recording)
    answer = broken.run(task(tmp_path))
    assert answer.status == "done"
    again = broken.run(task(tmp_path))
    assert again.status == "crashed" and "does not apply" in again.text
