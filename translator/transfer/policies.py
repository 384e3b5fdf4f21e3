"""Linear policies, trained on a candidate by the cross-entropy method: numpy alone, many lanes at once.

A candidate is asked for first states and single steps, as the other levels ask it; it never sees a policy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from references.protocol import FIGURES, OUTCOME, Batch, Batched, Bounds
from translator.project import Transfer
from verification.batches import ended, legal_many, random_actions, row, rows, size, stack
from verification.fields import FieldTable
from verification.levels.closed_loop import REWARD
from verification.levels.pairs import state_paths

CODES = 32
"""Values of a whole number that a policy tells apart; larger ones count modulo this."""
_TIME = "state.time"
_MOST_CODED = 8
Floats = NDArray[np.float64]


class CannotTrainError(ValueError):
    """An environment that these policies cannot play; the message says why."""


@dataclass(frozen=True)
class Features:
    """Numbers that a policy sees: the observation, and each whole number of the state as a code of its own.

    `observed`: paths "out.obs…", flattened in order. `coded`: integer scalars of the state. `mean`, `scale`: [F],
    which bring the observation's numbers to about one.
    """

    observed: tuple[str, ...]
    coded: tuple[str, ...]
    mean: Floats
    scale: Floats

    @classmethod
    def of(cls, table: FieldTable, snapshot: Mapping[str, Any]) -> Features:
        """Features of an environment with such snapshots, not scaled yet. `CannotTrainError` where it has none."""
        observed = tuple(sorted(path for path in snapshot if path.split(".")[:2] == ["out", "obs"]))
        coded = tuple(
            path
            for path, value in snapshot.items()
            if not path.startswith(OUTCOME) and path not in (*FIGURES, _TIME)
            if np.ndim(value) == 0 and np.asarray(value).dtype.kind in "iu" and table.spec(path).kind == "int"
        )[:_MOST_CODED]
        if not observed and not coded:
            raise CannotTrainError("its snapshots have no observation and no whole number that a policy could see")
        count = sum(np.size(snapshot[path]) for path in observed)
        return cls(observed, coded, np.zeros(count), np.ones(count))

    def seen(self, batch: Batch) -> Floats:
        """[N, F] of the observation alone, as it stands in the batch."""
        cases = size(batch)
        parts = [np.asarray(batch[path], np.float64).reshape(cases, -1) for path in self.observed]
        return np.concatenate(parts, 1) if parts else np.zeros((cases, 0))

    def __call__(self, batch: Batch) -> Floats:
        """[N, F] of everything, with a 1 at the end."""
        cases = size(batch)
        parts = [(self.seen(batch) - self.mean) / self.scale]
        parts += [np.eye(CODES)[np.asarray(batch[path], np.int64).reshape(cases) % CODES] for path in self.coded]
        return np.nan_to_num(np.concatenate([*parts, np.ones((cases, 1))], 1))

    def scaled(self, seen: Floats) -> Features:
        """The features, scaled by observations [N, F] of random play."""
        spread = seen.std(0)
        return Features(self.observed, self.coded, seen.mean(0), np.where(spread > 1e-9, spread, 1.0))

    @property
    def names(self) -> list[str]:
        """Name of each number of the observation."""
        return [f"observation {number}" for number in range(len(self.mean))]


def act(weights: Floats, features: Floats, legal: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Actions of N lanes: `weights` [N, A, F], `features` [N, F], the legal mask [N, A] or the bounds of one agent.

    A choice takes the largest of the weighted sums, a continuous action their tanh within its bounds.
    """
    ((agent, allowed),) = legal.items()
    sums = np.einsum("naf,nf->na", weights, features)
    if isinstance(allowed, Bounds):
        low, high = np.asarray(allowed.low), np.asarray(allowed.high)
        part = 0.5 + 0.5 * np.tanh(sums).reshape(low.shape)
        return {agent: (low + part * (high - low)).astype(low.dtype)}
    return {agent: np.where(np.asarray(allowed), sums, -np.inf).argmax(1)}


def outputs(legal: Mapping[str, Any]) -> int:
    """Number of weighted sums that an action takes. `CannotTrainError` for several agents, or bounds that are open."""
    if len(legal) != 1:
        raise CannotTrainError(f"it has {len(legal)} agents, and these policies play for one")
    (allowed,) = legal.values()
    if not isinstance(allowed, Bounds):
        return int(np.shape(allowed)[-1])
    if not (np.isfinite(allowed.low).all() and np.isfinite(allowed.high).all()):
        raise CannotTrainError("its actions have no finite bounds")
    return int(np.size(np.asarray(allowed.low)[0]))


@dataclass
class Played:
    """Episodes of N lanes.

    `rewards` [N, T], 0 after the end; `lengths` [N]; `before`: states at which a step was played, up to `keep` of each
    lane (a batch), and their `actions`; `seen`: [N, F] mean observation of a lane's first steps, `acted` [N] its mean
    action, and `first`: the first states.
    """

    rewards: Floats
    lengths: NDArray[np.int64]
    first: Batch
    before: Batch
    actions: Batch
    seen: Floats
    acted: Floats

    @property
    def returns(self) -> Floats:
        """Sum of each lane's rewards, [N]."""
        return self.rewards.sum(1)


EARLY = 20
"""Steps over which observations and actions are averaged, so that a lane's later fate does not matter."""


def play(
    env: Any,
    starts: Batch,
    features: Features,
    weights: Floats,
    steps: int,
    keep: NDArray[np.bool_] | None = None,
    rng: np.random.Generator | None = None,
) -> Played:
    """Episodes of a `Batched` or `Restorable` environment from `starts` [N], one policy a lane.

    `keep` [T]: the steps whose states are kept. `rng`: random actions in place of the policies', many lanes at once.
    """
    tally = _Tally(size(starts), steps, features)
    if not isinstance(env, Batched):
        return _one_by_one(env, starts, features, weights, tally, keep)
    running, batch, usual = np.arange(size(starts)), starts, _usual(env, starts)
    for step in range(steps):
        legal = usual or env.legal_many(batch)
        legal = {agent: _some(allowed, len(running)) for agent, allowed in legal.items()}
        actions = act(weights[running], features(batch), legal) if rng is None else random_actions(rng, legal)
        if keep is not None and keep[step]:
            tally.kept.append((state_paths(batch), actions))
        batch = env.step_many(batch, actions)
        tally.add(running, step, batch, actions)
        going = ~np.broadcast_to(ended(batch), len(running))
        running, batch = running[going], rows(batch, going)
        if not len(running):
            break
    return tally.played(starts)


def _one_by_one(
    env: Any, starts: Batch, features: Features, weights: Floats, tally: _Tally, keep: NDArray[np.bool_] | None
) -> Played:
    """As `play`, of an environment that plays one episode at a time."""
    for lane in range(size(starts)):
        env.restore(row(starts, lane))
        lanes = np.array([lane])
        for step in range(tally.rewards.shape[1]):
            before = stack([env.snapshot()])
            legal = {agent: _first(allowed) for agent, allowed in env.legal().items()}
            actions = act(weights[lane : lane + 1], features(before), legal)
            if keep is not None and keep[step]:
                tally.kept.append((state_paths(before), actions))
            env.step({agent: chosen[0] for agent, chosen in actions.items()})
            after = stack([env.snapshot()])
            tally.add(lanes, step, after, actions)
            if ended(after)[0]:
                break
    return tally.played(starts)


class _Tally:
    """Sums of episodes that are under way."""

    def __init__(self, cases: int, steps: int, features: Features) -> None:
        self.features = features
        self.rewards, self.lengths = np.zeros((cases, steps)), np.zeros(cases, np.int64)
        self.seen, self.acted = np.zeros((cases, len(features.mean))), np.zeros(cases)
        self.kept: list[tuple[Batch, Batch]] = []

    def add(self, lanes: NDArray[np.int64], step: int, after: Batch, actions: Batch) -> None:
        """A step of these lanes. `CannotTrainError` where it gives no reward of one number."""
        if REWARD not in after or np.asarray(after[REWARD]).size != len(lanes):
            raise CannotTrainError("its snapshots have no reward of one number (out.reward)")
        self.rewards[lanes, step] = np.asarray(after[REWARD], np.float64).reshape(len(lanes))
        self.lengths[lanes] += 1
        if step < EARLY:
            (chosen,) = actions.values()
            self.seen[lanes] += self.features.seen(after)
            self.acted[lanes] += np.asarray(chosen, np.float64).reshape(len(lanes), -1).mean(1)

    def played(self, starts: Batch) -> Played:
        """The episodes."""
        early = np.minimum(self.lengths, EARLY)
        before, actions = (_joined([pair[part] for pair in self.kept]) for part in (0, 1))
        means = self.seen / early[:, None], self.acted / early
        return Played(self.rewards, self.lengths, starts, before, actions, *means)


def _usual(env: Any, starts: Batch) -> Mapping[str, Any] | None:
    """Legal actions where they are the same in all first states, and all there are; None where they must be asked."""
    legal = legal_many(env, starts)
    (allowed,) = legal.values()
    return legal if isinstance(allowed, Bounds) or np.asarray(allowed).all() else None


def _some(allowed: Any, cases: int) -> Any:
    return Bounds(allowed.low[:cases], allowed.high[:cases]) if isinstance(allowed, Bounds) else allowed[:cases]


def _first(allowed: Any) -> Any:
    return Bounds(allowed.low[None], allowed.high[None]) if isinstance(allowed, Bounds) else np.asarray(allowed)[None]


def train(
    env: Any,
    begin: Callable[[int], Batch],
    features: Features,
    settings: Transfer,
    steps: int,
    rng: np.random.Generator,
) -> tuple[Features, Floats, float]:
    """Train all policies at once; returns the scaled features, weights [K, A, F], and the mean return of random play.

    `begin(lanes)` gives that many first states of the candidate. `steps`: of an episode.
    """
    policies = settings.policies
    starts = begin(policies * settings.population)
    count = outputs(legal_many(env, starts))
    nobody = np.zeros((size(starts), count, 0))
    random = play(env, starts, features, nobody, steps, rng=rng)
    features = features.scaled(random.seen)
    width = features(rows(starts, slice(0, 1))).shape[1]
    mean = np.zeros((policies, count, width))
    sigma = np.ones((policies, count, width))
    elite = max(2, settings.population // 5)
    for _ in range(settings.generations):
        drawn = rng.normal(size=(policies, settings.population, count, width))
        drawn = mean[:, None] + sigma[:, None] * drawn
        played = play(env, begin(policies * settings.population), features, _flat(drawn), steps)
        score = played.returns.reshape(policies, settings.population)
        if np.ptp(score) == 0:
            continue  # nothing to choose by: look again as widely as before
        for number in range(policies):
            if np.ptp(score[number]) == 0:
                continue
            best = drawn[number][np.argsort(-score[number], kind="stable")[:elite]]
            mean[number], sigma[number] = best.mean(0), best.std(0) + 0.05
    return features, mean, float(random.returns.mean())


def _flat(drawn: Floats) -> Floats:
    return drawn.reshape(-1, *drawn.shape[2:])


def _joined(parts: Sequence[Batch]) -> Batch:
    return {path: np.concatenate([part[path] for part in parts]) for path in parts[0]} if parts else {}
