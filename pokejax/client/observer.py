"""Observations of poke-env's battles, for players of your own. Needs poke-env."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

from pokejax.client.bridge import Bridge
from pokejax.client.errors import ProtocolError

_FOE_CHOOSES = {"wait": True}


@dataclasses.dataclass
class _Known:
    bridge: Bridge
    taken: int = 0
    request: Any = None
    observation: Any = None


class Observer:
    """Observations of the battles of one player. Call it in ``choose_move``, at every one of them.

    >>> observer = Observer()
    >>> class Bot(poke_env.player.Player):
    ...     def choose_move(self, battle):
    ...         obs = observer.observe(battle)
    ...         ...
    ...         return observer.order(battle, action)
    """

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}

    def observe(self, battle: Any) -> Any:
        """The environment's observation of the battle now, without a batch axis; once it is over the last one.

        `ProtocolError` where the battle was not observed from its start, or its messages cannot be followed.
        """
        known = self._of(battle)
        messages = ["|".join(message) for message in battle._replay_data]
        request = None if battle.finished else battle.last_request
        if known.taken == len(messages) and known.request == request:
            return known.observation
        if known.taken > len(messages):
            raise ProtocolError(f"{battle.battle_tag} has fewer messages than before; observe each battle once")
        steps = _steps(messages[known.taken :])
        known.taken, known.request = len(messages), copy.copy(request)
        for lines in steps[:-1]:  # of the turns in which only the foe had to choose
            known.bridge.tracker.see(lines, _FOE_CHOOSES)
        known.observation = known.bridge.see(steps[-1], request)
        return known.observation

    def order(self, battle: Any, action: int) -> Any:
        """poke-env's order for an action, after `observe`. `ValueError` for one that is not legal."""
        from pokejax.client.orders import Order

        return Order(self._of(battle).bridge.choice(action))

    def open(self, battle: Any) -> frozenset[str]:
        """Names of what the messages leave open; empty where the observation is exact."""
        return self._of(battle).bridge.open

    def forget(self, battle: Any) -> None:
        """Drop what is kept of a battle."""
        self._known.pop(battle.battle_tag, None)

    def _of(self, battle: Any) -> _Known:
        tag = battle.battle_tag
        if tag not in self._known:
            self._known[tag] = _Known(Bridge(f"gen{battle.gen}", battle.player_role or ""))
        return self._known[tag]


def _steps(messages: list[str]) -> list[list[str]]:
    """Messages parted where the battle waited for the foe alone: before it replaced a Pokémon that fainted in them."""
    steps: list[list[str]] = [[]]
    fainted: set[str] = set()
    for message in messages:
        kind, _, rest = message[1:].partition("|")
        whose = rest[:2]
        if kind == "faint":
            fainted.add(whose)
        before = steps[-1]
        if kind == "switch" and whose in fainted and len(before) > 1 and before[-1] == "|":
            steps.append([before.pop()])
            fainted.clear()
        steps[-1].append(message)
    return steps
