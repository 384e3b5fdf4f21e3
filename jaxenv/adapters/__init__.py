"""Adapters to other libraries, one module each, and the transforms that some need. The core depends on none of them.

* `gymnasium`: `VectorEnv`, `SingleEnv`, ids for `gymnasium.make`. `stable_baselines3`: `VecEnv`
* `pettingzoo`: `ParallelEnv`
* `gymnax`: `Gymnax` for version 1 and later, `Legacy` for five values (Rejax and others)
* `jaxmarl`: `JaxMARL`. `pgx`: `Pgx`. `mctx`: `Mctx`. `brax`: `Brax`. `stoa`: `Stoa`. `envelope`: `Envelope`
* `torchrl`: `make_env`. `throughput`: a command, which times Gymnasium's batches
* `single_player`: `SinglePlayer`. `sequentialize`: `Sequentialize`. These two can be imported from here, too

Importing a module imports its library; importing this one imports nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jaxenv.adapters.sequentialize import Sequentialize
    from jaxenv.adapters.single_player import SinglePlayer

__all__ = ["Sequentialize", "SinglePlayer"]

_HOMES = {"Sequentialize": "sequentialize", "SinglePlayer": "single_player"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'jaxenv.adapters' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
