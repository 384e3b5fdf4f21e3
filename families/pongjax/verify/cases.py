"""Steps that play seldom or never shows: the ball about to touch every edge of everything, the last points, odd states.

A *kind* puts the ball and the paddles into place for one thing to happen, often exactly at its limit, on any frame of
the step; any number of *additions* then changes something else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from families.pongjax.verify.behaviours import HIGHEST, LOWEST
from families.pongjax.verify.candidate import AGENT, FRAME_SKIP
from families.pongjax.verify.policies import encode
from pongjax.params import NEVER
from references.protocol import Batch
from verification.batches import rows, size
from verification.plugin import Injected

Values = NDArray[np.float32]
Parts = dict[str, NDArray[Any]]

WIDTH, HEIGHT, PADDLE, BALL, SPEED, CAP, INCREMENT = 500.0, 640.0, 70.0, 32.0, 8.0, 13.0, 3.0
RIGHT, TOP = WIDTH - BALL, HEIGHT - BALL
LEVEL = float(np.float32(0.01))
"""The vertical speed at which a ball counts as level; not the 0.01 that the C compares with."""
TINY = 1e-30
_ILLEGAL = 0.05


class Draft:
    """Cases in the making: arrays [n] of the state by their C names, and how the agent's paddle moves."""

    def __init__(self, rng: np.random.Generator, snapshots: Batch, continuous: bool) -> None:
        self.rng, self.count, self.continuous = rng, size(snapshots), continuous
        self.state: Parts = {path.removeprefix("state."): np.array(values) for path, values in snapshots.items()}
        self.direction = self.some([-1.0, 0.0, 1.0]).astype(np.float32)
        if continuous:
            partial = rng.random(self.count) < 0.3
            self.direction = np.where(partial, rng.uniform(-1, 1, self.count), self.direction).astype(np.float32)
        self.skip = self.state[FRAME_SKIP]
        self.frames = rng.integers(1, self.skip + 1)
        """The frame, from 1, on which it is to happen."""

    def some(self, values: Any) -> NDArray[Any]:
        """[n]: any of the values."""
        return self.rng.choice(np.asarray(values), self.count)

    def between(self, low: Any, high: Any) -> Values:
        """[n]: numbers in a range, half of them whole."""
        drawn = self.rng.uniform(low, high, self.count)
        return np.where(self.rng.random(self.count) < 0.5, np.round(drawn), drawn).astype(np.float32)

    def beside(self, limit: Any) -> Values:
        """[n]: the limit itself, or one or two representable numbers, or up to two pixels, off it."""
        exact = np.broadcast_to(np.asarray(limit, np.float32), self.count)
        found = [exact, *(_off(exact, by) for by in (-2, -1, 1, 2))]
        found += [exact + np.float32(off) for off in (-2, -1, -0.5, 0.5, 1, 2)]
        return np.stack(found)[self.rng.integers(0, len(found), self.count), np.arange(self.count)]

    def vertical(self) -> Values:
        """[n]: vertical speeds: as played, level, at the cap, or any."""
        choice = self.rng.integers(0, 5, self.count)
        whole = self.rng.integers(-13, 14, self.count)
        options = [self.state["ball_vy"], 0 * whole, whole, self.some([-CAP, CAP]), self.between(-CAP, CAP)]
        return np.choose(choice, options).astype(np.float32)

    def set(self, **values: Any) -> None:
        """Give fields of the state new values, in their own types."""
        for name, value in values.items():
            array = np.broadcast_to(np.asarray(value), self.state[name].shape)
            self.state[name] = array.astype(self.state[name].dtype)

    def before(self, frames: Any, position: Any, speed: Any) -> NDArray[Any]:
        """Start of something that after so many frames at this speed is at `position`."""
        return np.asarray(position, np.float32) - np.asarray(frames * speed, np.float32)


def _off(exact: Values, numbers: int) -> Values:
    """So many representable numbers further; from 0, where XLA knows no subnormal ones, a tiny distance."""
    found = exact
    for _ in range(abs(numbers)):
        found = np.nextafter(found, np.float32(np.copysign(np.inf, numbers)))
    return np.where(exact == 0, np.float32(numbers * TINY), found).astype(np.float32)


def _to_the_right(draft: Draft) -> None:
    """The ball crosses, or only just does not cross, the right wall on the frame chosen."""
    inside = draft.beside(RIGHT)
    last = np.where(draft.rng.random(draft.count) < 0.3, inside, draft.between(RIGHT - 9, RIGHT))
    draft.set(ball_vx=10, ball_x=draft.before(draft.frames - 1, last, 10.0))


def _to_the_left(draft: Draft) -> None:
    """The ball crosses, or only just does not cross, the left wall on the frame chosen."""
    last = np.where(draft.rng.random(draft.count) < 0.3, draft.beside(10), draft.between(0, 9.99))
    draft.set(ball_vx=-10, ball_x=draft.before(draft.frames - 1, last, -10.0))


def _paddle_there(draft: Draft, position: Any) -> None:
    """The agent's paddle gets to `position` on the frame chosen; where it cannot, it stays there."""
    position = np.clip(position, LOWEST, HIGHEST)
    start = draft.before(draft.frames, position, SPEED * draft.direction)
    able = (start >= LOWEST) & (start <= HIGHEST)
    draft.direction = np.where(able, draft.direction, 0).astype(np.float32)
    draft.set(paddle_yr=np.where(able, start, position))


def right_corner(draft: Draft) -> None:
    """The ball meets a corner of the agent's paddle."""
    _to_the_right(draft)
    vy = np.where(draft.rng.random(draft.count) < 0.5, 0, draft.vertical()).astype(np.float32)
    paddle = np.round(draft.rng.uniform(40, HEIGHT - 110, draft.count))
    _paddle_there(draft, paddle)
    ball = draft.beside(np.where(draft.some([False, True]), paddle + PADDLE, paddle - BALL))
    draft.set(ball_vy=vy, ball_y=draft.before(draft.frames, ball, vy))


def left_corner(draft: Draft) -> None:
    """The ball meets a corner of the opponent's paddle, which follows at full speed."""
    _to_the_left(draft)
    upper = draft.some([False, True])
    vy = np.where(draft.rng.random(draft.count) < 0.5, 0, draft.vertical()).astype(np.float32)
    paddle = np.round(draft.rng.uniform(140, HEIGHT - 210, draft.count))
    ball = draft.beside(np.where(upper, paddle + PADDLE, paddle - BALL))
    start = draft.before(draft.frames, paddle, np.where(upper, SPEED, -SPEED))
    draft.set(ball_vy=vy, ball_y=draft.before(draft.frames, ball, vy), paddle_yl=start)


def top_or_bottom(draft: Draft) -> None:
    """The ball is just at the upper or the lower wall on the frame chosen."""
    top = draft.some([False, True])
    vy = np.abs(draft.vertical()) * np.where(draft.rng.random(draft.count) < 0.9, 1, -1)
    vy = np.where(top, vy, -vy)
    draft.set(ball_vy=vy, ball_y=draft.before(draft.frames, draft.beside(np.where(top, TOP, 0)), vy))


def outside(draft: Draft) -> None:
    """The ball is beyond the upper or the lower wall already."""
    beyond = draft.between(0.01, 30)
    draft.set(ball_y=np.where(draft.some([False, True]), TOP + beyond, -beyond), ball_vy=draft.vertical())


def court_corner(draft: Draft) -> None:
    """The ball is returned at, or beyond, the upper or the lower wall."""
    _to_the_right(draft)
    top = draft.some([False, True])
    vy = np.abs(draft.vertical()) * np.where(top, 1, -1)
    off = np.where(draft.some([False, True]), draft.beside(0), draft.between(0, 13))
    draft.set(ball_vy=vy, ball_y=draft.before(draft.frames, np.where(top, TOP + off, -off), vy))
    _paddle_there(draft, np.where(top, draft.between(TOP - 60, HIGHEST), draft.between(LOWEST, 25)))


def _returned(draft: Draft, vy: Any) -> None:
    """The ball is returned in the middle of the court with this vertical speed before the spin."""
    _to_the_right(draft)
    paddle = np.round(draft.rng.uniform(150, HEIGHT - 220, draft.count))
    _paddle_there(draft, paddle)
    ball = paddle + draft.between(-BALL + 1, PADDLE - 1)
    draft.set(ball_vy=vy, ball_y=draft.before(draft.frames, ball, np.asarray(vy, np.float32)))


def fastest(draft: Draft) -> None:
    """A return whose spin ends at the cap, or only just below it."""
    toward = np.where(draft.direction == 0, 1, np.sign(draft.direction))
    _returned(draft, toward * draft.beside(CAP - draft.some([0, INCREMENT, INCREMENT / 2]) * np.abs(draft.direction)))


def level(draft: Draft) -> None:
    """A return after which the ball would be level, or nearly."""
    target = np.where(draft.rng.random(draft.count) < 0.2, draft.between(-0.02, 0.02), draft.some([-1, 1]) * LEVEL)
    near = np.where(draft.some([False, True]), _off(target.astype(np.float32), 1), _off(target.astype(np.float32), -1))
    wanted = np.choose(draft.rng.integers(0, 4, draft.count), [target, near, 0 * target, -0.0 * target])
    _returned(draft, (wanted - INCREMENT * draft.direction.astype(np.float64)).astype(np.float32))


def missed(draft: Draft) -> None:
    """The ball passes the agent's paddle, clearly."""
    _to_the_right(draft)
    draft.set(ball_y=draft.between(250, 390), ball_vy=draft.vertical() / 4)
    draft.set(paddle_yr=np.where(draft.some([False, True]), draft.between(500, 605), draft.between(-35, 90)))


def passed(draft: Draft) -> None:
    """The ball passes the opponent's paddle, clearly."""
    _to_the_left(draft)
    draft.set(ball_y=draft.between(250, 390), ball_vy=draft.vertical() / 4)
    draft.set(paddle_yl=np.where(draft.some([False, True]), draft.between(510, 605), draft.between(-35, 80)))


def twice(draft: Draft) -> None:
    """Faster than any played ball, or behind a paddle: several hits, or a return and a point, within one step."""
    fast = draft.some([60, 120, 234, 250, 468, 480, 500, 700]) * draft.some([-1, 1])
    right = draft.some([False, True])
    stuck = np.where(right, draft.between(RIGHT, RIGHT + 30), draft.between(-30, 0))
    behind = draft.rng.random(draft.count) < 0.5
    draft.set(
        ball_vx=np.where(behind, np.where(right, -10, 10), fast),
        ball_x=np.where(behind, stuck, draft.between(0, RIGHT)),
        ball_vy=draft.vertical(),
    )
    rim = np.where(draft.some([False, True]), draft.beside(PADDLE), draft.beside(-BALL))
    on = np.where(draft.some([False, True]), rim, draft.between(-BALL, PADDLE))
    draft.set(ball_y=draft.state["paddle_yr"] + on)
    draft.set(
        paddle_yl=np.where(
            draft.some([False, True]), draft.state["ball_y"] - draft.between(-40, 80), draft.state["paddle_yl"]
        )
    )


def paddle_limits(draft: Draft) -> None:
    """The agent's paddle is at the end of its way, or gets there."""
    up = draft.some([False, True])
    at = draft.beside(np.where(up, HIGHEST, LOWEST) - np.where(up, 1, -1) * SPEED * draft.some([0, 1, 2, 7, 8]))
    draft.set(paddle_yr=np.clip(at, LOWEST, HIGHEST))
    away = draft.rng.random(draft.count) < 0.25
    draft.direction = (np.abs(draft.direction) * np.where(up ^ away, 1, -1)).astype(np.float32)


def opponent_near(draft: Draft) -> None:
    """The opponent is as far from the ball as it moves in a frame, or level with it, or nearly."""
    off = draft.beside(draft.some([-SPEED, 0, SPEED]))
    draft.set(paddle_yl=np.clip(draft.state["ball_y"] - PADDLE / 2 - off, LOWEST, HIGHEST))


def opponent_far(draft: Draft) -> None:
    """The opponent is further from the ball than it moves in a step; whole numbers, in the middle of the court."""
    whole = [draft.rng.integers(*ends, draft.count) for ends in ((100, 400), (100, 500), (-13, 14), (0, 570))]
    draft.set(ball_x=whole[0], ball_y=whole[1], ball_vy=whole[2], paddle_yr=whole[3])
    off = draft.rng.integers(140, 400, draft.count) * draft.some([-1, 1])
    draft.set(paddle_yl=np.clip(draft.state["ball_y"] + off, LOWEST, HIGHEST))
    draft.direction = np.sign(draft.direction)


def opponent_limits(draft: Draft) -> None:
    """The opponent is drawn to the end of its way by a ball outside the court."""
    top = draft.some([False, True])
    draft.set(ball_y=np.where(top, draft.between(636, 660), draft.between(-20, 4)), ball_vy=draft.vertical() / 8)
    draft.set(paddle_yl=np.clip(draft.beside(np.where(top, HIGHEST - 4, LOWEST + 4)), LOWEST, HIGHEST))


def anything(draft: Draft) -> None:
    """Any numbers in and a little around the court."""
    draft.set(
        ball_x=draft.between(-20, 520),
        ball_y=draft.between(-20, 640),
        ball_vx=np.where(draft.some([False, True]), draft.some([-10, 10]), draft.between(-40, 40)),
        ball_vy=draft.vertical(),
        paddle_yl=draft.between(LOWEST, HIGHEST),
        paddle_yr=draft.between(LOWEST, HIGHEST),
    )


KINDS: Mapping[str, Callable[[Draft], None]] = {
    "at a corner of the agent's paddle": right_corner,
    "at a corner of the opponent's paddle": left_corner,
    "at the upper or lower wall": top_or_bottom,
    "beyond the upper or lower wall": outside,
    "at a corner of the court": court_corner,
    "as fast as can be": fastest,
    "nearly level": level,
    "missed": missed,
    "passed": passed,
    "several hits": twice,
    "paddle at its limits": paddle_limits,
    "opponent near the ball": opponent_near,
    "opponent at its limits": opponent_limits,
    "opponent far from the ball": opponent_far,
    "anything": anything,
}


def last_points(draft: Draft, on: NDArray[np.bool_]) -> None:
    """The next point of one side, or of both, ends the game."""
    for name in ("score_l", "score_r"):
        scores = np.where(
            draft.rng.random(draft.count) < 0.7, draft.some([19, 20]), draft.rng.integers(0, 21, draft.count)
        )
        draft.set(**{name: np.where(on, scores, draft.state[name])})


def other_observation(draft: Draft, on: NDArray[np.bool_]) -> None:
    """The observation shows something else than the state."""
    other = draft.rng.random((draft.count, 8)).astype(np.float32)
    draft.state["observation"] = np.where(on[:, None], other, draft.state["observation"]).astype(np.float32)


def long_round(draft: Draft, on: NDArray[np.bool_]) -> None:
    """Counters beyond what float32 counts one by one, where the log's numbers are rounded."""
    for name in ("tick", "n_bounces"):
        many = draft.some([2**24 - 1, 2**24, 2**24 + 1, 2**24 + 2, 2**31 - 3000]) + draft.some([0, 1, 2])
        draft.set(**{name: np.where(on, many, draft.state[name])})


def near_the_limit(draft: Draft, on: NDArray[np.bool_]) -> None:
    """The step is the one before a limit, the last, or the one after it; the limit is low, or the highest there is."""
    limit = np.where(draft.some([False, False, True]), NEVER, draft.rng.integers(1, 2000, draft.count))
    # Beyond the highest limit there is no number to count to.
    back = np.where(limit == NEVER, draft.some([1, 2]), draft.some([0, 1, 1, 2]))
    draft.set(limit=np.where(on, limit, draft.state["limit"]), time=np.where(on, limit - back, draft.state["time"]))


def another_game_behind(draft: Draft, on: NDArray[np.bool_]) -> None:
    """The running return and length are others than the time tells."""
    total = np.round(draft.rng.uniform(-20, 20, draft.count), 1)
    draft.set(**{"return": np.where(on, total, draft.state["return"])})
    draft.set(length=np.where(on, draft.rng.integers(0, 5000, draft.count), draft.state["length"]))


ADDITIONS: Mapping[str, tuple[float, Callable[[Draft, NDArray[np.bool_]], None]]] = {
    "last points": (0.3, last_points),
    "another observation": (0.3, other_observation),
    "a long round": (0.1, long_round),
    "near the limit": (0.2, near_the_limit),
    "another game behind": (0.3, another_game_behind),
}
"""Name → (how often, what it does to the cases chosen)."""


def inject(
    rng: np.random.Generator, snapshots: Batch, count: int, *, continuous: bool, additions: bool = False
) -> Injected:
    """`count` cases, each made by one of `KINDS` from a snapshot; with `additions`, by all of `ADDITIONS` as well."""
    kinds = rng.integers(0, len(KINDS), count)
    base = rows(snapshots, rng.integers(0, size(snapshots), count))
    state: Parts = {path.removeprefix("state."): np.array(values) for path, values in base.items()}
    state["serve"] = rng.integers(0, 2**32, count).astype(np.uint32)
    direction = np.zeros(count, np.float32)
    for number, make in enumerate(KINDS.values()):
        index = np.flatnonzero(kinds == number)
        if not len(index):
            continue
        draft = Draft(rng, rows(state, index), continuous)
        make(draft)
        direction[index] = draft.direction
        for name, values in draft.state.items():
            state[name][index] = values
    draft = Draft(rng, state, continuous)
    for name in ("paddle_yl", "paddle_yr"):  # no step ends with a paddle out of reach, so none begins with one
        draft.set(**{name: np.clip(draft.state[name], LOWEST, HIGHEST)})
    labels = [[name] for name in np.array(list(KINDS))[kinds].tolist()]
    for name, (share, add) in ADDITIONS.items():
        on = np.ones(count, bool) if additions else rng.random(count) < share
        add(draft, on)
        for case in np.flatnonzero(on).tolist():
            labels[case].append(name)
    actions = _actions(rng, direction, continuous, labels)
    paths = {path: draft.state[path.removeprefix("state.")] for path in base}
    return Injected(paths, {AGENT: actions}, ["+".join(names) for names in labels])


def _actions(rng: np.random.Generator, direction: Values, continuous: bool, labels: list[list[str]]) -> NDArray[Any]:
    """The directions as actions; one in twenty is outside the action space."""
    actions = encode(direction, continuous)
    on = rng.random(len(direction)) < _ILLEGAL
    odd = rng.choice(np.array([-1.5, 1.0000001, 7, -1e30, 3e38]), len(direction)).astype(np.float32)
    wrong = odd if continuous else rng.choice(np.array([-1, 3, 7, 2**24 + 1]), len(direction)).astype(np.int32)
    for case in np.flatnonzero(on).tolist():
        labels[case].append("illegal action")
    return np.where(on, wrong, actions).astype(actions.dtype)
