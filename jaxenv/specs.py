"""Facts about an environment as plain data: for listings, leaderboards and the tests of the contract."""

from __future__ import annotations

import dataclasses
from typing import Literal

from jaxenv import pretty


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reference:
    """The implementation that an environment is held equal to."""

    name: str
    version: str
    licence: str  # SPDX identifier

    def __repr__(self) -> str:
        return f"Reference({self.name} {self.version}, {self.licence})"


@dataclasses.dataclass(frozen=True, kw_only=True)
class EnvSpec:
    """Facts that no `params` can change.

    `horizon` is the most steps an episode can have with the default params, None if nothing bounds it.
    `reward_range` bounds one step's reward of one player. `version` is bumped only when observable behaviour changes.
    """

    id: str
    version: str
    players: int
    dynamics: Literal["single", "simultaneous", "sequential"]
    information: Literal["perfect", "imperfect"]
    num_actions: int  # 0: continuous actions
    reward_range: tuple[float, float]
    horizon: int | None
    reference: Reference | None = None
    tags: tuple[str, ...] = ()
    no_op: int | None = None  # the only legal action of a player who waits
    reward_only_at_end: bool = False  # zero reward on every step that does not end the episode
    zero_sum: bool = False
    kind: Literal["jax", "host"] = "jax"  # RFC 0001, or RFC 0002: a Gymnasium `VectorEnv`, without backends
    backends: tuple[str, ...] = ("xla",)  # what `rollout` can be asked for; `check_env` holds them to the same play

    def __post_init__(self) -> None:
        if self.players < 1:
            raise ValueError(f"{self.id}: players must be at least 1, got {self.players}")
        if (self.dynamics == "single") != (self.players == 1):
            raise ValueError(f'{self.id}: dynamics "single" means one player, got {self.dynamics!r} and {self.players}')
        if self.reward_range[0] > self.reward_range[1]:
            raise ValueError(f"{self.id}: reward_range must be (low, high), got {self.reward_range}")
        if self.kind == "host":
            if self.backends:
                raise ValueError(f"{self.id}: a host environment has no backends, got {self.backends}")
        elif "xla" not in self.backends or set(self.backends) - {"xla", "simd"}:
            raise ValueError(f'{self.id}: backends must be "xla", and perhaps "simd", got {self.backends}')
        if self.no_op is not None and not 0 <= self.no_op < self.num_actions:
            raise ValueError(f"{self.id}: no_op must be an action below {self.num_actions}, got {self.no_op}")

    def __repr__(self) -> str:
        return pretty.call("EnvSpec", pretty.differing(self))
