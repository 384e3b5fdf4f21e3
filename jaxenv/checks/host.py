"""Clauses of RFC 0002: what a host environment, a Gymnasium `VectorEnv`, must do. Gymnasium itself is not imported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

Play = list[tuple[Any, ...]]


def is_host(env: Any) -> bool:
    """True for what looks like a `VectorEnv`."""
    return all(hasattr(env, name) for name in ("num_envs", "single_observation_space", "single_action_space"))


def check_host_env(env: Any, steps: int = 64) -> None:
    """Raise AssertionError, naming the clause and the remedy, at the first clause of RFC 0002 that `env` breaks."""
    mode = getattr(env.metadata.get("autoreset_mode"), "name", None)
    assert mode in ("SAME_STEP", "DISABLED", "NEXT_STEP"), (
        f"metadata['autoreset_mode'] is {mode}. Remedy: one of Gymnasium's AutoresetMode, SAME_STEP by default"
    )
    env.action_space.seed(0)
    actions = [env.action_space.sample() for _ in range(steps)]
    first = _play(env, actions, mode)
    again = _play(env, actions, mode)
    for number, (one, other) in enumerate(zip(first, again, strict=True)):
        assert _equal(one, other), (
            f"step {number} differs between two plays with one seed. Remedy: draw only from the generator that "
            "reset(seed=…) seeds"
        )


def _play(env: Any, actions: list[Any], mode: str | None) -> Play:
    obs, _ = env.reset(seed=5)
    assert obs in env.observation_space, f"reset gives an observation outside {env.observation_space}"
    played: Play = [(_copy(obs),)]
    kept, shown = [obs], [_copy(obs)]
    for number, action in enumerate(actions):
        obs, rewards, terminated, truncated, info = env.step(action)
        where = f"step {number}"
        assert obs in env.observation_space, f"{where}: the observation is outside {env.observation_space}"
        for name, found in (("rewards", rewards), ("terminated", terminated), ("truncated", truncated)):
            assert np.shape(found) == (env.num_envs,), f"{where}: {name} has shape {np.shape(found)}, not [num_envs]"
        assert np.isfinite(rewards).all(), f"{where}: a reward is not finite: {rewards}"
        assert not np.any(np.logical_and(terminated, truncated)), (
            f"{where}: an episode is both terminated and truncated. Remedy: an ending by the rules is terminated alone"
        )
        done = np.logical_or(terminated, truncated)
        if mode == "SAME_STEP" and done.any():
            assert "final_obs" in info and np.array_equal(info.get("_final_obs"), done), (
                f"{where}: episodes ended, and info['final_obs'] with its mask does not tell their last observations"
            )
        played.append((_copy(obs), np.array(rewards), np.array(terminated), np.array(truncated)))
        kept.append(obs)
        shown.append(_copy(obs))
    assert all(_equal(one, other) for one, other in zip(kept, shown, strict=True)), (
        "an observation that was returned has changed since. Remedy: return copies"
    )
    return played


def _copy(tree: Any) -> Any:
    if isinstance(tree, Mapping):
        return {name: _copy(value) for name, value in tree.items()}
    return np.array(tree)


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(_equal(one[name], other[name]) for name in one)
    if isinstance(one, tuple):
        return all(_equal(left, right) for left, right in zip(one, other, strict=True))
    return np.array_equal(one, other)
