"""From episodes of both sides to a verdict. Differences are ours minus the reference's.

The unit of replication is the policy: d_k is the difference of policy k's mean outcomes, and the primary test is a
one-sample TOST on these, against a margin that was declared before any run. A bootstrap over policies and then episodes
(and, where outcomes have tails, a trimmed test) must agree with it. Beside it stand each policy's own test, on its
episodes, and how far whole distributions are apart, from which no verdict is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from baselines.aggregate import InterquartileMean, interquartile_mean
from baselines.transfer.episodes import Episodes
from baselines.transfer.store import SIDES
from verification.statistics.distributions import Distance, Occupancy, compare_distribution, compare_occupancy
from verification.statistics.equivalence import WANTED_POWER, Combined, Equivalence
from verification.statistics.margin import Margin, margin_problems
from verification.statistics.power import achieved_power, smallest_size
from verification.statistics.samples import LEAST_POLICIES
from verification.statistics.tost import policy_equivalence, welch_tost, win_rate_tost

WIN_RATE = "win_rate"


@dataclass(frozen=True)
class Pair:
    """One policy's episodes on both sides."""

    name: str
    candidate: Episodes
    reference: Episodes


@dataclass(frozen=True)
class PolicyJudgement:
    """One policy by itself. `test`: on its episodes, as independent ones; the score test for wins without ties.

    `means`: ours and the reference's. `correlation` of the outcomes of equal starts, None where one side has no spread:
    1 means that the reference repeats our episodes, 0 that equal starts bind nothing. `distances`: of outcomes, of sums
    of rewards where these are something else, and of lengths. `occupancy`: of the actions taken.
    """

    name: str
    means: tuple[float, float]
    test: Equivalence
    correlation: float | None
    distances: tuple[Distance, ...]
    occupancy: Occupancy
    void: tuple[int, int]
    cut: tuple[int, int]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "name": self.name,
            "means": list(self.means),
            "test": self.test.to_json(),
            "correlation": self.correlation,
            "distances": [distance.to_json() for distance in self.distances],
            "occupancy": self.occupancy.to_json(),
            "void": list(self.void),
            "cut": list(self.cut),
        }


@dataclass(frozen=True)
class Judgement:
    """All policies, and what they say together: `combined`, None with fewer than five; `note` then says so.

    `margin_problems`: what is wrong with the margin, seen from the data; empty where it is sound or was not looked at.
    """

    metric: str
    margin: Margin
    policies: tuple[PolicyJudgement, ...]
    combined: Combined | None
    note: str = ""
    margin_problems: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """One of the four verdicts of `verification.statistics.equivalence`, or "none"."""
        return "none" if self.combined is None else self.combined.verdict

    @property
    def middle(self) -> tuple[InterquartileMean, InterquartileMean]:
        """Interquartile means of the policies' mean outcomes, ours and the reference's."""
        ours, theirs = (interquartile_mean([policy.means[side] for policy in self.policies]) for side in range(2))
        return ours, theirs

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "metric": self.metric,
            "margin": {
                "value": self.margin.value,
                "reason": self.margin.reason,
                "problems": list(self.margin_problems),
            },
            "verdict": self.verdict,
            "note": self.note,
            "interquartile_mean": {side: one.to_json() for side, one in zip(SIDES, self.middle, strict=True)},
            "combined": None if self.combined is None else self.combined.to_json(),
            "policies": [policy.to_json() for policy in self.policies],
        }


def judge(
    metric: str, margin: Margin, pairs: Sequence[Pair], seed: int = 0, random: Episodes | None = None
) -> Judgement:
    """The judgement of all policies; `seed` is the bootstrap's, `random` episodes of random play in the reference."""
    problems = () if random is None else _problems(margin, pairs, random)
    each = tuple(judge_policy(metric, margin, pair) for pair in pairs)
    if len(pairs) < LEAST_POLICIES:
        note = (
            f"no verdict on {len(pairs)} policies: the unit of replication is the policy, and at least "
            f"{LEAST_POLICIES} are needed; more episodes do not help"
        )
        return Judgement(metric, margin, each, None, note, problems)
    ours, theirs = ([getattr(pair, side).valid("outcome") for pair in pairs] for side in SIDES)
    combined = policy_equivalence(ours, theirs, margin, seed=seed)
    return Judgement(metric, margin, each, combined, margin_problems=problems)


def _problems(margin: Margin, pairs: Sequence[Pair], random: Episodes) -> tuple[str, ...]:
    """The rule of `margin_problems`; the reference's noise against itself follows from the spread of its episodes."""
    played = [pair.reference.valid("outcome") for pair in pairs]
    trained = float(np.mean([outcomes.mean() for outcomes in played]))
    noise = float(np.sqrt(np.sum([2 * outcomes.var(ddof=1) / len(outcomes) for outcomes in played])) / len(played))
    found = margin_problems(
        margin, trained=trained, random=float(random.valid("outcome").mean()), reference_standard_error=noise
    )
    return tuple(found)


def judge_policy(metric: str, margin: Margin, pair: Pair) -> PolicyJudgement:
    """One policy by itself."""
    sides = (pair.candidate, pair.reference)
    ours, theirs = (side.valid("outcome") for side in sides)
    test = win_rate_tost(ours, theirs, margin) if metric == WIN_RATE else welch_tost(ours, theirs, margin)
    what = ["outcome", "length"]
    if not all(np.allclose(side.valid("reward"), side.valid("outcome")) for side in sides) and metric != WIN_RATE:
        what.insert(1, "reward")
    labels = {"outcome": metric, "reward": "sum of rewards", "length": "length"}
    return PolicyJudgement(
        name=pair.name,
        means=(float(ours.mean()), float(theirs.mean())),
        test=test,
        correlation=_correlation(pair),
        distances=tuple(compare_distribution(labels[name], *(side.valid(name) for side in sides)) for name in what),
        occupancy=compare_occupancy(pair.candidate.actions, pair.reference.actions),
        void=(len(pair.candidate.void), len(pair.reference.void)),
        cut=(pair.candidate.cut, pair.reference.cut),
    )


def _correlation(pair: Pair) -> float | None:
    gone = sorted({*pair.candidate.void, *pair.reference.void})
    ours, theirs = (np.delete(np.asarray(side.outcome), gone) for side in (pair.candidate, pair.reference))
    if len(ours) < 3 or ours.std() == 0 or theirs.std() == 0:
        return None
    return float(np.corrcoef(ours, theirs)[0, 1])


def planned_episodes(margin: Margin, sd: float, policies: int, power: float = WANTED_POWER) -> int:
    """Episodes of each policy on each side for `power` at a true difference of 0, if no policy is special.

    `sd`: of one episode's outcome under one policy. With fewer than five policies there is no test: as for five.
    """
    count = max(policies, LEAST_POLICIES)
    return smallest_size(lambda n: achieved_power(margin.value, sd, count, n), power, margin.value)
