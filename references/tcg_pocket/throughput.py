"""Speed of the reference at random play: a process on each core, started by `throughput_session`."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from references import timed_processes
from references.tcg_pocket import actions, rules
from references.tcg_pocket.cards import find
from references.tcg_pocket.chance import Chance
from references.tcg_pocket.observation import observe
from references.tcg_pocket.turns import new_game

UNIT = "plies/s"
Deck = tuple[Sequence[str], Sequence[str]]


def throughput_session(cores: int, decks: Sequence[Deck]) -> AbstractContextManager[Callable[[float], float]]:
    """A timer, in plies a second, of `cores` processes that play random games between these decks (card ids, energy
    types).

    `ReferenceFailedError` for a process that ends.
    """
    return timed_processes.session("tcg_pocket", __name__, {"decks": decks}, cores)


def prepare(request: dict[str, Any]) -> Callable[[], int]:
    """One ply of random play, with both players' observations."""
    decks = [([find(id) for id in ids], tuple(types)) for ids, types in request["decks"]]
    rng, chance = random.Random(request["seed"]), Chance(request["seed"])
    game = _start(decks, rng, chance)

    def play() -> int:
        nonlocal game
        chance.forget()
        rules.play(game, chance, rng.choice(actions.legal_actions(game)))
        for player in range(2):
            observe(game, player)
        if game.phase == "over":
            game = _start(decks, rng, chance)
        return 1

    return play


def _start(decks: Sequence[Any], rng: random.Random, chance: Chance) -> Any:
    return new_game([rng.choice(decks), rng.choice(decks)], chance)


if __name__ == "__main__":
    timed_processes.serve(prepare)
