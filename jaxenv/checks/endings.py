"""Endings of a recorded play: the limit, the two flags, the last observation, and the episode that follows.

Single steps are taken again by the hooks, one environment at a time: from the recorded state as they were, and with
another `max_steps_in_episode` in the params. That shows what an ending is due to.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv.autoreset import INFO_KEYS
from jaxenv.checks.compare import close, first, holding
from jaxenv.checks.limits import row, with_limit
from jaxenv.checks.play import keys_at
from jaxenv.environment import Environment
from jaxenv.rollouts import Transition, random_policy

MOST = 5
"""Steps of each kind that are taken again."""


@dataclasses.dataclass(frozen=True)
class Recorded:
    """A play of `[T, B]` steps, as NumPy arrays but for typed keys."""

    transition: Transition
    states: Any
    """Before each step."""
    observations: Any
    """After each step: the next episode's where one ended."""
    keys: jax.Array
    params: Any
    """Unbatched; a lane has its own limit in place of theirs."""
    limits: np.ndarray
    lengths: np.ndarray
    """Steps of the episode so far, this one included."""

    @property
    def ended(self) -> np.ndarray:
        """bool `[T, B]`."""
        return np.asarray(self.transition.terminated | self.transition.truncated)

    def params_of(self, lane: int) -> Any:
        """The params that a lane was played with."""
        return with_limit(self.params, self.limits[lane])


def check_flags(env: Environment, played: Recorded) -> None:
    """One flag at most, and `truncated` exactly where the limit is reached and the rules do not end the episode."""
    transition, lengths, limits = played.transition, played.lengths, played.limits
    with holding(env, "an end by the rules is terminated alone: let step_env clear truncated there"):
        both = transition.terminated & transition.truncated
        assert not both.any(), f"terminated and truncated are both set at [step, lane] {first(both)}"
    with holding(env, "let step_env set truncated = (steps >= params.max_steps_in_episode) & ~terminated"):
        own = played.ended[:, ::2]
        assert own.any(), "no episode ended: raise steps or lower params.max_steps_in_episode, else nothing is checked"
        late = (lengths >= limits) & ~played.ended
        assert not late.any(), (
            f"an episode goes on after step {_at(lengths, late)}, its limit is {_limit(limits, late)}"
        )
        early = np.asarray(transition.truncated) & (lengths < limits)
        assert not early.any(), f"truncated at step {_at(lengths, early)}, the limit is {_limit(limits, early)}"


def check_endings(env: Environment, played: Recorded, tolerance: float) -> None:
    """Single steps taken again by the hooks, one environment at a time."""
    for t, lane in _chosen(played):
        state, params = row(played.states, t, lane), played.params_of(lane)
        key, action = keys_at(played.keys[lane], t)[1], row(played.transition.action, t, lane)
        again = functools.partial(_hooks, env, key, state.env_state, jnp.asarray(action))
        transition = row(played.transition, t, lane)
        found = again(params)
        where = f"step {t} of lane {lane}"
        _check_again(env, transition, found, tolerance, where)
        _check_next(env, played, t, lane, found, tolerance, where)
        _check_limit(env, again, params, transition, int(played.lengths[t, lane]), tolerance, where)
        if env.spec.reward_only_at_end and transition.terminated:
            _check_over(env, key, found, params, where)


def _check_again(env: Environment, transition: Transition, found: Any, tolerance: float, where: str) -> None:
    with holding(env, "let step_env depend on its arguments alone, and act on one environment"):
        alone = (found["reward"], found["terminated"], found["truncated"])
        among = (transition.reward, transition.terminated, transition.truncated)
        close(
            f"{where}: reward, terminated and truncated of step_env alone and of step under vmap",
            alone,
            among,
            tolerance,
        )
        own = {name: leaf for name, leaf in transition.info.items() if name not in INFO_KEYS}
        close(f"{where}: info of step_env alone and of step under vmap", found["info"], own, tolerance)
    with holding(env, "take both from the state that step_env returned, before any reset"):
        final = transition.info["final_observation"]
        close(f"{where}: step_env's observation and final_observation", found["obs"], final, tolerance)
        final = transition.info["final_legal_actions"]
        close(f"{where}: the mask of step_env's state and final_legal_actions", found["legal"], final, tolerance)
    with holding(env, "let step_env return what observe makes of the state beside it; noise belongs in the state"):
        close(f"{where}: observe and step_env's observation", found["observed"], found["obs"], tolerance)


def _check_next(
    env: Environment, played: Recorded, t: int, lane: int, found: Any, tolerance: float, where: str
) -> None:
    """The state after the step is step_env's, or that of a reset with the key's second half, and nothing of the old."""
    obs = row(played.observations, t, lane)
    last = t + 1 == len(played.lengths)
    if not played.ended[t, lane]:
        with holding(env, "go on with the state that step_env returned"):
            close(f"{where}: the next observation and step_env's", obs, found["obs"], tolerance)
            if not last:
                state = row(played.states, t + 1, lane).env_state
                close(f"{where}: the next state and step_env's", state, found["state"], tolerance)
        return
    fresh_obs, fresh = env.reset(found["reset_key"], played.params_of(lane))
    with holding(
        env, "begin each episode by the reset hook, with the second half of step's key, and keep nothing of the last"
    ):
        close(f"{where}, an ending: the next episode's observation and that of reset", obs, fresh_obs, tolerance)
        if not last:
            state = row(played.states, t + 1, lane)
            close(f"{where}, an ending: the next episode's state and that of reset", state, fresh, tolerance)


def _check_limit(
    env: Environment, again: Any, params: Any, transition: Transition, steps: int, tolerance: float, where: str
) -> None:
    """The same step under other limits: `terminated` and the reward are the rules', `truncated` is the limit's."""
    changes = [("raised above", steps + 1), ("lowered to", steps), ("lowered below", max(1, steps - 1))]
    for how, limit in changes:
        found = again(with_limit(params, limit))
        what = f"{where}, with max_steps_in_episode {how} the episode's {steps} steps"
        with holding(env, "let the rules alone set terminated; an end by the limit is truncated"):
            assert bool(found["terminated"]) == bool(transition.terminated), (
                f"{what}: terminated is {bool(found['terminated'])}, it was {bool(transition.terminated)}"
            )
        with holding(env, "read the limit from params in step_env: truncated = (steps >= limit) & ~terminated"):
            wanted = limit <= steps and not bool(transition.terminated)
            assert bool(found["truncated"]) == wanted, f"{what}: truncated is {bool(found['truncated'])}, not {wanted}"
        with holding(env, "let the reward not depend on the limit"):
            close(f"{what}: the reward and what it was", found["reward"], transition.reward, tolerance)


def _check_over(env: Environment, key: Any, found: Any, params: Any, where: str) -> None:
    """A step after the end, without auto-reset, pays nothing more, if rewards come at the end only."""
    action = random_policy(env)(key, found["obs"], found["legal"])
    after = _hooks(env, key, found["state"], action, params)
    with holding(env, "let step_env leave an episode that is over as it is, without reward"):
        assert not np.any(np.asarray(after["reward"])), (
            f"{where}: step_env after the end pays {np.asarray(after['reward'])}, and spec says reward_only_at_end"
        )


def _chosen(played: Recorded) -> Iterator[tuple[int, int]]:
    """Places of the steps that are taken again: first ones, endings of both kinds, and steps that follow one."""
    transition = played.transition
    at_limit = transition.terminated & (played.lengths >= played.limits)
    follows = np.concatenate([np.zeros_like(played.ended[:1]), played.ended[:-1]])
    begins = np.zeros_like(follows)
    begins[:3, min(1, begins.shape[1] - 1)] = True
    seen: set[tuple[int, int]] = set()
    for kind in (begins, transition.terminated, transition.truncated, at_limit, follows):
        places = np.argwhere(kind)
        for index in np.unique(np.linspace(0, len(places) - 1, MOST).astype(int)) if len(places) else ():
            place = (int(places[index][0]), int(places[index][1]))
            if place not in seen:
                seen.add(place)
                yield place


@functools.partial(jax.jit, static_argnums=0)
def _hooks(env: Environment, key: jax.Array, state: Any, action: Any, params: Any) -> dict[str, Any]:
    """One step by the hooks alone, with the keys that `step` derives from its own."""
    step_key, reset_key = jax.random.split(key)
    obs, state, reward, terminated, truncated, info = env.step_env(step_key, state, action, params)
    return {
        "obs": obs, "state": state, "reward": reward, "terminated": terminated, "truncated": truncated, "info": info,
        "legal": env.legal_actions(state, params), "observed": env.observe(state, params), "reset_key": reset_key,
    }  # fmt: skip


def _at(lengths: np.ndarray, wrong: np.ndarray) -> str:
    t, lane = first(wrong)
    return f"{lengths[t, lane]} of its episode, [step, lane] {(t, lane)}"


def _limit(limits: np.ndarray, wrong: np.ndarray) -> int:
    return int(limits[first(wrong)[1]])
