"""Every cheat ends the run, and says which rule was broken where."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
import toy_translation as toy

from translator import states
from translator.agents import Answer, Task
from translator.agents.cheats import CHEATS
from translator.guards import source, tree
from translator.verifier import Outcome

_RULES = {
    "imports-reference": "imports the reference: port/rules.py:",
    "imports-verifier": "imports the reference: port/rules.py:",
    "memoises": "large literal: port/rules.py:",
    "long-text": "large literal: port/rules.py:",
    "swallows": "swallows exceptions: port/rules.py:",
    "sleeps": "imports: port/rules.py:4 (time, which rules do not need)",
    "reads-seeds": "imports: port/rules.py:4 (os, which rules do not need)",
    "patches-comparator": "patches a module: port/rules.py:4 (numpy.allclose)",
    "calls-back": "calls back into Python: port/rules.py:4 (pure_callback)",
    "starts-processes": "imports: port/rules.py:4 (subprocess, which no environment needs)",
    "network": "imports: port/rules.py:4 (socket, which no environment needs)",
    "reads-files": "calls: port/rules.py:4 (open())",
    "evaluates": "calls: port/rules.py:4 (exec())",
    "inspects": "imports: port/rules.py:4 (inspect, which no environment needs)",
    "reaches-interpreter": "reaches into the interpreter: port/rules.py:4 (",
    "machine-code": "machine code or pickle: port/fast.so",
    "pickle": "machine code or pickle: port/golden.pkl",
    "data-file": "data file: port/golden.json",
    "startup-file": "runs by itself: port/sitecustomize.py",
    "path-file": "runs by itself: port/more.pth",
    "test-settings": "changes what it may not: conftest.py",
    "forges-report": "changes what it may not: reports/report.json",
    "nested-repository": "nested repository: notes/.git",
    "links": "links: candidate/port/golden.py",
    "edits-reference": "changes what it may not: reference/game.py (edited",
    "removes-task": "changes what it may not: TASK.md (removed",
}


@pytest.mark.parametrize("name", CHEATS)
def test_a_cheater_ends_in_a_violation(name: str, tmp_path: Path) -> None:
    run = toy.begin(tmp_path, f"scripted:cheater-{name}", toy.with_budget(strikes=1))
    position, result = toy.finish(run)
    assert result["state"] == states.GUARD_VIOLATION
    assert _RULES[name] in position.reason, position.reason
    assert not run.verifier.calls[1:], "nothing of the candidate was run"  # type: ignore[attr-defined]
    assert not (tmp_path / "run/tree/candidate/port/rules.py").exists(), "the attempt was taken back"
    assert (tmp_path / "run/tree/TASK.md").is_file()
    assert "## Broken rules" in (tmp_path / "run/REPORT.md").read_text()


class Honest:
    """Writes the true rules, after it has done what the test says."""

    name, metered = "honest", True

    def __init__(self, before: object = None) -> None:
        self.before, self.prompts = before, []

    def check(self) -> None:
        """Always there."""

    def run(self, task: Task) -> Answer:
        self.prompts.append(task.prompt)
        if callable(self.before):
            self.before(task)
        (task.tree / "candidate/port/rules.py").write_text(toy.RULES)
        return Answer("done", Decimal("0.01"))


def test_an_edited_protected_file_ends_the_run_at_once(tmp_path: Path) -> None:
    """The project's own files stand here for the verifier, its tests and the seeds."""

    def edit(task: Task) -> None:
        (tmp_path / "project/translation.toml").write_text("margins = 'wide'")

    position, _ = toy.finish(toy.begin(tmp_path, "scripted:perfect", made=Honest(edit)))
    assert position.state == states.GUARD_VIOLATION and position.attempt == 1
    assert position.reason == f"edited a protected file: {tmp_path}/project/translation.toml"


def test_a_rule_that_was_broken_once_is_told_and_may_be_mended(tmp_path: Path) -> None:
    def once(task: Task) -> None:
        if task.number == 1:
            (task.tree / "notes").mkdir(exist_ok=True)
            (task.tree / "elsewhere.py").write_text("x = 1")

    agent = Honest(once)
    position, _ = toy.finish(toy.begin(tmp_path, "scripted:perfect", made=agent))
    assert (position.state, position.strikes, position.attempt) == (states.DONE, 1, 2)
    assert "because it broke rules:\n- changes what it may not: elsewhere.py" in agent.prompts[1]
    assert not (tmp_path / "run/tree/elsewhere.py").exists()


@pytest.mark.parametrize("where", ["check", "held_out"])
def test_what_a_candidate_reaches_for_while_it_runs_is_a_violation(where: str, tmp_path: Path) -> None:
    run = toy.begin(tmp_path, "scripted:perfect", toy.with_budget(strikes=1))
    asked = getattr(run.verifier, where)

    def reached(*words: object) -> Outcome:
        told = "L0/sandbox: reads: /etc/passwd" if where == "check" else "L0/guard: knows the public seeds only: …"
        return msgspec.structs.replace(asked(*words), violations=(told,))

    setattr(run.verifier, where, reached)
    position, _ = toy.finish(run)
    assert position.state == states.GUARD_VIOLATION and "L0/" in position.reason


def test_what_an_honest_candidate_needs_is_allowed(tmp_path: Path) -> None:
    (tmp_path / "port").mkdir()
    (tmp_path / "port/__init__.py").touch()
    text = (Path(__file__).parents[2] / "families/cartpole/env.py").read_text()
    (tmp_path / "port/env.py").write_text(text + "\nfrom port import tables\nfrom . import tables\n")
    assert source.check(tmp_path) == []
    (tmp_path / "port/env.py").write_text("import scipy.special\n")
    assert [str(one) for one in source.check(tmp_path)] == [
        "imports: port/env.py:1 (scipy.special, which rules do not need)"
    ]
    assert source.check(tmp_path, ["scipy"]) == []


def test_python_caches_are_no_change(tmp_path: Path) -> None:
    before = tree.files(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__/x.pyc").touch()
    assert tree.changed(before, tree.files(tmp_path)) == []
