"""The table of built-in environments, and `make`, which type checkers know to return the class of an id."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, overload

if TYPE_CHECKING:  # so that editors complete ids and know the class; nothing is imported at run time
    import gymnasium.vector

    from cheetahjax.envs.half_cheetah import HalfCheetah
    from cheetahjax.envs.hopper import Hopper
    from cheetahjax.envs.inverted_double_pendulum import InvertedDoublePendulum
    from cheetahjax.envs.inverted_pendulum import InvertedPendulum
    from cheetahjax.envs.reacher import Reacher
    from cheetahjax.envs.swimmer import Swimmer
    from cheetahjax.envs.walker2d import Walker2d
    from jaxenv.environment import Environment
    from pokejax.env import Gen1Battle
    from pongjax.env import PufferPong
    from tcgjax.env import Pocket


@dataclasses.dataclass(frozen=True)
class Entry:
    """`target` is "module:Class", or "module:function" of a host environment; `kwargs` configure it.

    `kind`: "jax" for a `jaxenv.Environment`, "host" for a Gymnasium `VectorEnv` (RFC 0002). `remedy`: for users who
    lack what the module needs.
    """

    target: str
    kwargs: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    tags: tuple[str, ...] = ()
    kind: Literal["jax", "host"] = "jax"
    remedy: str = ""


_BATTLE = ("pokemon", "two-player", "simultaneous", "imperfect")
_CARDS = ("cards", "two-player", "sequential", "imperfect")
_MUJOCO = ("mujoco", "one-player", "continuous")

BUILT_IN = {
    "cheetahjax/HalfCheetah-v5": Entry("cheetahjax.envs.half_cheetah:HalfCheetah", {}, _MUJOCO),
    "cheetahjax/Hopper-v5": Entry("cheetahjax.envs.hopper:Hopper", {}, _MUJOCO),
    "cheetahjax/InvertedDoublePendulum-v5": Entry(
        "cheetahjax.envs.inverted_double_pendulum:InvertedDoublePendulum", {}, _MUJOCO
    ),
    "cheetahjax/InvertedPendulum-v5": Entry("cheetahjax.envs.inverted_pendulum:InvertedPendulum", {}, _MUJOCO),
    "cheetahjax/Reacher-v5": Entry("cheetahjax.envs.reacher:Reacher", {}, _MUJOCO),
    "cheetahjax/Swimmer-v5": Entry("cheetahjax.envs.swimmer:Swimmer", {}, _MUJOCO),
    "cheetahjax/Walker2d-v5": Entry("cheetahjax.envs.walker2d:Walker2d", {}, _MUJOCO),
    "pokejax/gen1ou": Entry("pokejax.env:Gen1Battle", {"format": "gen1ou"}, _BATTLE),
    "pokejax/gen1randombattle": Entry("pokejax.env:Gen1Battle", {"format": "gen1randombattle"}, _BATTLE),
    "pongjax/puffer_pong": Entry("pongjax.env:PufferPong", {}, ("arcade", "one-player")),
    "pongjax/puffer_pong_continuous": Entry(
        "pongjax.env:PufferPong", {"continuous": True}, ("arcade", "one-player", "continuous")
    ),
    "tcgjax/pocket": Entry("tcgjax.env:Pocket", {}, _CARDS),
    "tcgjax/pocket-a1": Entry("tcgjax.env:Pocket", {"pool": "a1"}, _CARDS),
}
"""Environments in JAX."""

_EMURUST = "it is compiled by Rust: get cargo, then `pip install ./emurust` in a clone of this repository"
HOST = {
    "emurust/blocks": Entry("emurust.games.blocks:make", tags=("game-boy", "one-player"), kind="host", remedy=_EMURUST),
}
"""Environments that run on the host."""


@overload
def make(id: Literal["cheetahjax/HalfCheetah-v5"], **config: Any) -> HalfCheetah: ...
@overload
def make(id: Literal["cheetahjax/Hopper-v5"], **config: Any) -> Hopper: ...
@overload
def make(id: Literal["cheetahjax/InvertedDoublePendulum-v5"], **config: Any) -> InvertedDoublePendulum: ...
@overload
def make(id: Literal["cheetahjax/InvertedPendulum-v5"], **config: Any) -> InvertedPendulum: ...
@overload
def make(id: Literal["cheetahjax/Reacher-v5"], **config: Any) -> Reacher: ...
@overload
def make(id: Literal["cheetahjax/Swimmer-v5"], **config: Any) -> Swimmer: ...
@overload
def make(id: Literal["cheetahjax/Walker2d-v5"], **config: Any) -> Walker2d: ...
@overload
def make(id: Literal["pokejax/gen1ou", "pokejax/gen1randombattle"], **config: Any) -> Gen1Battle: ...
@overload
def make(id: Literal["pongjax/puffer_pong", "pongjax/puffer_pong_continuous"], **config: Any) -> PufferPong: ...
@overload
def make(id: Literal["tcgjax/pocket", "tcgjax/pocket-a1"], **config: Any) -> Pocket: ...
@overload
def make(id: Literal["emurust/blocks"], **config: Any) -> gymnasium.vector.VectorEnv[Any, Any, Any]: ...
@overload
def make(id: str, **config: Any) -> Environment[Any, Any, Any]: ...
def make(id: str, **config: Any) -> Environment[Any, Any, Any] | gymnasium.vector.VectorEnv[Any, Any, Any]:
    """The environment with this id; `config` overrides fields of its class.

    A host environment is a Gymnasium `VectorEnv`: `make("emurust/blocks", num_envs=16)`.

    Raises UnknownEnvironmentError for an unknown id, with the ids that may have been meant, and TypeError for a field
    that the class does not have. ImportError, with the remedy, where what it needs is not installed.
    """
    from jaxenv.registry import build

    return build(id, config)
