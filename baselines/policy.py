"""Policies, as evaluation, ratings and transfer play with them, and where a trained one is loaded from.

>>> policy = load("runs/first")
>>> carry = policy.initial_carry(batch=64)
>>> actions, carry = policy.act(key, obs, mask, carry, first)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

import jax

from baselines.errors import NoMemberError

P = TypeVar("P", bound="Policy")
Carry = Any
"""Memory of a policy between steps: a pytree with the batch as leading axis; `()` if it remembers nothing."""


@runtime_checkable
class Policy(Protocol):
    """One seat's player, for a batch of episodes. `act` is pure and can be compiled."""

    @property
    def env(self) -> str:
        """Id of the environment that it plays."""
        ...

    @property
    def env_version(self) -> str:
        """`Environment.version` that it was trained on."""
        ...

    @property
    def name(self) -> str:
        """Its name in tables."""
        ...

    def initial_carry(self, batch: int) -> Carry:
        """The memory before any first step."""
        ...

    def act(
        self, key: jax.Array, obs: Any, mask: jax.Array | None, carry: Carry, first: jax.Array
    ) -> tuple[jax.Array, Carry]:
        """`(actions, carry)` for a batch.

        * ``key``: one random key for the whole batch.
        * ``obs``: one player's observation as the environment gives it, every leaf `[batch, ...]`.
        * ``mask``: bool `[batch, n]`, the legal actions; None for continuous actions.
        * ``first``: bool `[batch]`, an episode begins here: the memory of that row is cleared before the step.

        Actions are int32 `[batch]`, or float32 `[batch, *shape]` within the bounds of the action space.
        """
        ...


@dataclasses.dataclass(frozen=True, eq=False)
class TrainedPolicy:
    """A policy of a checkpoint. `network` and `observe` are pure functions; `parameters` their arrays.

    `greedy`: the most likely action (the mean, if continuous) instead of a draw.
    """

    env: str
    env_version: str
    name: str
    network: Any  # baselines.networks.Network
    parameters: Any
    statistics: Any  # baselines.normalise.Statistics of the network's features, or None
    greedy: bool = False

    def initial_carry(self, batch: int) -> Carry:
        return self.network.initial_carry(batch)

    def act(
        self, key: jax.Array, obs: Any, mask: jax.Array | None, carry: Carry, first: jax.Array
    ) -> tuple[jax.Array, Carry]:
        from baselines.networks.play import choose

        features = self.network.features(obs)
        return choose(
            self.network, self.parameters, self.statistics, key, features, mask, carry, first, greedy=self.greedy
        )

    def value(self, obs: Any, mask: jax.Array | None, carry: Carry, first: jax.Array) -> jax.Array:
        """float32 `[batch]`: the return that the network expects; arguments as of `act`."""
        from baselines.networks.play import value

        features = self.network.features(obs)
        return value(self.network, self.parameters, self.statistics, features, mask, carry, first)


def load(path: str | Path, member: int = 0, *, greedy: bool = False, which: str = "latest") -> Policy:
    """The policy of a run; of a run of several seeds the one of seed number `member`.

    * ``path``: the run's folder (what `train` prints as its checkpoint), or one checkpoint in it.
    * ``which``: "latest", or "best" (highest mean return in training).

    A latest checkpoint that is damaged is passed over for the one before, with a warning.
    `baselines.errors.CheckpointError` if there is no checkpoint, if it was trained on another version of its
    environment, or if its arrays do not fit its network; `NoMemberError` for a member that does not exist.
    """
    return member_of(load_all(path, greedy=greedy, which=which), member, path)


def member_of(policies: Sequence[P], member: int, path: str | Path) -> P:
    """One of a run's policies. `NoMemberError` for one that does not exist."""
    if not -len(policies) <= member < len(policies):
        raise NoMemberError(f"{path}: member {member} of {len(policies)}; members are 0 to {len(policies) - 1}")
    return policies[member]


def load_all(path: str | Path, *, greedy: bool = False, which: str = "latest") -> list[Policy]:
    """The policies of a run, one for each of its seeds. Arguments and errors as in `load`."""
    from baselines import run_folder
    from jaxenv.commands import files

    return list(run_folder.open_run(files.path(path), which).policies(greedy=greedy))
