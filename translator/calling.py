"""One call of the agent: prompt, reservation, work, bill, and what it may not have touched."""

from __future__ import annotations

import time
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from references.protocol import FIGURES
from translator import feedback, prompts
from translator.agents import Answer, Task
from translator.guards import source, tree
from translator.run import Run
from translator.states import Position
from verification.remote import guard


@dataclass(frozen=True)
class Called:
    """A call that is over. `broken`: rules that its changes broke; `grave`: files outside the tree were among them."""

    answer: Answer
    changed: tuple[str, ...]
    broken: tuple[str, ...]
    grave: bool
    overspent: bool


def call(run: Run, position: Position, phase: str) -> Called:
    """Call the agent. `BudgetExhausted` before it is called, where the most that it may cost does not fit."""
    number, budget = position.attempt + 1, run.project.budget
    text = prompt(run, position, phase)
    run.write(f"prompts/{number:03}.md", text)
    before, protected = tree.files(run.tree), guard.protected_hash(run.protected)
    most = Decimal(str(budget.per_call_usd))
    ticket = run.ledger.reserve(most, f"call {number}, {phase}")
    task = Task(
        number=number,
        phase=phase,  # type: ignore[arg-type]
        modules=tuple(module.name for module in run.modules[: position.module + 1]),
        prompt=text,
        tree=run.tree,
        budget_usd=most,
        timeout=run.project.agent.timeout,
        failures=position.failures,
    )
    run.tell("call", number=number, phase=phase)
    begin = time.monotonic()
    answer = run.agent.run(task)
    metered = answer.cost_usd is not None
    cost = answer.cost_usd if answer.cost_usd is not None else most
    run.ledger.settle(ticket, cost, {**answer.tokens, "metered": metered})
    after = tree.files(run.tree)
    changed = tuple(tree.changed(before, after))
    touched = guard.changes(protected, guard.protected_hash(run.protected))
    broken = [*touched, *tree.check(before, after, run.project.candidate.writable)]
    run.write(f"transcripts/{number:03}.txt", answer.transcript or answer.text)
    run.store.attempt(
        number=number,
        phase=phase,
        module=run.modules[position.module].name,
        prompt_hash=prompts.digest(text),
        signature=position.failures[0].signature if position.failures else "",
        status=answer.status,
        cost_usd=str(cost),
        metered=metered,
        tokens=answer.tokens,
        seconds=round(time.monotonic() - begin, 3),
        changed=list(changed),
    )
    overspent = run.ledger.spent > run.ledger.cap
    return Called(answer, changed, tuple(map(str, broken)), bool(touched), overspent)


def source_violations(run: Run) -> tuple[str, ...]:
    """Rules that the candidate's source breaks, in words."""
    return tuple(map(str, source.check(run.tree / "candidate", run.project.candidate.imports)))


def prompt(run: Run, position: Position, phase: str) -> str:
    """The text that the agent is given."""
    project, module = run.project, run.modules[position.module]
    signature = position.failures[0].signature if position.failures else None
    told = feedback.render(
        position.failures,
        broken=position.broken,
        attempts=[one for one in run.store.attempts() if signature and one["signature"] == signature],
        sources=run.sources(),
        repro=run.repro,
    )
    return prompts.render(
        phase,
        project=project,
        module=module,
        feedback=told.strip(),
        writable=project.candidate.writable,
        allowed=sorted({*source.ALLOWED, *project.candidate.imports}),
        file=str(Path(*project.candidate.entry.partition(":")[0].split(".")).with_suffix(".py")),
        paths=[path for path in run.verifier.paths() if not path.startswith("out.") and path not in FIGURES],
        speed=f"{position.speed:,.0f}",
        gain=f"{project.optimise.min_gain:.0%}",
        rounds=position.round,
        in_vain=position.in_vain,
    )
