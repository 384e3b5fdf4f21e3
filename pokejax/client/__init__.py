"""Play on a Pokémon Showdown server with the observations that the environments give.

* `Bridge`, `observations`: a protocol log with requests, or a saved battle, as observations.
* `Observer`: the same from poke-env's battles. `PolicyPlayer`: a poke-env player that follows any policy of ours.

    from pokejax.client import PolicyPlayer
    player = PolicyPlayer("pokejax/gen1-small")
    await player.battle_against(opponent, n_battles=10)

`Observer` and `PolicyPlayer` need poke-env: ``pip install 'pokejax[showdown]'``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pokejax.client.bridge import Bridge as Bridge
from pokejax.client.errors import ClientError as ClientError
from pokejax.client.errors import PolicyError as PolicyError
from pokejax.client.errors import ProtocolError as ProtocolError
from pokejax.client.errors import ServerError as ServerError
from pokejax.client.observer import Observer as Observer
from pokejax.client.protocol import observations as observations

if TYPE_CHECKING:
    from pokejax.client.player import PolicyPlayer as PolicyPlayer

__all__ = [
    "Bridge",
    "ClientError",
    "Observer",
    "PolicyError",
    "PolicyPlayer",
    "ProtocolError",
    "ServerError",
    "observations",
]


def __getattr__(name: str) -> Any:
    if name != "PolicyPlayer":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from pokejax.client.player import PolicyPlayer
    except ModuleNotFoundError as error:
        if error.name != "poke_env":
            raise
        raise ImportError("PolicyPlayer needs poke-env: `pip install 'pokejax[showdown]'`", name="poke_env") from error
    return PolicyPlayer
