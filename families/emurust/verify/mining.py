"""States of PyBoy's games to step from, held ready as PyBoy's own states: replaying each would take most of a run."""

from __future__ import annotations

import functools
from collections import OrderedDict

import numpy as np

from families.emurust.verify.game import game
from families.emurust.verify.policies import POLICIES
from references.protocol import TERMINATED, Batch, rows, size, stack
from references.pyboy.env import AGENT, PyBoyEnv, States
from verification.plugin import Policy

STATES: States = OrderedDict()
"""PyBoy's states of all references of this process."""
_BANKS, _BANK, _MOST = 2, 256, 180


def _uniform(rng: np.random.Generator, snapshot: object, legal: object) -> dict[str, np.int64]:
    return {AGENT: np.int64(rng.integers(7))}


@functools.cache
def _bank(number: int) -> Batch:
    """`_BANK` states, the same ones whoever asks first."""
    rng, env, found = np.random.default_rng([number, 22]), PyBoyEnv(game(), STATES), []
    policies: list[Policy] = [_uniform, *POLICIES.values()]
    episode = 0
    try:
        while len(found) < _BANK:
            choose = policies[episode % len(policies)]
            env.reset(int(rng.integers(2**31)), {} if episode % 2 else {"max_steps": 200})
            for _ in range(_MOST):
                snapshot = env.snapshot()
                if snapshot[TERMINATED]:
                    break
                if rng.random() < 0.4:
                    env.keep()
                    found.append(snapshot)
                env.step(choose(rng, snapshot, {}))
            episode += 1
    finally:
        env.close()
    return stack(found[:_BANK])


def mine(rng: np.random.Generator, count: int) -> Batch:
    """`count` states, some of them several times."""
    bank = _bank(int(rng.integers(_BANKS)))
    order = np.concatenate([rng.permutation(size(bank)) for _ in range(-(-count // size(bank)))])
    return rows(bank, order[:count])
