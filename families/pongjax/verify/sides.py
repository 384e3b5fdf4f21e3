"""Both implementations as many games in place, played side by side: what the lockstep checks drive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from families.pongjax.verify.candidate import AGENT, FRAME_SKIP, TIME, with_counters
from families.pongjax.verify.engine import Program
from pongjax.params import NEVER
from references.protocol import LENGTH, LIMIT, OUTCOME, RETURN, Actions, Batch, Snapshot
from references.puffer_pong.env import PufferPong
from references.puffer_pong.library import CASE, STATE, library, new_cases

COUNTED = np.dtype(
    [
        *((name, CASE[name]) for name in CASE.names or ()),
        *((name, np.int32) for name in ("time", "length", "limit", "steps")),
        *((name, np.float32) for name in ("total", "returned")),
        *((name, np.bool_) for name in ("truncated", "ended", "played")),
        ("final", np.float32, 8),
    ]
)
"""`CASE`, the game's steps, running figures and limit, and the step's cut, end and last observation."""


class Side(Protocol):
    """Games of one frame skip, in place. Snapshots lack "config.frame_skip"."""

    def begin(self, serves: NDArray[np.uint32], limits: NDArray[np.int32] | None = None) -> Batch:
        """New games, the generators before their first draw, with these limits or none; their snapshots [N]."""
        ...

    def roll(self, actions: NDArray[Any]) -> Batch:
        """Play actions [T, N]; the snapshots after every step [T, N]."""
        ...


class CandidateSide:
    """PongJAX. Nothing but the actions goes in after `begin`."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._games: Any = None

    def begin(self, serves: NDArray[np.uint32], limits: NDArray[np.int32] | None = None) -> Batch:
        """See `Side`."""
        self._games, seen = self.program.begin(serves, limits)
        return _arrays(seen)

    def roll(self, actions: NDArray[Any]) -> Batch:
        """See `Side`."""
        self._games, seen = self.program.roll(self._games, actions)
        return _arrays(seen)


class Limited:
    """Games of PufferLib's C, in place, each with a limit of its steps and the figures of its episode.

    PufferLib cuts no game off. The limit is what Gymnasium's `TimeLimit` makes of one: reached without an end by the
    rules, the step is the last one, and a game of the C begins anew, as if the step had drawn nothing before.
    `cases` is `CASE` [N], changed in place; the rest is int32 [N], and `total` float32 [N].
    """

    def __init__(self, cases: NDArray[Any], limit: Any = NEVER, time: Any = 0, total: Any = 0, length: Any = 0) -> None:
        self.cases = cases
        self.limit, self.time, self.length = (_full(cases, values, np.int32) for values in (limit, time, length))
        self.total = _full(cases, total, np.float32)

    def look(self) -> NDArray[Any]:
        """`COUNTED` [N]: the games as they are, no outcomes in them but the C's own."""
        found = np.zeros(len(self.cases), COUNTED)
        for name in CASE.names or ():
            found[name] = self.cases[name]
        for name in ("time", "total", "length", "limit"):
            found[name] = getattr(self, name)
        return found

    def step(self, actions: NDArray[Any]) -> NDArray[Any]:
        """`COUNTED` [N]: the games after one action each, those that ended begun anew, and what the step gave out."""
        cases, drawn = self.cases, self.cases["serve"].copy()
        cases["action"] = actions
        library().step(cases)
        done = cases["terminal"] != 0
        self.time, self.length, self.total = self.time + 1, self.length + 1, self.total + cases["reward"]
        cut = ~done & (self.time >= self.limit)
        given = {name: cases[name].copy() for name in ("reward", "log", "observation")}
        if cut.any():
            anew = cases[cut]
            anew["serve"] = drawn[cut]
            library().reset(anew)
            cases[cut] = anew
            cases["reward"], cases["log"] = given["reward"], given["log"]
        ended = done | cut
        found = self.look()
        found["truncated"], found["final"], found["played"] = cut, given["observation"], True
        found["ended"], found["returned"], found["steps"] = (
            ended,
            np.where(ended, self.total, 0),
            np.where(ended, self.length, 0),
        )
        for name in ("time", "length", "total"):
            setattr(self, name, np.where(ended, 0, getattr(self, name)).astype(getattr(self, name).dtype))
            found[name] = getattr(self, name)
        return found


def _full(cases: NDArray[Any], values: Any, dtype: Any) -> NDArray[Any]:
    return np.array(np.broadcast_to(np.asarray(values, dtype), len(cases)))


class ReferenceSide:
    """PufferLib's C; `params`: name → value, or values [N]. Also plays step by step, for policies that look."""

    def __init__(self, frame_skip: int, continuous: bool, params: Mapping[str, Any] | None = None) -> None:
        self._frame_skip, self._continuous, self._params = frame_skip, continuous, dict(params or {})
        self._games = Limited(new_cases(0))

    def begin(self, serves: NDArray[np.uint32], limits: NDArray[np.int32] | None = None) -> Batch:
        """See `Side`."""
        cases = new_cases(len(serves), self._frame_skip, self._continuous)
        for name, values in self._params.items():
            cases[name] = values
        cases["serve"] = serves
        library().reset(cases)
        self._games = Limited(cases, NEVER if limits is None else limits)
        return _blank(snapshots_of(self._games.look()))

    @property
    def cases(self) -> NDArray[Any]:
        """`COUNTED` [N]: the games as they are."""
        return self._games.look()

    def step(self, actions: NDArray[Any]) -> NDArray[Any]:
        """Play actions [N]; a copy of the games after it, `COUNTED` [N]."""
        return self._games.step(actions)

    def roll(self, actions: NDArray[Any]) -> Batch:
        """See `Side`."""
        return snapshots_of(np.stack([self.step(joint) for joint in actions]))


class SeededPong(PufferPong):
    """The reference, with limits and the figures of episodes; its reset knows the options "seed" and "limit", too."""

    def __init__(self, continuous: bool = False) -> None:
        super().__init__(continuous)
        self._games: Limited | None = None
        self._seen: Batch = {}

    def reset(self, seed: int, options: Mapping[str, Any] | None = None) -> None:
        """See `protocol.Env.reset`."""
        others = dict(options or {})
        limit = int(others.pop("limit", NEVER))
        super().reset(int(others.pop("seed", seed)), others)
        self._become(Limited(self._held(), limit))

    def step(self, actions: Actions) -> None:
        """Play one action. A game that ends, by the rules or by its limit, starts anew in the same step."""
        self._held()
        assert self._games is not None
        self._seen = self._with_skip(self._games.step(self._action(actions)), self._games)

    def snapshot(self) -> Snapshot:
        """State and outcome."""
        self._held()
        return {path: values[0].copy() for path, values in self._seen.items()}

    def restore(self, snapshot: Snapshot) -> None:
        """Become that state. `ValueError` names the path of a value that a game cannot have."""
        games = self._limited({path: np.asarray(value)[None] for path, value in snapshot.items()})
        self._case = games.cases
        self._become(games)

    def restore_many(self, snapshots: Batch) -> Batch:
        """Every case restored and snapshotted again."""
        games = self._limited(snapshots)
        return _blank(self._with_skip(games.look(), games))

    def step_many(self, snapshots: Batch, actions: Batch) -> Batch:
        """Every case restored and stepped once; frame skips and limits may differ from case to case."""
        games = self._limited(snapshots)
        return self._with_skip(games.step(self._action(actions)), games)

    def _become(self, games: Limited) -> None:
        self._games = games
        self._seen = _blank(self._with_skip(games.look(), games))

    def _limited(self, snapshots: Batch) -> Limited:
        snapshots = with_counters(snapshots)
        names = {"limit": LIMIT, "time": TIME, "total": RETURN, "length": LENGTH}
        return Limited(self._cases(snapshots), **{name: snapshots[path] for name, path in names.items()})

    def _with_skip(self, counted: NDArray[Any], games: Limited) -> dict[str, NDArray[Any]]:
        found = snapshots_of(counted)
        return found | {FRAME_SKIP: games.cases["frameskip"].copy()}


def snapshots_of(counted: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """`COUNTED` of any shape as snapshots, without the frame skip."""
    played = counted["played"]
    found = {
        **{"state." + name: counted[name] for name in STATE},
        TIME: counted["time"],
        RETURN: counted["total"],
        LENGTH: counted["length"],
        LIMIT: counted["limit"],
        "out.reward": counted["reward"],
        "out.terminated": counted["terminal"] != 0,
        "out.truncated": counted["truncated"],
        "out.obs": counted["final"],
        "out.log": counted["log"],
        "out.episode.ended": counted["ended"],
        "out.episode.return": counted["returned"],
        "out.episode.length": counted["steps"],
        "out.to_act": played,
        "out.contract": played,
    }
    # Of the C itself there is no mask: every action is allowed, always.
    if not counted["continuous"].any():
        found["out.legal"] = np.repeat(played[..., None], 3, axis=-1)
    return found


def _blank(seen: Batch) -> dict[str, NDArray[Any]]:
    return {path: np.zeros_like(values) if path.startswith(OUTCOME) else values for path, values in seen.items()}


def with_skip(batch: Batch, frame_skip: int) -> dict[str, NDArray[Any]]:
    """The snapshots as the plugin's sides give them."""
    return {**batch, FRAME_SKIP: np.full(np.shape(batch["state.tick"]), frame_skip, np.int32)}


def as_actions(actions: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """A batch of joint actions."""
    return {AGENT: actions}


def _arrays(seen: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    return {path: np.asarray(values) for path, values in seen.items()}
