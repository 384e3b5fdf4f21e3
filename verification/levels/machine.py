"""A Hypothesis state machine over both sides: resets, steps, and jumps back to saved snapshots, in any order."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from references.protocol import Restorable
from verification import cases
from verification.batches import Bounds, is_over, random_actions, step_with_tape
from verification.cases import Case
from verification.levels.context import Context
from verification.levels.pairs import add_finding, compared_paths, timed
from verification.localise import suspects
from verification.repeatable import no_constants_of_modules
from verification.results import CheckResult, FieldDifference, Finding

if TYPE_CHECKING:  # Hypothesis takes half a second to import
    from hypothesis.stateful import RuleBasedStateMachine

_EXAMPLES, _STEPS = 20, 30


class DivergenceError(AssertionError):
    """The two sides differ; carries what was played."""

    def __init__(self, case: Case, step: int, differences: tuple[FieldDifference, ...], message: str) -> None:
        super().__init__(f"step {step}: {[d.name for d in differences][:5]} {message}")
        self.case, self.step, self.differences, self.message = case, step, differences, message


def run(context: Context, result: CheckResult) -> None:
    """Run the machine; Hypothesis shrinks what fails, and the smallest program becomes the finding."""
    from hypothesis import HealthCheck, Phase, settings
    from hypothesis import seed as hypothesis_seed
    from hypothesis.stateful import run_state_machine_as_test

    begin = time.monotonic()
    result.unit, result.planned = "episodes", _EXAMPLES
    machine = _machine(context, result)
    configured = settings(
        max_examples=_EXAMPLES,
        stateful_step_count=_STEPS,
        deadline=None,
        database=None,
        print_blob=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large),
    )
    hypothesis_seed(context.plan.seed)(machine)
    try:
        with no_constants_of_modules():
            run_state_machine_as_test(machine, settings=configured)
    except DivergenceError as found:
        places = suspects(context.plugin, found.differences)
        finding = Finding(
            found.step, found.differences, draws=found.message, suspects=places, case={"by": "Hypothesis"}
        )
        add_finding(context, result, found.case, finding)
    result.cases = max(result.cases, _EXAMPLES if not result.divergences else 1)
    timed(result, begin)
    result.conclude()


def _machine(context: Context, result: CheckResult) -> type[RuleBasedStateMachine]:
    from hypothesis import strategies as st
    from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

    plugin, reference, candidate = context.plugin, context.reference, context.candidate
    paths = compared_paths(context)
    restorable = isinstance(reference, Restorable) and isinstance(candidate, Restorable)

    class BothSides(RuleBasedStateMachine):
        """The same operations on reference and candidate; after each, both must be equal."""

        @initialize(seed=st.integers(0, 2**16), variant=st.integers(0, len(plugin.play.options) - 1))
        def reset(self, seed: int, variant: int) -> None:
            self._reset(seed, variant)

        @rule(seed=st.integers(0, 2**16), variant=st.integers(0, len(plugin.play.options) - 1))
        @precondition(lambda self: self.over)
        def start_again(self, seed: int, variant: int) -> None:
            self._reset(seed, variant)

        def _reset(self, seed: int, variant: int) -> None:
            cases.reset_pair(plugin, reference, candidate, seed, plugin.play.options[variant])
            self.start: dict[str, Any] = {"seed": seed, "options": plugin.play.options[variant], "snapshot": None}
            self.actions: list[Any] = []
            self.saved: list[Any] = []
            self.message = ""
            self.over = bool(is_over(reference.snapshot()))

        @rule(index=st.integers(0, 4095))
        @precondition(lambda self: not self.over)
        def step(self, index: int) -> None:
            actions: dict[str, Any] = {}
            for agent, allowed in reference.legal().items():
                if isinstance(allowed, Bounds):
                    actions |= random_actions(np.random.default_rng(index), {agent: allowed})
                else:
                    legal = np.flatnonzero(allowed)
                    actions[agent] = np.asarray(legal[index % len(legal)])
                    index //= len(legal)
            self.actions.append(actions)
            reference.step(actions)
            if plugin.draws.noise == "tape":
                self.message = step_with_tape(reference, candidate, actions)
            else:
                candidate.step(actions)
            result.steps += 1
            self.over = bool(is_over(reference.snapshot()))

        @rule()
        @precondition(lambda self: restorable and not self.over)
        def save(self) -> None:
            self.saved.append(dict(reference.snapshot()))

        @rule(index=st.integers(0, 63))
        @precondition(lambda self: bool(self.saved))
        def go_back(self, index: int) -> None:
            snapshot = self.saved[index % len(self.saved)]
            for env in (reference, candidate):
                env.restore(snapshot)  # type: ignore[attr-defined]
            self.start = {"seed": 0, "options": {}, "snapshot": snapshot}
            self.actions, self.over = [], False

        @invariant()
        def equal(self) -> None:
            if not hasattr(self, "start"):
                return
            found = cases.compare_one(context.table, paths, reference.snapshot(), candidate.snapshot())
            if found or self.message:
                case = Case(plugin.env, tuple(self.actions), **self.start)
                raise DivergenceError(case, len(self.actions), found, self.message)

    return BothSides
