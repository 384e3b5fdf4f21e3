"""The state machine, on a toy whose verifier reads a file: every end, the ways there, and kills at every transition."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
import toy_translation as toy

from translator import machine, reporting, states
from translator.agents import Answer, Task
from translator.states import Position


class Editor:
    """An agent that does what a test says: `edit(tree, task)` changes the tree and may answer."""

    name, metered = "editor", True

    def __init__(self, edit: Callable[[Path, Task], Answer | None]) -> None:
        self.edit, self.tasks = edit, []

    def check(self) -> None:
        """Always there."""

    def run(self, task: Task) -> Answer:
        self.tasks.append(task)
        return self.edit(task.tree, task) or Answer("done", Decimal("0.01"))


def write(tree: Path, text: str) -> None:
    (tree / "candidate" / "port" / "rules.py").write_text(text, "utf-8")


def states_of(folder: Path) -> list[str]:
    run = toy.again(folder)
    found = [f"{one['state']} {one['next']}" for one in run.store.transitions()]
    run.close()
    return found


def test_a_perfect_agent_needs_one_call(tmp_path: Path) -> None:
    position, result = toy.finish(toy.begin(tmp_path, "scripted:perfect"))
    assert position.state == states.DONE
    assert (result["iterations"], result["cost_usd"], result["simulated"]) == (1, "0.05", True)
    assert states_of(tmp_path) == [
        "INIT PREFLIGHT",
        "PREFLIGHT PLAN",
        "PLAN GENERATE",
        "GENERATE GUARD",
        "GUARD L1",
        "L1 GENERATE",
        "GENERATE L1",
        "L1 GENERATE",
        "GENERATE L1",
        "L1 L2",
        "L2 L3",
        "L3 FREEZE",
        "FREEZE HELD_OUT",
        "HELD_OUT L4",
        "L4 REVERIFY",
        "REVERIFY REPORT",
        "REPORT DONE",
    ]
    assert (tmp_path / "run/tree/candidate/port/rules.py").read_text() == toy.RULES


@pytest.mark.parametrize(
    ("bugs", "through"),
    [
        ("T1,T3", ["L1 REPAIR"]),
        ("T4", ["L2 REPAIR"]),
        ("T5", ["L3 REPAIR"]),
        ("T6", ["HELD_OUT REPAIR"]),
        ("T7", ["L4 REPAIR"]),
    ],
)
def test_bugs_of_every_level_come_back_to_repair(bugs: str, through: list[str], tmp_path: Path) -> None:
    position, result = toy.finish(toy.begin(tmp_path, f"scripted:buggy:{bugs}"))
    assert position.state == states.DONE and result["levels"]["L1"] == "pass"
    assert set(through) <= set(states_of(tmp_path))
    assert (tmp_path / "run/tree/candidate/port/rules.py").read_text() == toy.RULES
    assert position.burnt == (1 if bugs == "T6" else 0)


def test_the_seeds_of_a_held_out_trial_that_failed_are_not_used_again(tmp_path: Path) -> None:
    run = toy.begin(tmp_path, "scripted:buggy:T6")
    machine.go(run)
    asked = [call[1] for call in run.verifier.calls if call[0] == "held out"]  # type: ignore[attr-defined]
    run.close()
    assert len(asked) == len(set(asked)) == 2


@pytest.mark.parametrize(
    ("agent", "state", "calls"),
    [
        ("scripted:stubborn", states.STUCK, 4),
        ("scripted:crasher", states.INFRA_ERROR, 3),
        ("scripted:overspender", states.BUDGET_EXHAUSTED, 1),
        ("scripted:format-breaker", states.DONE, 2),
    ],
)
def test_every_end_has_its_name(agent: str, state: str, calls: int, tmp_path: Path) -> None:
    position, result = toy.finish(toy.begin(tmp_path, agent))
    assert (result["state"], result["iterations"]) == (state, calls)
    assert bool(position.reason) == (state != states.DONE)
    page = (tmp_path / "run/REPORT.md").read_text()
    assert page.startswith(f"# Translation of toy: {state}") and "**Simulation.**" in page


@pytest.mark.parametrize(
    ("budget", "reason"),
    [
        ({"usd": 0.12, "per_call_usd": 0.06}, "budget exhausted: of 0.12 USD"),
        ({"iterations": 2}, "2 calls were made"),
        ({"hours": 1e-9}, "hours are over"),
    ],
)
def test_a_cap_of_any_kind_ends_the_run(budget: dict[str, Any], reason: str, tmp_path: Path) -> None:
    run = toy.begin(tmp_path, "scripted:buggy:T1,T2,T3,T4", toy.with_budget(**budget))
    position, result = toy.finish(run)
    assert position.state == states.BUDGET_EXHAUSTED and reason in position.reason
    assert Decimal(result["cost_usd"]) <= Decimal(result["cap_usd"])


def test_too_many_calls_for_one_module_are_stuck(tmp_path: Path) -> None:
    run = toy.begin(tmp_path, "scripted:buggy:T1,T2,T3", toy.with_budget(per_module=1))
    position, _ = toy.finish(run)
    assert position.state == states.STUCK and "1 calls for one module" in position.reason


def test_the_ledger_adds_up_to_the_cent(tmp_path: Path) -> None:
    run = toy.begin(tmp_path, "scripted:buggy:T1,T2,T3,T4")
    position = machine.go(run)
    reporting.write(run, position)
    calls = run.store.attempts()
    assert run.ledger.spent == sum(Decimal(one["cost_usd"]) for one in calls) == Decimal("0.05") * position.attempt
    assert run.ledger.reserved == 0 and [one["number"] for one in calls] == list(range(1, position.attempt + 1))
    page = (tmp_path / "run/REPORT.md").read_text()
    run.close()
    assert "| place | 2 | 0.10 |" in page and "- L4: no difference" in page
    assert "- L1 of place: after 2 calls" in page


def test_a_call_of_unknown_cost_is_charged_in_full_and_said(tmp_path: Path) -> None:
    def edit(tree: Path, task: Task) -> Answer:
        write(tree, toy.RULES)
        return Answer("done", None)

    position, result = toy.finish(toy.begin(tmp_path, "scripted:perfect", made=Editor(edit)))
    assert position.state == states.DONE
    assert (result["cost_usd"], result["unmetered_calls"]) == ("1.50", 1)
    assert "**1 calls of unknown cost**" in (tmp_path / "run/REPORT.md").read_text()


def test_an_agent_that_gives_up_aborts(tmp_path: Path) -> None:
    position, _ = toy.finish(toy.begin(tmp_path, "scripted:perfect", made=Editor(lambda tree, task: Answer("aborted"))))
    assert position.state == states.ABORTED


def optimising(project: Any) -> Any:
    return msgspec.structs.replace(project, optimise=msgspec.structs.replace(project.optimise, rounds=2, patience=2))


@pytest.mark.parametrize(
    ("added", "kept", "state"),
    [
        ("# fast\n", True, states.DONE),
        ("# slow\n", False, states.DONE),
        ("", False, states.DONE),
        ("# other program\n", False, states.GUARD_VIOLATION),
    ],
)
def test_a_proposal_for_speed_is_kept_or_taken_back(added: str, kept: bool, state: str, tmp_path: Path) -> None:
    def edit(tree: Path, task: Task) -> None:
        write(tree, toy.RULES + (added if task.phase == "optimise" else ""))

    position, result = toy.finish(toy.begin(tmp_path, "scripted:perfect", optimising, made=Editor(edit)))
    assert position.state == state
    if state == states.DONE:
        assert (tmp_path / "run/tree/candidate/port/rules.py").read_text() == toy.RULES + added * kept
        assert result["steps_per_second"] == {"first": 100, "kept": 150 if kept else 100}


def test_a_faster_candidate_that_is_wrong_is_taken_back(tmp_path: Path) -> None:
    def edit(tree: Path, task: Task) -> None:
        text = toy.RULES.replace("x * 2", "x << 1  # fast") if task.phase == "optimise" else toy.RULES
        write(tree, text)

    position, _ = toy.finish(toy.begin(tmp_path, "scripted:perfect", optimising, made=Editor(edit)))
    assert position.state == states.DONE and position.in_vain == 2
    assert (tmp_path / "run/tree/candidate/port/rules.py").read_text() == toy.RULES


def test_money_that_runs_out_while_optimising_leaves_a_verified_candidate(tmp_path: Path) -> None:
    def change(project: Any) -> Any:
        return optimising(toy.with_budget(iterations=1)(project))

    position, _ = toy.finish(toy.begin(tmp_path, "scripted:perfect", change))
    assert position.state == states.DONE and "1 calls were made" in position.reason


def test_a_level_that_was_asked_for_and_not_run_is_never_green(tmp_path: Path) -> None:
    run = toy.begin(tmp_path, "scripted:perfect")
    verifier: Any = run.verifier
    check = verifier.check

    def idle(tree: Path, levels: Any, *rest: Any) -> Any:
        found = check(tree, levels, *rest)
        return msgspec.structs.replace(found, levels={**found.levels, "L3": "not_run"}) if "L3" in levels else found

    verifier.check = idle
    position, _ = toy.finish(run)
    assert position.state == states.INFRA_ERROR and "L3 could not be run" in position.reason


KILLED = "scripted:buggy:T6"
"""Goes through every state: generate, repair after the held-out seeds, and a proposal for speed."""


class Killed(BaseException):
    """Stands for the end of the process."""


def unkilled(folder: Path) -> tuple[list[str], dict[str, Any], str]:
    _, result = toy.finish(toy.begin(folder, KILLED, optimising))
    return states_of(folder), result, (folder / "run/tree/candidate/port/rules.py").read_text()


def same(result: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in result.items() if name not in ("seconds", "candidate", "report")}


@pytest.mark.parametrize("when", ["before", "committed", "recorded"])
def test_a_run_killed_at_every_transition_comes_to_the_same_result(when: str, tmp_path: Path) -> None:
    expected = unkilled(tmp_path / "whole")
    folder, killed_at = tmp_path / "killed", set()

    def fault(here: str, position: Position) -> None:
        name = f"{position.attempt} {position.module} {position.state} {position.round} {position.in_vain}"
        if here == when and name not in killed_at:
            killed_at.add(name)
            raise Killed(name)

    run = toy.begin(folder, KILLED, optimising)
    position = None
    while position is None:
        try:
            position = machine.go(run, fault)
        except Killed:
            run.close()
            run = toy.again(folder)
    result = reporting.write(run, position)
    run.close()
    assert len(killed_at) >= 20 and states.DONE in {name.split()[2] for name in killed_at}
    assert states_of(folder) == expected[0]
    if when != "recorded":
        # What the agent did before the kill was lost with its transition, and has been paid for twice.
        assert Decimal(result["cost_usd"]) == 2 * Decimal(expected[1]["cost_usd"])
        result["cost_usd"] = expected[1]["cost_usd"]
    assert same(result) == same(expected[1])
    assert (folder / "run/tree/candidate/port/rules.py").read_text() == expected[2]


def test_a_kill_within_a_call_counts_what_it_may_have_cost(tmp_path: Path) -> None:
    def die(tree: Path, task: Task) -> None:
        write(tree, "half a fi")
        raise Killed

    run = toy.begin(tmp_path, "scripted:perfect", made=Editor(die))
    with pytest.raises(Killed):
        machine.go(run)
    run.close()
    position, result = toy.finish(toy.again(tmp_path))
    assert position.state == states.DONE
    assert (result["iterations"], result["cost_usd"]) == (1, "1.55")
