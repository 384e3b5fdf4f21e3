"""Whole episodes that an implementation plays by itself: what is compared when trajectories no longer can be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from references.protocol import OUTCOME, Batched, Bounds, Env
from verification.batches import ended, legal_many, per_case, row, rows, size, stack, step_many
from verification.levels.context import Context
from verification.levels.mining import policies
from verification.levels.pairs import state_paths

REWARD = OUTCOME + "reward"


def play_many(
    context: Context, env: Env, rng: np.random.Generator, episodes: int, most_steps: int
) -> NDArray[np.float64]:
    """[2, episodes]: lengths and returns (rewards summed over agents) of episodes under all policies in turn.

    They begin where the reference's resets do; actions are chosen from `env`'s own snapshots.
    """
    plugin = context.plugin
    order = [(choose, options) for options in plugin.play.options for choose in policies(plugin).values()]
    starts = []
    for episode in range(episodes):
        context.reference.reset(int(rng.integers(2**31)), order[episode % len(order)][1])
        starts.append(context.reference.snapshot())
    most = min(most_steps, plugin.play.horizon)
    lengths, returns = np.zeros(episodes), np.zeros(episodes)
    if not isinstance(env, Batched):
        for episode, start in enumerate(starts):
            lengths[episode], returns[episode] = _one(env, rng, start, order[episode % len(order)][0], most)
        return np.stack([lengths, returns])
    running, batch = np.arange(episodes), env.restore_many(state_paths(stack(starts)))
    for _ in range(most):
        legal = legal_many(env, batch)
        joint = [
            order[episode % len(order)][0](rng, row(batch, case), _of_case(legal, case))
            for case, episode in enumerate(running)
        ]
        batch = step_many(env, batch, stack(joint))
        lengths[running] += 1
        if REWARD in batch:
            returns[running] += per_case(np.asarray(batch[REWARD], float)).sum(axis=1)
        going = ~np.broadcast_to(ended(batch), size(batch))
        running, batch = running[going], rows(batch, going)
        if not len(running):
            break
    return np.stack([lengths, returns])


def _of_case(legal: Mapping[str, Any], case: int) -> dict[str, Any]:
    return {
        agent: Bounds(allowed.low[case], allowed.high[case]) if isinstance(allowed, Bounds) else allowed[case]
        for agent, allowed in legal.items()
    }


def _one(env: Any, rng: np.random.Generator, start: Mapping[str, Any], choose: Any, most: int) -> tuple[int, float]:
    env.restore(start)
    state, total, steps = env.snapshot(), 0.0, 0
    while steps < most and not ended(state):
        env.step(choose(rng, state, env.legal()))
        state = env.snapshot()
        total += float(np.sum(state.get(REWARD, 0.0)))
        steps += 1
    return steps, total
