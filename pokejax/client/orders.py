"""Choices as poke-env's orders. Needs poke-env."""

from __future__ import annotations

import dataclasses

from poke_env.player.battle_order import BattleOrder


@dataclasses.dataclass(frozen=True, eq=False)
class Order(BattleOrder):
    """An order in Showdown's own words, as "move 2" or "switch 5"; "" orders nothing."""

    words: str

    @property
    def message(self) -> str:
        """The message to the server."""
        return f"/choose {self.words}" if self.words else ""
