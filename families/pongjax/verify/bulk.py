"""One configuration in bulk: thousands of games in lockstep for millions of steps, compared bit by bit."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import jax
import numpy as np
from numpy.typing import NDArray

from families.pongjax.verify.engine import Program, shared_program
from families.pongjax.verify.lockstep import STRETCH, at, events, limits, shares, stretches, ulps, unlike_bits
from families.pongjax.verify.sides import CandidateSide, ReferenceSide, Side
from pongjax.params import PongParams
from references.protocol import OUTCOME, Batch
from references.puffer_pong.library import serves
from verification.backends import Vmap

LANES = 4096
Params = Literal["compiled in", "by lane", "random by lane"]
PARAMS: dict[Params, str] = {
    "compiled in": "the default numbers as constants of the program, as whoever gives no params has them",
    "by lane": "the default numbers as data, a copy for each game",
    "random by lane": "numbers of each game's own, fractions most of them",
}

WHY_ONE_ULP = (
    "observations may differ in the last place: XLA turns a division by a constant into a product with its reciprocal, "
    "which rounds twice. No rule reads an observation, and all else is compared bit by bit"
)
OBSERVED = ("state.observation", "out.obs")
WHY_OTHER_PARAMS = (
    "widths are multiples of 5: XLA turns width / 5 into width * 0.2, which other widths would show in the last place"
)
_RANGES = {
    "height": (450, 900),
    "paddle_height": (40, 120),
    "ball_width": (10, 50),
    "ball_height": (10, 50),
    "paddle_speed": (3, 12),
    "ball_initial_speed_x": (4, 17),
    "ball_initial_speed_y": (0.3, 3),
    "ball_max_speed_y": (5, 20),
    "ball_speed_y_increment": (0.5, 5),
}


@dataclass(frozen=True)
class Configuration:
    """One comparison: an action space, a frame skip, and how the candidate gets its params."""

    continuous: bool
    frame_skip: int
    params: Params = "compiled in"

    @property
    def name(self) -> str:
        """In words."""
        kind = "continuous" if self.continuous else "discrete"
        return f"{kind}, frame skip {self.frame_skip}, params {self.params}"

    def numbers(self, seed: int, lanes: int) -> dict[str, NDArray[Any]]:
        """The games' params by name, [lanes] each; {} for the default ones."""
        if self.params != "random by lane":
            return {}
        rng = np.random.default_rng([seed, 7])
        found = {name: rng.uniform(low, high, lanes).astype(np.float32) for name, (low, high) in _RANGES.items()}
        width = 5 * rng.integers(80, 141, lanes).astype(np.float32)  # see WHY_OTHER_PARAMS
        return {**found, "width": width, "max_score": rng.integers(1, 31, lanes).astype(np.int32)}

    def candidate(self, numbers: Mapping[str, NDArray[Any]], vmap: Vmap = jax.vmap) -> CandidateSide:
        """PongJAX in this configuration; `vmap` makes its programs."""
        if numbers:
            return CandidateSide(Program(self.frame_skip, self.continuous, PongParams(**numbers), vmap=vmap))
        compiled_in = self.params == "compiled in"
        return CandidateSide(shared_program(self.frame_skip, self.continuous, compiled_in, vmap))


@dataclass(frozen=True)
class Mismatch:
    """The first difference of a game. `paths`: what differs; both sides' values are in `reference` and `candidate`.

    `before`: the reference's state one step earlier, `start` the game's first; `actions` [step] since then.
    """

    lane: int
    step: int
    paths: tuple[str, ...]
    start: Mapping[str, Any]
    before: Mapping[str, Any]
    actions: NDArray[Any]
    reference: Mapping[str, Any]
    candidate: Mapping[str, Any]


@dataclass
class Compared:
    """Findings of one configuration's run so far.

    `steps`: environment steps compared; a game that differs is counted in `games_differing` and left out from then on.
    `first_paths`: those games by the first path, in a snapshot's order, of their first difference. `observations`:
    compared components of observations: "bitwise equal", "within 1 ulp", "further". `first`: some in full.
    """

    configuration: Configuration
    lanes: int
    planned: int
    steps: int = 0
    games_differing: int = 0
    observations: Counter[str] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)
    first_paths: Counter[str] = field(default_factory=Counter)
    first: list[Mismatch] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def complete(self) -> bool:
        """True if all that was planned was compared."""
        return self.steps >= self.planned

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        made = self.configuration
        return {
            "actions": "continuous" if made.continuous else "discrete",
            "frame_skip": made.frame_skip,
            "params": made.params,
            "games_at_once": self.lanes,
            "planned_steps": self.planned,
            "steps": self.steps,
            "frames_at_most": self.steps * made.frame_skip,
            "games_differing": self.games_differing,
            "first_differing_paths": dict(self.first_paths),
            "observations": dict(self.observations),
            "happened": dict(self.happened),
            "seconds": round(self.seconds, 2),
        }


KEPT = 20
OnStretch = Callable[[Compared], None]


def compare(
    configuration: Configuration,
    seed: int,
    steps: int,
    lanes: int | None = None,
    candidate: Side | None = None,
    on_stretch: OnStretch = lambda so_far: None,
    into: Compared | None = None,
    vmap: Vmap = jax.vmap,
) -> Compared:
    """At least `steps` environment steps of one configuration, all policies a quarter of the games each.

    `lanes`: games at once, by default `LANES`. `candidate`: another one than PongJAX, whose programs `vmap` makes.
    `into` is filled in place, so that an interruption keeps what it has.
    """
    lanes = lanes or LANES
    numbers = configuration.numbers(seed, lanes)
    reference = ReferenceSide(configuration.frame_skip, configuration.continuous, numbers)
    other = candidate or configuration.candidate(numbers, vmap)
    each = -(-steps // (lanes * STRETCH)) * STRETCH
    found = into or Compared(configuration, lanes, steps)
    rng = np.random.default_rng([seed, configuration.frame_skip, configuration.continuous])
    begin = time.monotonic()
    starts, cut = serves(seed, lanes), limits(rng, lanes)
    first, ours = reference.begin(starts, cut), other.begin(starts, cut)
    log = _Log(found, {path: values[None] for path, values in first.items()})
    log.add(log.start, {path: values[None] for path, values in ours.items()}, log.start)
    for stretch in stretches(rng, reference, other, shares(lanes), each, configuration.continuous):
        log.played.append(stretch.actions)
        log.add(stretch.after, stretch.ours, stretch.states)
        found.seconds = time.monotonic() - begin
        on_stretch(found)
    return found


class _Log:
    """Judges one stretch after another. `start`: the games' first states [1, N]."""

    def __init__(self, found: Compared, start: Batch) -> None:
        self.found, self.start = found, start
        self.alive = np.ones(found.lanes, bool)
        self.played: list[NDArray[Any]] = []

    def add(self, theirs: Batch, ours: Batch, states: Batch) -> None:
        """Count both sides' states [T, N]; `states`: the reference's, where it begins one step earlier."""
        found = self.found
        by_path = {path: self._differs(path, values, ours[path]) & self.alive for path, values in theirs.items()}
        wrong = np.logical_or.reduce(list(by_path.values()))
        left = wrong
        for path, bad in by_path.items():
            first = left.any(axis=0) & bad[left.argmax(axis=0), np.arange(found.lanes)]
            found.first_paths[path] += int(first.sum())
            left = left & ~first
        found.first_paths = +found.first_paths
        for lane in np.flatnonzero(wrong.any(axis=0))[: KEPT - len(found.first)].tolist():
            found.first.append(self._mismatch(int(wrong[:, lane].argmax()), lane, by_path, theirs, ours, states))
        found.games_differing += int(wrong.any(axis=0).sum())
        if self.played:
            found.steps += int(self.alive.sum()) * len(wrong)
            outcomes = {path: values[:, self.alive] for path, values in theirs.items() if path.startswith(OUTCOME)}
            found.happened.update(events(outcomes))
        self.alive &= ~wrong.any(axis=0)

    def _differs(self, path: str, theirs: NDArray[Any], ours: NDArray[Any]) -> NDArray[np.bool_]:
        """bool [T, N]; observations are counted, and may differ by an ulp where params are compiled in."""
        if path not in OBSERVED:
            return unlike_bits(theirs, ours)
        gap = ulps(theirs, ours)
        if path == OBSERVED[0]:
            seen = gap[:, self.alive]
            counts = {"bitwise equal": seen == 0, "within 1 ulp": seen == 1, "further": seen > 1}
            self.found.observations.update({name: int(which.sum()) for name, which in counts.items()})
        if self.found.configuration.params == "compiled in":
            return np.any(gap > 1, axis=-1)
        return unlike_bits(theirs, ours)

    def _mismatch(self, step: int, lane: int, by_path: Batch, theirs: Batch, ours: Batch, states: Batch) -> Mismatch:
        skip = self.found.configuration.frame_skip
        total = sum(len(part) for part in self.played[:-1]) + step + 1 if self.played else 0
        actions = [part[:, lane] for part in self.played]
        return Mismatch(
            lane,
            total,
            tuple(path for path, bad in by_path.items() if bad[step, lane]),
            at(self.start, 0, lane, skip),
            at(states, step, lane, skip),
            np.concatenate(actions)[:total] if actions else np.zeros(0),
            at(theirs, step, lane, skip),
            at(ours, step, lane, skip),
        )
