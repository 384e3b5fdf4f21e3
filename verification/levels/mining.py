"""Snapshots of episodes that the reference plays: what single steps are injected from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from references.protocol import Actions, Batch, Env, Restorable, Snapshot
from verification.batches import is_over, random_actions, rows, size, stack
from verification.levels.context import Context
from verification.plugin import Plugin, Policy

UNIFORM = "uniform"


def uniform(rng: np.random.Generator, snapshot: Snapshot, legal: Mapping[str, Any]) -> Actions:
    """Any legal action of every agent, equally likely."""
    return random_actions(rng, legal)


def policies(plugin: Plugin) -> dict[str, Policy]:
    """The plugin's policies, and the uniform one, which is always there."""
    return {UNIFORM: uniform, **plugin.play.policies}


def play_reference(
    context: Context,
    env: Env,
    rng: np.random.Generator,
    policy: str,
    options: Mapping[str, Any],
    seed: int | None = None,
) -> Iterator[tuple[Snapshot, Actions, Snapshot]]:
    """One episode of `env`: (before, actions, after) of each step. Without `seed`, `rng` gives it."""
    choose = policies(context.plugin)[policy]
    env.reset(int(rng.integers(2**31)) if seed is None else seed, options)
    before = env.snapshot()
    for _ in range(context.plugin.play.horizon):
        if is_over(before):
            return
        actions = choose(rng, before, env.legal())
        env.step(actions)
        after = env.snapshot()
        yield before, actions, after
        before = after


def mine(context: Context, name: str, count: int) -> Batch:
    """`count` states at which a step can be played, from episodes under all policies and options."""
    plugin, rng = context.plugin, context.rng(f"mine/{name}")
    if plugin.play.mine is not None:
        return plugin.play.mine(rng, count)
    if not isinstance(context.reference, Restorable):
        raise TypeError("snapshots of the reference cannot be stepped: it is not Restorable")
    found: list[Snapshot] = []
    order = [(policy, options) for options in plugin.play.options for policy in policies(plugin)]
    episode = 0
    while len(found) < count:
        policy, options = order[episode % len(order)]
        steps = [before for before, _, _ in play_reference(context, context.reference, rng, policy, options)]
        if not steps:
            raise RuntimeError(f"{context.reference.info.name}: an episode with options {dict(options)} has no step")
        # Long episodes must not crowd out short ones: at most a quarter of what is asked from one.
        picked = rng.permutation(len(steps))[: max(1, count // 4)]
        found += [steps[i] for i in picked]
        episode += 1
    return stack(found[:count])


def live(batch: Batch) -> Batch:
    """The cases from which a step can be played."""
    over = np.broadcast_to(is_over(batch), size(batch))
    return rows(batch, ~over) if over.any() else batch
