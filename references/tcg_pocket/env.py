"""The reference behind `references.protocol`: seeded games, snapshots, recorded and given draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from references.protocol import OUTCOME, TERMINATED, TRUNCATED, Actions, Draw, EnvInfo, Snapshot, Tape
from references.tcg_pocket import actions, rules, snapshot
from references.tcg_pocket.cards import Card, find
from references.tcg_pocket.chance import Chance
from references.tcg_pocket.state import Game, Options
from references.tcg_pocket.turns import new_game

AGENTS = ("p0", "p1")
VERSION = "1"
Deck = tuple[Sequence[Card], Sequence[str]]


class PocketReference:
    """One game between two decks, as an `Env`, `Restorable` and `Taped`."""

    info = EnvInfo("tcg_pocket", VERSION, AGENTS)

    def __init__(self, decks: Sequence[Deck] = (), options: Options | None = None) -> None:
        self.decks, self.options = tuple(decks), options or Options()
        self.chance = Chance()
        self.game: Game | None = None

    def reset(self, seed: int, options: Mapping[str, Any] | None = None) -> None:
        """Start a game. `options["decks"]`: two pairs of card ids and energy types, instead of the own decks."""
        decks = self.decks
        if options and "decks" in options:
            decks = tuple(([find(id) for id in ids], tuple(types)) for ids, types in options["decks"])
        if len(decks) != 2:
            raise ValueError(f"tcg_pocket: a game needs two decks, got {len(decks)}; hand them to PocketReference")
        tape = self.chance.tape
        self.chance = Chance(seed)
        self.chance.tape = tape
        self.game = new_game(decks, self.chance, self.options)
        self.chance.tape = None

    def step(self, actions: Actions) -> None:
        """Play the action of the player to act; the other one's is ignored."""
        game = self._running()
        self.chance.forget()
        if game.phase != "over":
            rules.play(game, self.chance, int(actions[AGENTS[player_to_act(game)]]))
        self.chance.tape = None

    def snapshot(self) -> Snapshot:
        game = self._running()
        over = game.phase == "over"
        sign = {0: 1.0, 1: -1.0}.get(2 if game.winner is None else game.winner, 0.0)
        outcome = {
            OUTCOME + "reward": np.array([sign, -sign], np.float32),
            TERMINATED: np.array(over),
            TRUNCATED: np.array(False),
        }
        return {**snapshot.to_numbers(game), **outcome}

    def restore(self, values: Snapshot) -> None:
        """Become that game; `ValueError` where a path is missing or names what does not exist."""
        try:
            self.game = snapshot.from_numbers(values)
        except (KeyError, IndexError) as error:
            raise ValueError(f"tcg_pocket: the snapshot is of no game: {error!r}") from error

    def seed(self, seed: int) -> None:
        """Draw from here on from a new generator."""
        self.chance = Chance(seed)

    def legal(self) -> Mapping[str, NDArray[np.bool_]]:
        """bool [143] per agent; who waits has only action 0, and in a finished game everything is allowed."""
        game = self._running()
        found = {agent: np.zeros(actions.COUNT, bool) for agent in AGENTS}
        for index, agent in enumerate(AGENTS):
            if game.phase == "over":
                found[agent][:] = True
            elif index == player_to_act(game):
                found[agent][actions.legal_actions(game)] = True
            else:
                found[agent][actions.WAIT] = True
        return found

    def use_tape(self, tape: Tape) -> None:
        self.chance.tape = tape

    def draws(self) -> Sequence[Draw]:
        return tuple(self.chance.draws)

    def _running(self) -> Game:
        if self.game is None:
            raise ValueError("tcg_pocket: no game has begun; call reset or restore first")
        return self.game


def player_to_act(game: Game) -> int:
    return actions.player_to_act(game)
