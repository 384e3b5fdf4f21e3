"""The state machine: each transition is a commit and a row, and a run that was killed goes on from the last row."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from translator import calling, states
from translator.errors import InfrastructureError
from translator.ledger import BudgetExhausted
from translator.project import owners
from translator.run import Run, fill, plain
from translator.states import Position
from translator.verifier import Failure, Outcome
from verification.remote.guard import tree_hash

_CHANGE = (states.INIT, states.GENERATE, states.REPAIR, states.OPTIMISE)
"""States in which files of the tree may change; what others take back is in the index already."""
Fault = Callable[[str, Position], None]
"""Called at ("before" | "committed" | "recorded", position) of each transition; tests raise there."""


def go(run: Run, fault: Fault = lambda when, position: None) -> Position:
    """Work until a terminal state; returns the last position."""
    position = _begin(run)
    while position.state not in states.TERMINAL:
        begin = time.monotonic()
        run.tell("state", position=position)
        try:
            after, note = _step(run, position)
        except BudgetExhausted as error:
            after, note = _out_of_money(position, str(error)), str(error)
        except InfrastructureError as error:
            after, note = replace(position, state=states.INFRA_ERROR, reason=str(error)), str(error)
        seconds = time.monotonic() - begin
        after = replace(after, seconds=position.seconds + seconds)
        fault("before", after)
        changed = position.state in _CHANGE
        commit = run.repo.commit(f"{position.state} → {after.state}\n\n{note}", changed)
        after = _with_commit(position, after, commit)
        fault("committed", after)
        module = run.modules[min(after.module, len(run.modules) - 1)].name
        run.store.record(position, after, module, seconds, commit, note)
        fault("recorded", after)
        run.tell("transition", before=position, after=after, note=note, seconds=seconds)
        position = after
    run.tell("state", position=position)
    return position


def _begin(run: Run) -> Position:
    last = run.store.last()
    if last is None:
        return Position()
    position, commit = last
    run.repo.reset(commit)
    return position


def _with_commit(before: Position, after: Position, commit: str) -> Position:
    """Commits that the position itself is to know, which exist only now."""
    if before.state == states.FREEZE and after.state == states.HELD_OUT:
        after = replace(after, frozen=commit, kept=commit)
    if before.state == states.BENCH and after.kept == "this":
        after = replace(after, kept=commit)
    return replace(after, commit=commit)


def _step(run: Run, position: Position) -> tuple[Position, str]:
    """The next position, and a note on why."""
    if position.seconds > run.project.budget.hours * 3600 and position.state not in (states.REVERIFY, states.REPORT):
        told = f"{run.project.budget.hours} hours are over"
        return _out_of_money(position, told), told
    return _HANDLERS[position.state](run, position)


def _out_of_money(position: Position, told: str) -> Position:
    """The end; or, where a candidate has passed already, its last verification."""
    if position.kept and position.state in (states.OPTIMISE, states.GUARD, states.QUICK, states.BENCH):
        return replace(position, state=states.REVERIFY, reason=told)
    return replace(position, state=states.BUDGET_EXHAUSTED, reason=told)


# ---- before any money is spent


def _init(run: Run, position: Position) -> tuple[Position, str]:
    fill(run)
    return replace(position, state=states.PREFLIGHT), f"project {run.project.project.name}, agent {run.agent.name}"


def _preflight(run: Run, position: Position) -> tuple[Position, str]:
    outcome = run.verifier.preflight()
    run.write("reports/preflight.json", _text(outcome))
    return replace(position, state=states.PLAN), _counts(outcome)


def _plan(run: Run, position: Position) -> tuple[Position, str]:
    owned = owners(run.project, run.verifier.paths())
    names = [module.name for module in run.modules]
    run.write("plan.json", _json({"modules": names, "fields": owned}))
    return replace(position, state=states.GENERATE), f"{len(owned)} fields in {' → '.join(names)}"


# ---- the candidate


def _generate(run: Run, position: Position) -> tuple[Position, str]:
    """Call the agent for the next module, unless its fields are right already."""
    if position.attempt:
        outcome = _judged(run, ("L0", "L1"), position)
        if outcome.verdict == "pass" and not outcome.violations:
            return replace(position, state=states.L1), "right already, no call is needed"
    return _called(run, position, "generate")


def _repair(run: Run, position: Position) -> tuple[Position, str]:
    return _called(run, position, "repair")


def _called(run: Run, position: Position, phase: str) -> tuple[Position, str]:
    budget = run.project.budget
    if position.attempt >= budget.iterations:
        told = f"{budget.iterations} calls were made (budget.iterations)"
        return _out_of_money(position, told), told
    if position.in_module >= budget.per_module:
        told = f"{budget.per_module} calls for one module (budget.per_module)"
        return replace(position, state=states.STUCK, reason=told), told
    done = calling.call(run, position, phase)
    count, here = position.attempt + 1, position.in_module + 1
    after = replace(position, attempt=count, in_module=here, phase=phase, base=position.commit)
    if done.answer.status == "aborted":
        return replace(after, state=states.ABORTED, reason="the agent gave up"), "the agent gave up"
    if done.grave:
        told = "; ".join(done.broken)
        return replace(after, state=states.GUARD_VIOLATION, broken=done.broken, reason=told), told
    if done.overspent:
        told = f"call {count} has cost more than was left: {run.ledger.spent} of {run.ledger.cap} USD are spent"
        return replace(after, state=states.BUDGET_EXHAUSTED, reason=told), told
    if done.broken:
        return _struck(run, after, done.broken)
    if done.refused and not (done.answer.status == "done" and done.changed):
        return _out_of_money(after, done.refused), done.refused
    if done.answer.status in ("crashed", "timeout") and not done.changed:
        crashes = after.crashes + 1
        told = f"the agent {done.answer.status}: {done.answer.text[:300]}"
        if crashes >= budget.crashes:
            return replace(after, state=states.INFRA_ERROR, crashes=crashes, reason=told), told
        return replace(after, crashes=crashes), told
    told = f"{done.answer.status}, changed {len(done.changed)} files: {done.answer.text[:200]}"
    return replace(after, state=states.GUARD, crashes=0, broken=()), told


def _struck(run: Run, position: Position, broken: tuple[str, ...]) -> tuple[Position, str]:
    """Take an attempt back that broke a rule; too many of them end the run."""
    run.repo.restore(position.base)
    strikes, told = position.strikes + 1, "; ".join(broken)
    after = replace(position, strikes=strikes, broken=broken)
    if strikes >= run.project.budget.strikes:
        return replace(after, state=states.GUARD_VIOLATION, reason=told), told
    if position.phase == "optimise":
        return replace(after, state=states.OPTIMISE, in_vain=position.in_vain + 1), told
    return replace(after, state=states.REPAIR if position.failures else states.GENERATE), told


def _guard(run: Run, position: Position) -> tuple[Position, str]:
    """Read the source; nothing of it has been run so far."""
    broken = calling.source_violations(run)
    if broken:
        return _struck(run, position, broken)
    return replace(position, state=states.QUICK if position.phase == "optimise" else states.L1), "no rule is broken"


def _l1(run: Run, position: Position) -> tuple[Position, str]:
    outcome = _judged(run, ("L0", "L1"), position)
    if outcome.violations or outcome.verdict != "pass":
        return _failed(run, position, outcome)
    last = position.module == len(run.modules) - 1
    after = replace(position, failures=(), state=states.L2 if last else states.GENERATE)
    if not last:
        after = replace(after, module=position.module + 1, in_module=0)
    return after, f"module {run.modules[position.module].name} is right: {_counts(outcome)}"


def _l2(run: Run, position: Position) -> tuple[Position, str]:
    return _whole(run, position, ("L2",), states.L3)


def _l3(run: Run, position: Position) -> tuple[Position, str]:
    return _whole(run, position, ("L3", "L3d"), states.FREEZE)


def _whole(run: Run, position: Position, levels: tuple[str, ...], then: str) -> tuple[Position, str]:
    asked = tuple(level for level in levels if level in run.project.verify.levels)
    if not asked:
        return replace(position, state=then), f"{' and '.join(levels)} left out by verify.levels"
    outcome = _judged(run, asked, position)
    if outcome.violations or outcome.verdict != "pass":
        return _failed(run, position, outcome)
    if told := _idle(outcome):
        return replace(position, state=states.INFRA_ERROR, reason=told), told
    return replace(position, state=then, failures=()), _counts(outcome)


def _failed(run: Run, position: Position, outcome: Outcome) -> tuple[Position, str]:
    """To repair; or stuck, where nothing moves any more."""
    if outcome.violations:
        return _struck(run, position, outcome.violations)
    failure = outcome.failures[0] if outcome.failures else Failure("L0", "verdict", outcome.verdict)
    candidate = tree_hash(run.tree / "candidate")
    seen = dict(position.seen)
    seen[failure.signature] = seen.get(failure.signature, 0) + 1
    trees = (*position.trees, candidate)
    after = replace(position, state=states.REPAIR, failures=outcome.failures, seen=seen, trees=trees)
    most = run.project.budget.stuck_after
    if trees.count(candidate) >= most:
        told = f"the same candidate came back {most} times: {failure.signature}"
        return replace(after, state=states.STUCK, reason=told), told
    if seen[failure.signature] >= 2 * most:
        told = f"the same failure came back {2 * most} times: {failure.signature}"
        return replace(after, state=states.STUCK, reason=told), told
    return after, f"{failure.signature}: {failure.count} of {failure.cases} differ"


# ---- equal so far


def _freeze(run: Run, position: Position) -> tuple[Position, str]:
    found = tree_hash(run.tree / "candidate")
    return replace(position, state=states.HELD_OUT), f"candidate {found[:16]}"


def _held_out(run: Run, position: Position) -> tuple[Position, str]:
    """Seeds that did not exist before the candidate was frozen; once they have failed they are shown."""
    outcome = run.verifier.held_out(run.tree, run.secret + bytes([position.burnt % 256]), 1)
    run.write(f"reports/held-out-{position.burnt}.json", _text(outcome))
    if outcome.violations:
        told = "; ".join(outcome.violations)
        return replace(position, state=states.GUARD_VIOLATION, broken=outcome.violations, reason=told), told
    if outcome.verdict != "pass":
        return _failed(run, replace(position, burnt=position.burnt + 1, kept="", frozen=""), outcome)
    return replace(position, state=states.L4), _counts(outcome)


def _l4(run: Run, position: Position) -> tuple[Position, str]:
    """Policies trained on the candidate and played on the reference; what fails goes back like any level."""
    then = states.OPTIMISE if run.project.optimise.rounds else states.REVERIFY
    if "L4" not in run.project.verify.levels:
        return replace(position, state=then), "L4 left out by verify.levels"
    run.tell("level", levels=("L4",))
    outcome = run.verifier.transfer(run.tree, run.secret + b"transfer")
    run.write("reports/transfer.json", _text(outcome))
    run.tell("outcome", outcome=outcome)
    if outcome.violations:
        told = "; ".join(outcome.violations)
        return replace(position, state=states.GUARD_VIOLATION, broken=outcome.violations, reason=told), told
    if outcome.verdict in ("fail", "error"):
        return _failed(run, replace(position, kept="", frozen=""), outcome)
    if told := _idle(outcome):
        return replace(position, state=states.INFRA_ERROR, reason=told), told
    return replace(position, state=then, failures=()), _counts(outcome)


def _optimise(run: Run, position: Position) -> tuple[Position, str]:
    settings = run.project.optimise
    if not position.first_speed:
        speed = run.verifier.bench(run.tree, None)
        if speed.difference:
            told = f"the bench ends in another state than single steps do: {speed.difference}"
            return replace(position, state=states.GUARD_VIOLATION, broken=(told,), reason=told), told
        position = replace(position, first_speed=speed.steps_per_second, speed=speed.steps_per_second)
    if position.round >= settings.rounds or position.in_vain >= settings.patience:
        return replace(position, state=states.REVERIFY), f"{position.round} proposals, {position.in_vain} in vain"
    return _called(run, replace(position, round=position.round + 1, in_module=0), "optimise")


def _quick(run: Run, position: Position) -> tuple[Position, str]:
    if not run.repo.differs(position.kept):
        told = "nothing was proposed"
        return replace(position, state=states.OPTIMISE, in_vain=position.in_vain + 1), told
    asked = tuple(level for level in ("L0", "L1", "L2") if level in run.project.verify.levels)
    outcome = _judged(run, asked, position)
    if outcome.violations:
        return _struck(run, position, outcome.violations)
    if outcome.verdict != "pass":
        return _reverted(run, position, f"no longer equal: {outcome.failures[0].signature}")
    return replace(position, state=states.BENCH), _counts(outcome)


def _bench(run: Run, position: Position) -> tuple[Position, str]:
    with tempfile.TemporaryDirectory(prefix="kept-") as kept:
        run.repo.export(position.kept, Path(kept))
        speed = run.verifier.bench(run.tree, Path(kept))
    if speed.difference:
        told = f"the bench ends in another state than single steps do: {speed.difference}"
        return _struck(run, position, (told,))
    gain = speed.gain
    if gain < run.project.optimise.min_gain:
        return _reverted(run, position, f"{gain:+.1%} is less than {run.project.optimise.min_gain:.0%}")
    after = replace(position, state=states.OPTIMISE, speed=speed.steps_per_second, in_vain=0, kept="this")
    return after, f"kept: {gain:+.1%}"


def _reverted(run: Run, position: Position, told: str) -> tuple[Position, str]:
    run.repo.restore(position.kept)
    return replace(position, state=states.OPTIMISE, in_vain=position.in_vain + 1), f"taken back: {told}"


def _reverify(run: Run, position: Position) -> tuple[Position, str]:
    """Everything once more on the candidate that is kept, with more cases and other seeds."""
    run.repo.restore(position.kept)
    levels = tuple(level for level in run.project.verify.levels if level != "L4")
    scale = run.project.verify.full
    outcome = run.verifier.check(run.tree, levels, None, 1 + run.config.seed, scale)
    run.write("reports/verification.json", _text(outcome))
    if outcome.verdict == "pass" and not outcome.violations and position.kept != position.frozen:
        held = run.verifier.held_out(run.tree, run.secret + b"last", 1)
        run.write("reports/held-out-last.json", _text(held))
        outcome = outcome if held.verdict == "pass" and not held.violations else held
    if outcome.verdict != "pass" or outcome.violations:
        if position.kept != position.frozen:
            told = "the faster candidate is not equal after all: back to the frozen one"
            return replace(position, kept=position.frozen, speed=position.first_speed), told
        return _failed(run, replace(position, kept="", frozen=""), outcome)
    if told := _idle(outcome):
        return replace(position, state=states.INFRA_ERROR, reason=told), told
    return replace(position, state=states.REPORT), _counts(outcome)


def _report(run: Run, position: Position) -> tuple[Position, str]:
    return replace(position, state=states.DONE), "every level that was asked for is green"


_HANDLERS = {
    states.INIT: _init,
    states.PREFLIGHT: _preflight,
    states.PLAN: _plan,
    states.GENERATE: _generate,
    states.REPAIR: _repair,
    states.GUARD: _guard,
    states.L1: _l1,
    states.L2: _l2,
    states.L3: _l3,
    states.FREEZE: _freeze,
    states.HELD_OUT: _held_out,
    states.L4: _l4,
    states.OPTIMISE: _optimise,
    states.QUICK: _quick,
    states.BENCH: _bench,
    states.REVERIFY: _reverify,
    states.REPORT: _report,
}


def _judged(run: Run, levels: tuple[str, ...], position: Position) -> Outcome:
    """Verdict on the tree as it is; one that was made before is not made again."""
    modules = [module.name for module in run.modules[: position.module + 1]]
    name = " ".join([tree_hash(run.tree / "candidate"), run.verifier.digest, *levels, "of", *modules])
    known = run.store.verdict(name)
    if known is not None:
        return known
    run.tell("level", levels=levels)
    outcome = run.verifier.check(run.tree, levels, modules, run.config.seed, 1)
    run.store.keep(name, outcome)
    run.tell("outcome", outcome=outcome)
    return outcome


def _idle(outcome: Outcome) -> str:
    """Levels that were asked for and not run, in words: they are never green."""
    idle = [level for level, verdict in outcome.levels.items() if verdict in ("not_run", "inconclusive")]
    if not idle:
        return ""
    told = "; ".join(outcome.notes) or "the plugin declares nothing for it"
    remedy = "give the verifier what it needs, or leave it out of verify.levels"
    return f"{', '.join(idle)} could not be run: {told}; {remedy}"


def _counts(outcome: Outcome) -> str:
    told = ", ".join(f"{count} {name}" for name, count in outcome.counts.items() if count)
    return "; ".join([told, *outcome.notes]) if outcome.notes else told


def _text(outcome: Outcome) -> str:
    return _json(plain(outcome))


def _json(value: object) -> str:
    return json.dumps(value, indent=1) + "\n"
