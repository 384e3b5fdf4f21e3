"""One mutant's trial: what the candidate, with that mutant selected, does otherwise than the reference did."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from references.protocol import Batch, Restorable, Rollable
from verification.batches import row, rows, size, stack, step_many, step_pair, step_with_tape, undefined
from verification.cases import Case
from verification.levels.context import Context
from verification.levels.pairs import behaviours_of, compared_paths, shrinker, state_paths
from verification.localise import differences, suspects
from verification.mutants.recording import Recorded, Transitions
from verification.plugin import Episode
from verification.results import Finding

_EPISODES = 64
"""Episodes that a mutant plays at once: the first difference ends its trial."""
MOST_SHRINKING_STEPS = 4_000
"""Steps that a mutant's case is played over to make it smaller: some minutes for a hundred mutants, not for one."""


@dataclass
class Kill:
    """A mutant's first difference at a level: how many cases it took, and where it showed."""

    cases: int
    seconds: float
    field: str
    module: str
    suspects: tuple[tuple[str, float], ...] = ()
    shrunk_steps: int | None = None
    case: Case | None = None
    """Its shortest known case: a single step where the reference can be restored."""
    finding: Finding | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"cases": self.cases, "seconds": round(self.seconds, 3), "field": self.field}


@dataclass(frozen=True)
class Difference:
    """First differing step of one case, an episode or a single step, and the fields that differ there, in order."""

    case: int
    step: int
    fields: tuple[str, ...]


def all_differences(context: Context, recorded: Recorded) -> list[Difference]:
    """Every case in which the candidate, with its mutant selected, does otherwise than the reference did.

    A mutant that crashes differs in the first case, at its first step, in no field that could be named.
    """
    try:
        if recorded.episodes:
            return list(_in_episodes(context, recorded.episodes))
        return list(_in_steps(context, recorded.transitions))
    except (ValueError, RuntimeError, FloatingPointError):
        return [Difference(0, 0, ())]


def _in_episodes(context: Context, episodes: Sequence[Episode]) -> Iterator[Difference]:
    paths = compared_paths(context)
    for number, found in enumerate(_lockstep(context, episodes)):
        if found is not None:
            step, states = found
            shown = differences(context.table, paths, episodes[number].states, states, step)
            yield Difference(number, step, tuple(one.name for one in shown))


def _in_steps(context: Context, parts: Sequence[Transitions]) -> Iterator[Difference]:
    """Parts of interactions hold one step of each case; those of an episode hold all its steps."""
    seen: dict[int, Difference] = {}
    for number, part in enumerate(parts):
        found, wrong, _ = _compare(context, part)
        places = np.flatnonzero(wrong)
        cases, first = np.unique(part.episodes[places], return_index=True)
        for case, place in zip(cases.tolist(), places[first].tolist(), strict=True):
            if case not in seen:
                step = place - int(np.flatnonzero(part.episodes == case)[0]) + number
                fields = tuple(path for path, bad in found.items() if bad[place])
                seen[case] = Difference(case, step, fields)
    yield from seen.values()


def count_different(context: Context, recorded: Recorded) -> int:
    """Number of cases that differ: with no mutant selected, real bugs."""
    if recorded.episodes:
        return sum(found is not None for found in _lockstep(context, recorded.episodes))
    return sum(int(_compare(context, part)[1].sum()) for part in recorded.transitions)


def _lockstep(context: Context, episodes: Sequence[Episode]) -> Iterator[tuple[int, Batch] | None]:
    """Each episode, played in place from its reset: None, or the first differing step and the candidate's states."""
    paths = compared_paths(context)
    for first in range(0, len(episodes), _EPISODES):
        part = episodes[first : first + _EPISODES]
        for episode, states in zip(part, _played(context, part), strict=True):
            count = min(size(states), size(episode.states))
            theirs = rows(episode.states, slice(0, count))
            found = context.table.compare(paths, theirs, rows(states, slice(0, count)))
            wrong = np.zeros(count, bool)
            for bad in found.values():
                wrong |= bad
            wrong &= ~undefined(theirs)
            yield (int(wrong.argmax()), states) if wrong.any() else None


def _played(context: Context, episodes: Sequence[Episode]) -> Iterator[Batch]:
    candidate, plugin = context.candidate, context.plugin
    if isinstance(candidate, Rollable):
        played = candidate.rollout([episode.options for episode in episodes], [e.actions for e in episodes])
        yield from (rolled.states for rolled in played)
        return
    for episode in episodes:
        candidate.reset(episode.seed, episode.options)
        if not plugin.sides.same_start:
            assert isinstance(candidate, Restorable)
            candidate.restore(row(episode.states, 0))
        states = [candidate.snapshot()]
        for step in range(size(episode.actions)):
            actions = row(episode.actions, step)
            if plugin.draws.noise == "tape":
                context.reference.restore(row(episode.states, step))  # type: ignore[attr-defined]
                context.reference.step(actions)
                step_with_tape(context.reference, candidate, actions)
            else:
                candidate.step(actions)
            states.append(candidate.snapshot())
        yield stack(states)


def _compare(context: Context, part: Transitions) -> tuple[dict[str, Any], np.ndarray, Batch]:
    if context.plugin.draws.noise == "tape":
        pair = step_pair(context.plugin, context.reference, context.candidate, part.before, part.actions)
        ours, errors = pair.candidate, pair.tape_errors
    else:
        ours, errors = step_many(context.candidate, part.before, part.actions), {}
    found = context.table.compare(compared_paths(context), part.after, ours)
    wrong = np.zeros(size(part.after), bool)
    for bad in found.values():
        wrong |= bad
    wrong[list(errors)] = True
    answered = ~undefined(part.after)
    return {path: bad & answered for path, bad in found.items() if (bad & answered).any()}, wrong & answered, ours


def first_kill(context: Context, recorded: Recorded, shrink: bool) -> Kill | None:
    """The first case that differs, if any; `shrink`: and how few steps show it."""
    begin = time.monotonic()
    try:
        if recorded.episodes:
            return _killed_in_episodes(context, recorded.episodes, begin, shrink)
        return _killed_in_steps(context, recorded, begin, shrink)
    except (ValueError, RuntimeError, FloatingPointError) as error:  # a mutant that crashes is found
        return Kill(1, time.monotonic() - begin, f"{type(error).__name__}: {error}"[:200], "")


def _killed_in_steps(context: Context, recorded: Recorded, begin: float, shrink: bool) -> Kill | None:
    for part in recorded.transitions:
        found, wrong, ours = _compare(context, part)
        if not wrong.any():
            continue
        case = int(wrong.argmax())
        shown = differences(context.table, list(found), part.after, ours, case)
        behaviours = behaviours_of(context, part.before, part.actions, part.after)
        places = suspects(context.plugin, shown, behaviours, wrong, case)
        kill = Kill(int(part.episodes[case]) + 1, time.monotonic() - begin, shown[0].name, shown[0].module, places)
        kill.finding = Finding(1, tuple(shown), suspects=places)
        start = dict(state_paths(row(part.before, case)))
        return _shrunk(context, kill, [Case(context.plugin.env, (row(part.actions, case),), start)], shrink)
    return None


def _killed_in_episodes(context: Context, episodes: Sequence[Episode], begin: float, shrink: bool) -> Kill | None:
    env = context.plugin.env
    for number, found in enumerate(_lockstep(context, episodes)):
        if found is None:
            continue
        step, states = found
        episode = episodes[number]
        shown = differences(context.table, compared_paths(context), episode.states, states, step)
        steps = size(episode.actions)
        failing = np.arange(steps) == step - 1
        before, after = rows(episode.states, slice(0, steps)), rows(episode.states, slice(1, steps + 1))
        behaviours = behaviours_of(context, before, episode.actions, after) if step else None
        places = suspects(context.plugin, shown, behaviours, failing, step - 1 if step else None)
        kill = Kill(number + 1, time.monotonic() - begin, shown[0].name, shown[0].module, places)
        kill.finding = Finding(step, tuple(shown), suspects=places)
        actions = tuple(row(episode.actions, k) for k in range(step))
        last = dict(state_paths(row(episode.states, max(step - 1, 0))))
        one_step = [Case(env, actions[-1:], last)] if step and isinstance(context.reference, Restorable) else []
        return _shrunk(context, kill, [*one_step, Case(env, actions, None, episode.seed, episode.options)], shrink)
    return None


def _shrunk(context: Context, kill: Kill, attempts: Sequence[Case], shrink: bool) -> Kill:
    """The steps of the first attempt that differs, shrunk."""
    kill.case = attempts[-1]
    for case in attempts if shrink else ():
        smaller = shrinker(context).shrink(case, fields=False, most_steps=MOST_SHRINKING_STEPS)
        if smaller is not None:
            kill.shrunk_steps = smaller.steps
            break
    return kill
