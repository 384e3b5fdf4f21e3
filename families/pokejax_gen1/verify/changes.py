"""Named changes to a Gen 1 record, each keeping it a state that both engines give a meaning.

Most of what goes wrong in a battle engine goes wrong at a boundary that play seldom reaches: 1 HP, a stage of −6, the
last turn of a count. A change puts one such thing into a record and whatever must go with it; comments name the
invariant it keeps. What a decision point derives from the rest (the legal mask, disabled slots, who is locked in) is
left to `derive` and to the engines.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pokejax.gen1.choices import FIRST_MOVE
from pokejax.gen1.dex import MAX_MOVE, load_dex, move_number
from pokejax.gen1.move_ids import Move
from references.showdown.gen1.fields import column

FINE, BRN, PAR, SLP, FRZ, PSN, TOX, FNT = range(8)
STATS = ("atk", "def", "spa", "spd", "spe")
STAGE_PERCENT = (25, 28, 33, 40, 50, 66, 100, 150, 200, 250, 300, 350, 400)
TRAPPING_MOVES = ("Bind", "Wrap", "Fire Spin", "Clamp")
TWO_TURN_MOVES = ("Razor Wind", "Fly", "Solar Beam", "Dig", "Skull Bash", "Sky Attack")
THRASHING_MOVES = ("Thrash", "Petal Dance")
THAWING_MOVES = ("Fire Punch", "Ember", "Flamethrower", "Fire Blast")


class Side:
    """One side of a state, by the names of its fields without the leading "p1."."""

    def __init__(self, state: State, n: int) -> None:
        self.state, self.n, self.name = state, n, f"p{n + 1}"

    def __getitem__(self, field: str) -> int:
        return int(self.state.row[column(f"{self.name}.{field}")])

    def __setitem__(self, field: str, value: int) -> None:
        self.state.row[column(f"{self.name}.{field}")] = value

    @property
    def slot(self) -> int:
        """Team index of the active Pokémon."""
        return self["active"]

    @property
    def foe(self) -> Side:
        """The other side."""
        return self.state.sides[1 - self.n]

    @property
    def stands(self) -> bool:
        """The active Pokémon has HP."""
        return self[f"team.{self.slot}.hp"] > 0

    @property
    def max_hp(self) -> int:
        """HP of the active Pokémon at its start."""
        return int(self.state.max_hp[self.n, self.slot])

    @property
    def bench(self) -> list[int]:
        """Team indices of the Pokémon on the bench that have HP."""
        return [k for k in range(6) if k != self.slot and self[f"team.{k}.hp"] > 0]

    @property
    def slots(self) -> list[int]:
        """Places of the moves the active Pokémon has now."""
        return [k for k in range(4) if self[f"active.move{k}.move"]]

    def own(self, field: str, value: int) -> None:
        """Set a field of the active Pokémon's row of the team."""
        self[f"team.{self.slot}.{field}"] = value

    def set_status(self, status: int, k: int | None = None) -> None:
        """Give Pokémon `k` (the active one) a status; what belongs to another goes."""
        k = self.slot if k is None else k
        self[f"team.{k}.status"] = status
        self[f"team.{k}.status_time"] = self[f"team.{k}.status_source"] = 0

    def set_pp(self, k: int, value: int) -> None:
        """PP of a current slot; only a transformed Pokémon's are not those of the base slot too."""
        self[f"active.move{k}.pp"] = value
        if not self["active.transformed"]:
            self.own(f"pp{k}", value)

    def remember(self, name: str, move: int) -> None:
        """Write a side's `last_move` or `last_enemy_move`; the nameless move goes by Fissure's id."""
        moves = load_dex().moves
        self[name] = Move.FISSURE if move == Move.NOMOVE else move
        self[f"{name}_base_power"] = int(moves.base_power[move]) if move else -1
        self[f"{name}_type"] = int(moves.type[move]) if move else -1

    def use(self, move: int) -> None:
        """Copy `move` into a slot, as Mimic would, free to be chosen, and ask for it to be chosen."""
        self.unlock()
        slot = self.state.pick(*self.slots)
        self[f"active.move{slot}.move"], self[f"active.move{slot}.virtual"] = move, 1
        if self[f"active.move{slot}.pp"] == 0:
            self.set_pp(slot, 1)
        if self["active.disable_slot"] == slot:
            for field in ("active.disable_move", "active.disable_time", "active.volatile.disable"):
                self[field] = 0
            self["active.disable_slot"] = -1
        self.state.wanted[self.n] = FIRST_MOVE + slot

    def unlock(self) -> None:
        """End every condition in which the active Pokémon's own earlier move decides what it does."""
        zero = "bide_damage bide_time locked_move locked_time locked_accuracy rage_accuracy two_turn_move"
        for field in zero.split():
            self[f"active.{field}"] = 0
        for name in ("bide", "lockedmove", "rage", "twoturnmove", "invulnerability", "mustrecharge"):
            self[f"active.volatile.{name}"] = 0
        self.let_go()

    def let_go(self) -> None:
        """End this side's trap, on both sides: at a decision point the lock and the caught one come together."""
        for field in ("trapping_move", "trapping_duration", "trapping_total", "trapping_damage"):
            self[f"active.{field}"] = 0
        self["active.volatile.partialtrappinglock"] = 0
        foe = self.foe
        foe["active.volatile.partiallytrapped"] = foe["active.partially_trapped_duration"] = 0
        foe["active.partially_trapped_maybe_locked"] = 0

    def lock(self, volatile: str, move: int) -> None:
        """Begin such a condition. At most one holds, and the queued move will be the one last selected."""
        self.unlock()
        self[f"active.volatile.{volatile}"] = 1
        self["last_selected_move"] = self["last_enemy_selected_move"] = move
        self["active.last_move"] = move
        self.remember("last_move", move)
        self.remember("last_enemy_move", move)


@dataclass
class State:
    """A record under change: `row` int32[F], `teams` uint16[2, 6, 16] and `max_hp` [2, 6], all its own; `rng` to draw.

    `wanted`: by side, the action that shows the change, if it is legal.
    """

    row: np.ndarray
    teams: np.ndarray
    max_hp: np.ndarray
    rng: np.random.Generator

    def __post_init__(self) -> None:
        self.sides = (Side(self, 0), Side(self, 1))
        self.wanted: dict[int, int] = {}

    def __setitem__(self, field: str, value: int) -> None:
        self.row[column(field)] = value

    def pick(self, *values: int) -> int:
        """One of the values."""
        return int(values[self.rng.integers(len(values))])

    def below(self, low: int, high: int) -> int:
        """A number from `low` to `high`, both included."""
        return int(self.rng.integers(low, high + 1))

    def move(self, *names: str) -> int:
        """The number of one of the moves."""
        return move_number(names[self.rng.integers(len(names))])

    @property
    def any_move(self) -> int:
        """Any move that a Pokémon may know: all but Struggle."""
        return self.below(1, MAX_MOVE - 1)


Change = Callable[[State, Side], bool]
"""Changes the state on that side, whose active Pokémon has HP; False: it does not apply here, nothing is changed."""

CHANGES: dict[str, Change] = {}
RECIPES: dict[str, Change] = {}
"""Changes that bring a move together with what it has a rule for. Applied after others, which might undo them."""


def recipe(function: Callable[[State, Side], bool | None]) -> Change:
    """Enter a recipe under its function's name."""
    applied = change(function)
    RECIPES[_name(function)] = applied
    return applied


def _name(function: Callable[..., object]) -> str:
    return function.__name__.replace("_", "-")


def change(function: Callable[[State, Side], bool | None]) -> Change:
    """Enter a change under its function's name."""

    def apply(state: State, side: Side) -> bool:
        return function(state, side) is not False

    CHANGES[_name(function)] = apply
    return apply


def apply_stage(stored: int, stage: int) -> int:
    """A modified stat as Showdown computes it from a stage."""
    return min(max(stored * STAGE_PERCENT[stage + 6] // 100, 1), 999)
