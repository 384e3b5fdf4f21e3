"""The learner's seats. Environments stand in groups: self-play first, then one group for each opponent."""

from __future__ import annotations

import dataclasses
from typing import TypeVar

import jax
import jax.numpy as jnp

from baselines.config import OpponentsConfig
from baselines.errors import ConfigError
from jaxenv import Environment

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Group:
    """Rows of the learner's batch that face the same kind of opponent."""

    name: str
    rows: slice


@dataclasses.dataclass(frozen=True)
class Seating:
    """`environments` = `self_play` + all of `fixed` + `pool_slots` · `pool_each`.

    In self-play the learner has both seats, and the data of both; elsewhere seat 0. So there are `rows` learner rows:
    `2 * self_play` (environment by environment, seats together), then one for each other environment.
    """

    players: int
    environments: int
    self_play: int = 0
    fixed: tuple[tuple[str, int], ...] = ()
    pool_slots: int = 0
    pool_each: int = 0

    @property
    def rows(self) -> int:
        return self.environments + self.self_play

    @property
    def opposed(self) -> int:
        """Environments in which somebody else has seat 1."""
        return self.environments - self.self_play if self.players == 2 else 0

    @property
    def groups(self) -> tuple[Group, ...]:
        """In the order of the learner's rows."""
        if self.players == 1:
            return (Group("", slice(0, self.rows)),)
        sizes = [("self", 2 * self.self_play), *self.fixed, ("pool", self.pool_slots * self.pool_each)]
        groups, start = [], 0
        for name, size in sizes:
            if size:
                groups.append(Group(name, slice(start, start + size)))
            start += size
        return tuple(groups)

    def learner(self, tree: T) -> T:
        """The learner's rows of leaves with a player axis `[B, P, ...]` (without one if there is one player)."""
        if self.players == 1:
            return tree
        return jax.tree.map(self._learner_leaf, tree)

    def opponents(self, tree: T) -> T:
        """Seat 1 of the environments with an opponent: leaves `[opposed, ...]`."""
        return jax.tree.map(lambda leaf: leaf[self.self_play :, 1], tree)

    def spread(self, tree: T) -> T:
        """The learner's rows of leaves that belong to an environment: `[B, ...]`."""
        if self.players == 1 or not self.self_play:
            return tree
        both = self.self_play

        def leaf_rows(leaf: jax.Array) -> jax.Array:
            return jnp.concatenate([jnp.repeat(leaf[:both], 2, axis=0), leaf[both:]])

        return jax.tree.map(leaf_rows, tree)

    def joint(self, learner: jax.Array, opponents: jax.Array | None) -> jax.Array:
        """Actions `[B, P, ...]` from those of the learner's rows and of the opponents."""
        if self.players == 1:
            return learner
        both = 2 * self.self_play
        parts = [learner[:both].reshape(self.self_play, 2, *learner.shape[1:])]
        if opponents is not None:
            parts.append(jnp.stack([learner[both:], opponents], axis=1))
        return jnp.concatenate(parts)

    def _learner_leaf(self, leaf: jax.Array) -> jax.Array:
        own = leaf[: self.self_play].reshape(2 * self.self_play, *leaf.shape[2:])
        return jnp.concatenate([own, leaf[self.self_play :, 0]]) if self.opposed else own


def seat(env: Environment, environments: int, config: OpponentsConfig) -> Seating:
    """The seating that `config` asks for. `ConfigError` if there is nobody to face."""
    if env.num_players == 1:
        if config.fixed or config.pool_share or config.exploit:
            raise ConfigError(f"{env.id} has one player: leave out the settings of opponents")
        return Seating(1, environments)
    if env.num_players != 2:
        raise ConfigError(f"{env.id} has {env.num_players} players; one or two are supported")
    pool_share = 1.0 if config.exploit else config.pool_share
    fixed = () if config.exploit else config.fixed
    counts = tuple((name, round(share * environments)) for name, share in fixed if round(share * environments))
    slots = config.pool_slots if pool_share and not config.exploit else int(bool(pool_share))
    each = round(pool_share * environments / slots) if slots else 0
    slots = slots if each else 0
    left = environments - sum(count for _, count in counts) - slots * each
    if left < 0:
        raise ConfigError(
            f"opponents: their shares of {environments} environments round to {environments - left}; "
            "take more environments or smaller shares"
        )
    return Seating(2, environments, left, counts, slots, each)
