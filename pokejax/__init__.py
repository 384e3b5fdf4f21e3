"""PokeJAX: Pokémon battles in JAX, identical to Pokémon Showdown draw for draw.

>>> env = pokejax.make("pokejax/gen1randombattle")

Everything here is imported on first use, so that ``import pokejax`` costs nothing and starts no backend.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jaxenv import list_envs as list_envs
    from jaxenv import make as make
    from jaxenv import spec as spec
    from jaxenv._version import __version__ as __version__
    from pokejax.battles import Battle as Battle
    from pokejax.common.pools import PoolError as PoolError
    from pokejax.common.pools import build_pool as build_pool
    from pokejax.common.pools import load_pool as load_pool
    from pokejax.common.team_text import TeamError as TeamError
    from pokejax.env import Gen1Battle as Gen1Battle
    from pokejax.env import Gen1Params as Gen1Params
    from pokejax.env import Gen1State as Gen1State
    from pokejax.env import battle as battle

_HOMES = {
    "__version__": "jaxenv._version",
    "make": "jaxenv",
    "list_envs": "jaxenv",
    "spec": "jaxenv",
    "Gen1Battle": "pokejax.env",
    "Gen1Params": "pokejax.env",
    "Gen1State": "pokejax.env",
    "battle": "pokejax.env",
    "Battle": "pokejax.battles",
    "build_pool": "pokejax.common.pools",
    "load_pool": "pokejax.common.pools",
    "PoolError": "pokejax.common.pools",
    "TeamError": "pokejax.common.team_text",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'pokejax' has no attribute {name!r}; it has {', '.join(sorted(_HOMES))}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(_HOMES)
