"""One call of the agent: prompt, reservation, work, bill, and what it may not have touched."""

from __future__ import annotations

import time
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import msgspec

from references.protocol import FIGURES
from translator import feedback, prompts
from translator.agents import Answer, Task
from translator.errors import InfrastructureError
from translator.guards import source, tree
from translator.ledger import BudgetExhausted
from translator.metered import Meters
from translator.run import Run
from translator.states import Position
from verification.remote import guard


@dataclass(frozen=True)
class Called:
    """A call that is over. `broken`: rules that its changes broke; `grave`: files outside the tree were among them.

    `refused`: the words in which the budget refused a request of the call; "" where it refused none.
    """

    answer: Answer
    changed: tuple[str, ...]
    broken: tuple[str, ...]
    grave: bool
    overspent: bool
    refused: str = ""


@dataclass(frozen=True)
class _Bill:
    """Cost of a call. `metered`: somebody has counted it; otherwise it is `budget.per_call_usd`."""

    usd: Decimal
    metered: bool
    tokens: dict[str, int]
    refused: str = ""


def call(run: Run, position: Position, phase: str) -> Called:
    """Call the agent. `BudgetExhausted` before it is called, where the most that it may cost does not fit."""
    number, budget = position.attempt + 1, run.project.budget
    text = prompt(run, position, phase)
    run.write(f"prompts/{number:03}.md", text)
    before, protected = tree.files(run.tree), guard.protected_hash(run.protected)
    most = Decimal(str(budget.per_call_usd))
    task = Task(
        number=number,
        phase=phase,  # type: ignore[arg-type]
        modules=tuple(module.name for module in run.modules[: position.module + 1]),
        prompt=text,
        tree=run.tree,
        budget_usd=most,
        timeout=run.project.agent.timeout,
        failures=position.failures,
        writable=run.project.candidate.writable,
    )
    run.tell("call", number=number, phase=phase)
    begin = time.monotonic()
    answer, bill = _stated(run, task) if run.meters is None else _proxied(run, run.meters, task)
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
        cost_usd=str(bill.usd),
        metered=bill.metered,
        tokens=bill.tokens,
        seconds=round(time.monotonic() - begin, 3),
        changed=list(changed),
    )
    overspent = run.ledger.spent > run.ledger.cap
    return Called(answer, changed, tuple(map(str, broken)), bool(touched), overspent, bill.refused)


def _stated(run: Run, task: Task) -> tuple[Answer, _Bill]:
    """The answer of an agent that says itself what it costs; in full at the most where it does not."""
    ticket = run.ledger.reserve(task.budget_usd, f"call {task.number}, {task.phase}")
    answer = run.agent.run(task)
    metered = answer.cost_usd is not None
    cost = answer.cost_usd if answer.cost_usd is not None else task.budget_usd
    run.ledger.settle(ticket, cost, {**answer.tokens, "metered": metered})
    return answer, _Bill(cost, metered, answer.tokens)


def _proxied(run: Run, meters: Meters, task: Task) -> tuple[Answer, _Bill]:
    """The answer of an agent whose requests go through the proxy, each of which is in the ledger.

    A program that went another way is charged what it says; where it says nothing, at the most that a call may cost.
    """
    left = run.ledger.remaining
    if left <= 0:
        raise BudgetExhausted(run.ledger.cap, run.ledger.spent, run.ledger.reserved, Decimal(0))
    most = min(task.budget_usd, left)
    with meters.call(run.ledger, task.number, most) as metered:
        answer = run.agent.run(msgspec.structs.replace(task, budget_usd=most, environment=metered.environment))
    share = metered.share
    refused = str(share.refused) if share.refused is not None else ""
    asked = share.requests or refused
    if asked and not metered.uncounted:
        return answer, _Bill(share.spent, True, metered.tokens, refused)
    beside = answer.cost_usd if not asked else None
    if beside is None and not asked and answer.status == "crashed":
        return answer, _Bill(Decimal(0), True, {})
    if beside is None and not metered.uncounted and not run.project.agent.allow_unmetered:
        raise InfrastructureError(
            f"{run.agent.name} has asked nothing of the metering proxy, so that nobody knows what the call has cost: "
            "let it read its address from OPENAI_BASE_URL, ANTHROPIC_BASE_URL or GOOGLE_GEMINI_BASE_URL; or add "
            "--allow-unmetered, which charges such a call at budget.per_call_usd; or `--metering off`"
        )
    rest = max(Decimal(0), (most if beside is None else beside) - share.spent)
    ticket = run.ledger.reserve(min(rest, run.ledger.remaining), f"call {task.number}, beside the proxy")
    run.ledger.settle(ticket, rest, {"metered": beside is not None})
    return answer, _Bill(share.spent + rest, beside is not None, metered.tokens or answer.tokens, refused)


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
