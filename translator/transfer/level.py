"""Level 4 of a candidate: returns of policies that were trained on it, on both sides, and what a failure tells.

A gap of returns fails it; so do first states of another law, and single steps that differ from states which the
policies visit: returns may hide both. The failure holds the gap with its interval, the part of the episode, the
observations and actions that differ, and those single steps; a search goes on near the visited states if need be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from references.protocol import Batch, stack
from translator import findings
from translator.inside import REPEATS, SEED
from translator.project import Transfer
from translator.transfer import differing
from translator.transfer.policies import CannotTrainError, Features, Played, play, train
from translator.verifier import Failure, Outcome
from verification.batches import legal_many, random_actions, restore_many, rows, size
from verification.levels.context import Context
from verification.levels.pairs import chunks, compare_steps, compared_paths
from verification.plugin import Injected
from verification.results import CheckResult
from verification.statistics.equivalence import Combined
from verification.statistics.margin import Margin
from verification.statistics.tost import policy_equivalence

CHECK, STARTS, VISITED = "L4/transfer", "L4/first-states", "L4/visited-states"
_METRIC = "return"
_JITTER = 0.1
_VERDICTS = {"equivalent": "pass", "different": "fail"}


@dataclass
class Sides:
    """Episodes of the same policies [K·M] on both sides, and the first states of more."""

    reference: Played
    candidate: Played


def judge(context: Context, settings: Transfer, seed: int, owner: Callable[[str], str], cases: Path) -> Outcome:
    """Level 4 of the context's candidate, which answers `SEED` and `REPEATS`; every draw comes from `seed`."""
    level = _Level(context, settings, seed)
    try:
        return level.outcome(owner, cases)
    except CannotTrainError as error:
        told = f"L4 was not run: {error}"
        return Outcome("not_run", levels={"L4": "not_run"}, notes=(told,))


class _Level:
    def __init__(self, context: Context, settings: Transfer, seed: int) -> None:
        self.context, self.settings = context, settings
        self.rng = np.random.default_rng([seed, 4])
        self.steps = min(settings.steps or context.plugin.play.horizon, context.plugin.play.horizon)
        self.paths = compared_paths(context)

    def outcome(self, owner: Callable[[str], str], cases: Path) -> Outcome:
        """Train, play, compare, and where it fails search."""
        settings, env = self.settings, self.context.candidate
        self.context.reference.reset(0, self.context.plugin.play.options[0])
        features = Features.of(self.context.table, self.context.reference.snapshot())
        features, weights, random = train(env, self._begin, features, settings, self.steps, self.rng)
        theirs, ours = self._starts(2 * _lanes(settings)), self._begin(2 * _lanes(settings))
        wrong = differing.rows_of(theirs, ours, self.paths, owner)
        for again in (1, settings.more):
            episodes = settings.episodes * again
            sides = self._played(features, weights, episodes)
            trained = float(sides.candidate.returns.mean())
            combined = self._equivalence(sides, episodes, trained, random)
            if combined is None or combined.verdict != "inconclusive" or settings.more <= 1:
                break
        counts = {
            "L4 policies": settings.policies,
            "L4 episodes of each policy and side": episodes,
            "L4 first states of each side": size(ours),
        }
        span = f"random play returns {random:.4g}, the policies {trained:.4g}"
        if combined is None:
            verdict, gap = "inconclusive", f"{span}: training showed nothing that a margin could be a part of"
        else:
            verdict, gap = _VERDICTS.get(combined.verdict, "inconclusive"), f"{_gap(combined)}; {span}"
        found = CheckResult(CHECK, "L4", "single steps from the policies' own states", unit="steps")
        self._search(found, sides, near=False)
        counts["L4 steps from visited states"] = found.cases
        if not wrong and not found.divergences and verdict != "fail":
            return Outcome(verdict, levels={"L4": verdict}, counts=counts, notes=(f"L4: {gap}",))  # type: ignore[arg-type]
        if not found.divergences:
            self._search(found, sides, near=True)
        failure = self._failure(found, wrong, sides, features, gap, verdict == "fail", owner, cases)
        return Outcome("fail", (failure,), levels={"L4": "fail"}, counts=counts, notes=(f"L4: {gap}",))

    def _begin(self, lanes: int) -> Batch:
        """First states of the candidate's own resets, each of a seed of its own, with blank outcomes."""
        seed = int(self.rng.integers(2**31))
        asked = {SEED: np.full(lanes, seed, np.int64), REPEATS: np.full(lanes, 1, np.int64)}
        first = {path: np.asarray(values)[:, 0] for path, values in self.context.candidate.restore_many(asked).items()}  # type: ignore[attr-defined]
        return restore_many(self.context.candidate, first)

    def _starts(self, count: int) -> Batch:
        """First states of the reference's resets."""
        found = []
        options = self.context.plugin.play.options
        for number in range(count):
            self.context.reference.reset(int(self.rng.integers(2**31)), options[number % len(options)])
            found.append(self.context.reference.snapshot())
        return stack(found)

    def _played(self, features: Features, weights: Any, episodes: int) -> Sides:
        """The policies' episodes, of each policy as many, from each side's own first states."""
        lanes = np.repeat(weights, episodes, 0)
        keep = np.zeros(self.steps, bool)
        keep[:: max(1, self.steps // 50)] = True
        theirs = play(self.context.reference, self._starts(len(lanes)), features, lanes, self.steps, keep)
        ours = play(self.context.candidate, self._begin(len(lanes)), features, lanes, self.steps, keep)
        return Sides(theirs, ours)

    def _equivalence(self, sides: Sides, episodes: int, trained: float, random: float) -> Combined | None:
        """The test of the plugin's margin, or else of the project's share of what training gains."""
        margin = self.context.plugin.checks.margins.get(_METRIC)
        if margin is None:
            span = abs(trained - random)
            if span == 0:
                return None
            reason = "a loss of that share of what training gains is one that a user would notice (transfer.margin)"
            margin = Margin(self.settings.margin * span, reason, f"{self.settings.margin:.0%} of {span:.4g}")
        ours, theirs = (side.returns.reshape(-1, episodes) for side in (sides.candidate, sides.reference))
        return policy_equivalence(ours, theirs, margin, seed=int(self.rng.integers(2**31)))

    def _search(self, result: CheckResult, sides: Sides, near: bool) -> None:
        """Single steps from states that the policies visit on either side, or from ones near them."""
        for side in (sides.candidate, sides.reference):
            if side.before:
                for piece in chunks(self._cases(side, near), self.context.plan.lanes):
                    compare_steps(self.context, piece, result)
        result.conclude()

    def _cases(self, side: Played, near: bool) -> Injected:
        count = min(self.settings.search, size(side.before))
        chosen = self.rng.permutation(size(side.before))[:count]
        states, actions = rows(side.before, chosen), rows(side.actions, chosen)
        label = "a policy's state"
        if near:
            states, label = self._near(states), "near a policy's state"
            valid = self.context.plugin.state.valid
            if valid is not None and not (kept := valid(states)).all():
                states, actions = rows(states, kept), rows(actions, kept)
        drawn = random_actions(self.rng, legal_many(self.context.reference, states))
        half = self.rng.random(size(states)) < 0.5
        mixed = {
            agent: np.where(half.reshape(-1, *[1] * (np.ndim(drawn[agent]) - 1)), actions[agent], drawn[agent])
            for agent in drawn
        }
        return Injected(states, mixed, [label] * size(states))

    def _near(self, states: Batch) -> Batch:
        """The states, each float moved by a tenth of its spread."""
        moved = {}
        for path, values in states.items():
            values = np.asarray(values)
            if values.dtype.kind == "f" and self.context.table.spec(path).kind in ("float", "angle"):
                values = (values + _JITTER * values.std(0) * self.rng.normal(size=values.shape)).astype(values.dtype)
            moved[path] = values
        return moved

    def _failure(
        self,
        found: CheckResult,
        wrong: list[Any],
        sides: Sides,
        features: Features,
        gap: str,
        returns: bool,
        owner: Callable[[str], str],
        cases: Path,
    ) -> Failure:
        """All that is known, on the frame of the search's first difference where there is one."""
        told = [gap]
        if part := differing.window(sides.reference, sides.candidate):
            told.append(part)
        apart = differing.seen(sides.reference, sides.candidate, features.names)
        told += [str(one) for one in apart[:4]]
        searched = (
            f"{found.divergences} of {found.cases} single steps from the policies' own states, or near them, differ"
        )
        told.append(searched)
        one_step = findings.of([found], "", owner, cases)
        frame = one_step[0] if one_step else Failure("L4", CHECK, cases=found.cases)
        check = CHECK if returns else STARTS if wrong else VISITED
        if not wrong:
            return _with(frame, check, told)
        names = ", ".join(row.path for row in wrong[:6])
        told.insert(0, f"first states, which a reset draws, have another law: {names}")
        return Failure(
            "L4", check, "\n".join(told), (*wrong[:6], *frame.rows[:6]), count=len(wrong), cases=len(self.paths),
            before=frame.before, actions=frame.actions, case=frame.case,
        )  # fmt: skip


def _lanes(settings: Transfer) -> int:
    """Episodes of all policies on one side."""
    return settings.policies * settings.episodes


def _with(frame: Failure, check: str, told: list[str]) -> Failure:
    from msgspec.structs import replace

    return replace(frame, check=check, message="\n".join(told))


def _gap(combined: Combined) -> str:
    one = combined.primary
    return (
        f"returns of the candidate less those of the reference: {one.difference:+.4g}, 95 % interval "
        f"{one.ci95[0]:.4g} to {one.ci95[1]:.4g}, margin ±{one.margin:.4g}: {combined.verdict}"
    )
