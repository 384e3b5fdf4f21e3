"""Laws of one step, and pairs of steps, that hold whatever the reference says: of PufferLib's Pong as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from families.pongjax.verify.behaviours import HIGHEST, LOWEST, observation_of
from families.pongjax.verify.candidate import AGENT, FRAME_SKIP, TIME
from families.pongjax.verify.engine import INCREMENT, MULTIPLIER
from references.protocol import LENGTH, LIMIT, RETURN, Batch
from verification.plugin import Property, Relation

Truth = NDArray[np.bool_]
RETURNED = np.float32(0.1)


def scored(after: Batch) -> Truth:
    """The step had a point, or cut the game off: a round that goes on has counted at least this step."""
    return np.asarray(after["state.tick"]) == 0


def _points(before: Batch, after: Batch) -> NDArray[np.int64]:
    """Change of the sum of points; at the end of a game, the change before it was set to 0."""
    change = [after[f"state.score_{side}"].astype(np.int64) - before[f"state.score_{side}"] for side in "lr"]
    return np.where(after["out.terminated"], 1, change[0] + change[1])


def one_point_for_a_reward(before: Batch, actions: Batch, after: Batch) -> Truth:
    """A reward of 1 or −1 is one point, for the right side, and nothing else is."""
    reward, over = after["out.reward"], np.asarray(after["out.terminated"], bool)
    won = np.where(over, before["state.score_r"] == 20, after["state.score_r"] == before["state.score_r"] + 1)
    lost = np.where(over, before["state.score_l"] == 20, after["state.score_l"] == before["state.score_l"] + 1)
    right = np.where(reward == 1, won, np.where(reward == -1, lost, _points(before, after) == 0))
    return right & (scored(after) == (np.abs(reward) == 1))


def known_rewards(before: Batch, actions: Batch, after: Batch) -> Truth:
    """Rewards are 0, 0.1, 1 and −1."""
    return np.isin(after["out.reward"], np.array([0, RETURNED, 1, -1], np.float32))


def time_passes(before: Batch, actions: Batch, after: Batch) -> Truth:
    """A round counts its steps; a point sets both counters to 0; bounces are never taken back; a return is one."""
    going = after["state.tick"] == before["state.tick"] + 1
    returned = after["out.reward"] == RETURNED
    bounces = after["state.n_bounces"].astype(np.int64) - before["state.n_bounces"]
    return np.where(scored(after), after["state.n_bounces"] == 0, going & (bounces >= returned))


def within_reach(before: Batch, actions: Batch, after: Batch) -> Truth:
    """Paddles keep to their way, and in a step go no further than their speed allows."""
    found = np.ones(len(after["state.tick"]), bool)
    reach = 8.0 * before[FRAME_SKIP] + 1e-3
    for path in ("state.paddle_yl", "state.paddle_yr"):
        found &= (after[path] >= LOWEST) & (after[path] <= HIGHEST)
        found &= scored(after) | (np.abs(after[path].astype(np.float64) - before[path]) <= reach)
    return found


def speeds(before: Batch, actions: Batch, after: Batch) -> Truth:
    """The horizontal speed only turns round; the vertical one keeps to its cap, and never gets small."""
    horizontal = np.abs(after["state.ball_vx"]) == np.where(scored(after), 10, np.abs(before["state.ball_vx"]))
    vertical, old = np.abs(after["state.ball_vy"]), np.abs(before["state.ball_vy"])
    small = (after["out.reward"] == RETURNED) & (vertical < np.float32(0.01))
    return horizontal & ((vertical <= 13) | (old > 13)) & (scored(after) | ~small)


def served(before: Batch, actions: Batch, after: Batch) -> Truth:
    """A point draws once, and the new round begins in the middle, down or level; else nothing is drawn."""
    drawn = before["state.serve"].astype(np.uint32) * np.uint32(MULTIPLIER) + np.uint32(INCREMENT)
    middle = np.ones(len(drawn), bool)
    for name, value in {"paddle_yl": 285, "paddle_yr": 285, "ball_x": 100, "ball_y": 304, "ball_vx": 10}.items():
        middle &= after["state." + name] == value
    middle &= after["state.ball_vy"] == (drawn >> 31).astype(np.float32) - 1
    return np.where(
        scored(after), (after["state.serve"] == drawn) & middle, after["state.serve"] == before["state.serve"]
    )


def games_end(before: Batch, actions: Batch, after: Batch) -> Truth:
    """A game ends at 21 points, is logged then and only then, and begins anew."""
    over = np.asarray(after["out.terminated"], bool)
    total = before["state.score_l"].astype(np.int64) + before["state.score_r"] + 1
    log, length = after["out.log"], (before["state.tick"].astype(np.int64) + 1).astype(np.float32)
    score = np.where(after["out.reward"] == 1, total - 2 * before["state.score_l"], 2 * before["state.score_r"] - total)
    logged = (log[:, 1] == score) & (log[:, 2] == score) & (log[:, 3] == length) & (log[:, 4] == 1)
    none = (after["state.score_l"] == 0) & (after["state.score_r"] == 0)
    low = (after["state.score_l"] < 21) & (after["state.score_r"] < 21)
    return np.where(over, logged & none, (log == 0).all(axis=1) & low)


def shown(before: Batch, actions: Batch, after: Batch) -> Truth:
    """The observation is what the state holds, scores in it are 0, and it is of the state unless there was a point."""
    observed = after["out.obs"]
    near = (np.abs(observed - observation_of(after)) <= 1e-5 * (1 + np.abs(observed))).all(axis=1)
    zero = (observed[:, 6:] == 0).all(axis=1)
    unseen = (observed == before["state.observation"]).all(axis=1)
    fresh = ~scored(after) | np.asarray(after["out.terminated"], bool)
    return (observed == after["state.observation"]).all(axis=1) & np.where(fresh, near & zero, zero | unseen)


def not_cut_off(holds: Callable[[Batch, Batch, Batch], Truth]) -> Callable[[Batch, Batch, Batch], Truth]:
    """The law, asked of steps after which the state is not a new game's because of the limit."""

    def asked(before: Batch, actions: Batch, after: Batch) -> Truth:
        return holds(before, actions, after) | np.asarray(after["out.truncated"], bool)

    return asked


def limited(before: Batch, actions: Batch, after: Batch) -> Truth:
    """The limit cuts off a game that has not ended, and the figures are those of the whole game."""
    over, time = np.asarray(after["out.terminated"], bool), before[TIME].astype(np.int64) + 1
    cut = (time >= before[LIMIT]) & ~over
    ended, total = over | cut, before[RETURN] + after["out.reward"]
    told = (after["out.truncated"] == cut) & (after["out.episode.ended"] == ended)
    told &= (after["out.episode.return"] == np.where(ended, total, 0)) & (after[TIME] == np.where(ended, 0, time))
    return told & (after["out.episode.length"] == np.where(ended, before[LENGTH] + 1, 0))


_OF_THE_RULES = tuple(
    Property(name, not_cut_off(holds))
    for name, holds in {
        "a reward of one point is a point": one_point_for_a_reward,
        "rewards are of four kinds": known_rewards,
        "time passes": time_passes,
        "paddles keep to their way": within_reach,
        "the ball keeps its speed": speeds,
        "a point serves, and draws, once": served,
        "a game ends at 21 points": games_end,
        "what is observed": shown,
    }.items()
)
PROPERTIES = (Property("a limit cuts off, and figures are of whole games", limited), *_OF_THE_RULES)


def _more_points(before: Batch, actions: Batch) -> tuple[Batch, Batch]:
    changed = {name: before[name] + np.int32(by) for name, by in {"state.score_l": 2, "state.score_r": 3}.items()}
    return {**before, **changed}, actions


def _with_more_points(after: Batch) -> Batch:
    return {
        **after,
        **{name: after[name] + np.int32(by) for name, by in {"state.score_l": 2, "state.score_r": 3}.items()},
    }


def _far_from_the_end(before: Batch, actions: Batch) -> Truth:
    return (before["state.score_l"] < 18) & (before["state.score_r"] < 17)


def _later(before: Batch, actions: Batch) -> tuple[Batch, Batch]:
    return {**before, "state.tick": before["state.tick"] + np.int32(5)}, actions


def _five_later(after: Batch) -> Batch:
    log = np.array(after["out.log"])
    log[:, 3] += 5 * log[:, 4]
    return {**after, "state.tick": np.where(scored(after), 0, after["state.tick"] + 5).astype(np.int32), "out.log": log}


def _counted_exactly(before: Batch, actions: Batch) -> Truth:
    return np.asarray(before["state.tick"]) < 2**23


_BLANK = np.linspace(0.1, 0.8, 8, dtype=np.float32)


def _blindfolded(before: Batch, actions: Batch) -> tuple[Batch, Batch]:
    return {**before, "state.observation": np.broadcast_to(_BLANK, before["state.observation"].shape).copy()}, actions


def _still_blindfolded(after: Batch) -> Batch:
    point = np.abs(after["out.reward"]) == 1
    stale = (point & ~np.asarray(after["out.terminated"], bool))[:, None]
    going = stale & ~np.asarray(after["out.truncated"], bool)[:, None]
    found = {"state.observation": np.where(going, _BLANK, after["state.observation"])}
    return {**after, **found, "out.obs": np.where(stale, _BLANK, after["out.obs"])}


def _single_frames(before: Batch, actions: Batch) -> Truth:
    return np.asarray(before[FRAME_SKIP]) == 1


def _upside_down(batch: Any) -> dict[str, Any]:
    turned = dict(batch)
    for path, top in (("state.ball_y", 608), ("state.paddle_yl", 570), ("state.paddle_yr", 570)):
        turned[path] = (np.float32(top) - batch[path]).astype(np.float32)
    turned["state.ball_vy"] = -batch["state.ball_vy"]
    return turned


def _turned(continuous: bool) -> Relation:
    def change(before: Batch, actions: Batch) -> tuple[Batch, Batch]:
        action = np.asarray(actions[AGENT])
        other = -action if continuous else np.where(action == 1, 2, np.where(action == 2, 1, action))
        return _upside_down(before), {AGENT: other.astype(action.dtype)}

    def expect(after: Batch) -> Batch:
        turned = _upside_down(after)
        seen = observation_of(turned)
        return {**turned, "state.observation": seen, "out.obs": seen}

    return Relation("up is down", change, expect, _symmetric)


def _symmetric(before: Batch, actions: Batch) -> Truth:
    """One frame inside the court, of whole numbers, the opponent at full speed: what breaks the symmetry is elsewhere.

    The opponent follows the ball's lower edge, a serve is never upwards, and a level ball is sent up.
    """
    names = ("state.ball_x", "state.ball_y", "state.ball_vy", "state.paddle_yl", "state.paddle_yr")
    action = np.asarray(actions[AGENT])
    whole = np.logical_and.reduce([before[name] == np.round(before[name]) for name in names]) & (
        action == np.round(action)
    )
    delta = before["state.ball_y"] - (before["state.paddle_yl"] + 35)
    inside = (before["state.ball_x"] + before["state.ball_vx"] >= 0) & (
        before["state.ball_x"] + before["state.ball_vx"] <= 468
    )
    far = (delta >= 8) | (delta <= -40)
    return whole & far & inside & _single_frames(before, actions) & (np.abs(action) <= 2)


def relations(continuous: bool) -> tuple[Relation, ...]:
    """Metamorphic pairs, of steps that no limit cuts off: the state after those is a new game's."""
    found = (
        Relation("points do not matter before the last", _more_points, _with_more_points, _far_from_the_end),
        Relation("time does not matter", _later, _five_later, _counted_exactly),
        Relation("the last observation does not matter", _blindfolded, _still_blindfolded, _single_frames),
        _turned(continuous),
    )
    return tuple(map(_before_the_limit, found))


def _before_the_limit(law: Relation) -> Relation:
    def applies(before: Batch, actions: Batch) -> Truth:
        going = before[TIME].astype(np.int64) + 1 < before[LIMIT]
        return going if law.applies is None else going & law.applies(before, actions)

    return replace(law, applies=applies)
