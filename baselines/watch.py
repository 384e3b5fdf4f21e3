"""One episode, recorded for a person to watch. The environment's family draws it (`families.Family.watch`)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import families
from baselines.policy import Policy
from jaxenv import Environment

PART = 64
"""Steps of one call of the compiled program."""
Look = Callable[[Any, Any], Any]
"""`(obs, state) -> view`: what the players are given; of two players, leaves with their axis first."""


@dataclasses.dataclass(frozen=True)
class Episode:
    """An episode, or its beginning: T steps without auto-reset, numpy leaves.

    * `states`: leaves [T + 1, …], from the start to what the last step led to.
    * `actions`: [T, …], of two players [T, 2]. `rewards`: float [T] or [T, 2].
    * `start`: the random key of the reset. `seed`: the number that all keys come from.
    """

    env: Environment
    params: Any
    players: tuple[str, ...]
    seed: int
    start: jax.Array
    states: Any
    actions: np.ndarray
    rewards: np.ndarray
    terminated: bool
    truncated: bool

    @property
    def title(self) -> str:
        """The environment, who plays, and the seed."""
        return f"{self.env.id}: {' against '.join(self.players)}, seed {self.seed}"


Draw = Callable[[Episode, Path, str], list[Path]]
"""`(episode, file, command) -> paths`: writes a page, and what belongs to it; `command` is shown as what made it.

`baselines.errors.BaselinesError` or `jaxenv.commands.files.StorageError` where it cannot.
"""


def drawer(env_id: str) -> Draw | None:
    """The function that draws an environment's episodes; None where its family draws none."""
    return families.part(env_id, "watch")


def play(
    env: Environment,
    players: Sequence[Policy],
    seed: int,
    most: int,
    *,
    names: Sequence[str] = (),
    params: Any = None,
    look: Look | None = None,
) -> Episode:
    """The first `most` steps of an episode, one policy a seat. `names`: the players', if others than their own."""
    params = env.default_params if params is None else params
    start, key = jax.random.split(jax.random.key(seed))
    begin, run = _programs(env, tuple(players), look or (lambda obs, state: obs))
    carry = begin(start, params)
    states, actions, rewards = [jax.tree.map(lambda leaf: np.asarray(leaf)[None], carry[0])], [], []
    taken, terminated, truncated = 0, False, False
    while taken < most and not (terminated or truncated):
        carry, told = run(carry, key, jnp.int32(taken), params)
        part, joint, paid, ends, cuts, over = jax.tree.map(np.asarray, told)
        kept = min(int(np.sum(~over)), most - taken)
        states.append(jax.tree.map(lambda leaf, kept=kept: leaf[:kept], part))
        actions.append(joint[:kept])
        rewards.append(paid[:kept])
        terminated, truncated = bool(ends[kept - 1]), bool(cuts[kept - 1])
        taken += kept
    return Episode(
        env=env,
        params=params,
        players=tuple(names) or tuple(player.name for player in players),
        seed=seed,
        start=start,
        states=jax.tree.map(lambda *leaves: np.concatenate(leaves), *states),
        actions=np.concatenate(actions),
        rewards=np.concatenate(rewards),
        terminated=terminated,
        truncated=truncated,
    )


def _programs(env: Environment, players: tuple[Policy, ...], look: Look) -> tuple[Any, Any]:
    """Compiled: the start, and `PART` steps."""
    two = env.num_players == 2

    def begin(start: jax.Array, params: Any) -> tuple[Any, ...]:
        obs, state = env.reset_env(start, params)
        return state, look(obs, state), [player.initial_carry(1) for player in players], jnp.zeros((), bool)

    def step(carry: tuple[Any, ...], key: jax.Array, number: jax.Array, params: Any) -> tuple[Any, Any]:
        state, view, memories, over = carry
        key = jax.random.fold_in(key, number)
        mask = env.legal_actions(state, params) if env.num_actions else None
        chosen, kept = [], []
        for seat, player in enumerate(players):
            own = jax.tree.map(lambda leaf, seat=seat: leaf[seat], (view, mask)) if two else (view, mask)
            own_view, own_mask = jax.tree.map(lambda leaf: jnp.asarray(leaf)[None], own)
            first = (number == 0)[None]
            action, memory = player.act(jax.random.fold_in(key, seat), own_view, own_mask, memories[seat], first)
            chosen.append(action[0])
            kept.append(memory)
        joint = jnp.stack(chosen) if two else chosen[0]
        own_key = jax.random.fold_in(key, len(players))
        obs, state, reward, terminated, truncated, _ = env.step_env(own_key, state, joint, params)
        after = state, look(obs, state), kept, over | terminated | truncated
        return after, (state, joint, reward, terminated, truncated, over)

    def run(carry: tuple[Any, ...], key: jax.Array, taken: jax.Array, params: Any) -> tuple[Any, Any]:
        numbers = taken + jnp.arange(PART, dtype=jnp.int32)
        return jax.lax.scan(lambda carry, number: step(carry, key, number, params), carry, numbers)

    return jit_for_one_run(begin), jit_for_one_run(run)


def jit_for_one_run(function: Callable[..., Any]) -> Any:
    """`jax.jit` of a program that is run for one episode: a CPU's program of a battle compiles in half the time so."""
    quick: Any = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
    return jax.jit(function, compiler_options=quick if jax.default_backend() == "cpu" else None)
