"""A policy of PokeJAX on a real Pokémon Showdown server, three lines of it, against poke-env's own player.

    pip install "pokejax[showdown]"
    python examples/showdown_bot.py                    # starts a server on this machine
    python examples/showdown_bot.py ws://localhost:8000/showdown/websocket

Starting a server takes the tools' part of the wheel: ``import pokejax.tools`` finds it.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

from poke_env import ServerConfiguration
from poke_env.player import MaxBasePowerPlayer

import pokejax.tools  # noqa: F401
from pokejax.client import PolicyPlayer
from references.showdown.server import LocalServer

BATTLES = 10


async def main(url: str, battles: int) -> float:
    """Play battles on the server at `url`; returns the policy's share of wins."""
    server = {"server_configuration": ServerConfiguration(url, ""), "max_concurrent_battles": 5, "open_timeout": 60.0}

    player = PolicyPlayer("pokejax/gen1-small", **server)
    opponent = MaxBasePowerPlayer(battle_format=player.format, **server)
    await player.battle_against(opponent, n_battles=battles)

    print(f"{player.n_won_battles} of {battles} won, {player.invalid_choices} choices refused")
    for one in (player, opponent):
        await one.ps_client.stop_listening()
    return player.n_won_battles / battles


if __name__ == "__main__":
    with contextlib.ExitStack() as held:
        address = sys.argv[1] if len(sys.argv) > 1 else held.enter_context(LocalServer()).websocket_url
        asyncio.run(main(address, BATTLES))
