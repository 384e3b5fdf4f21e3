"""The request of each player as Showdown's choice parser reads it, from a packed battle. No JAX in the result."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pokejax.gen1.choices import FIRST_MOVE, is_locked_in, is_semi_locked, legal_actions, usable_moves
from pokejax.gen1.dex import Status, Type, load_dex
from pokejax.gen1.move_ids import Move
from pokejax.gen1.state import ONGOING, REQUEST_MOVE, REQUEST_SWITCH, Battle, Seat, unpack

MOVE, SWITCH = "move", "switch"


@dataclasses.dataclass(frozen=True)
class Entry:
    """One entry of the request's move list."""

    id: str
    name: str
    choosable: bool | None
    """A target may be named; None where the request tells no target."""
    usable: bool
    """PP are left and Disable does not hold it."""
    pp: int
    has_max_move: bool
    """Showdown finds a Max Move of it, which it then refuses."""


@dataclasses.dataclass(frozen=True)
class Member:
    """A Pokémon of the side."""

    slot: int
    """Place in the team, which is its action."""
    name: str
    species_id: str
    """Of the species that it is now: Transform changes it."""
    fainted: bool


@dataclasses.dataclass(frozen=True)
class Request:
    """The request to one player."""

    kind: str
    """`MOVE`, `SWITCH`, or "" for who waits."""
    over: bool
    members: tuple[Member, ...]
    """In Showdown's order, which each switch changes: "switch 2" is the second. The active one is the first."""
    entries: tuple[Entry, ...]
    locked: bool
    """The move is decided and switching is not allowed."""
    decided: bool
    """Any move of the list stands for the same: a move under way, sleep, a trap, Struggle."""
    maybe_locked: bool
    legal: tuple[bool, ...]
    """By action."""

    @property
    def active(self) -> str:
        """Name of the Pokémon that is out."""
        return self.members[0].name


def read(battle: Battle) -> tuple[Request, Request]:
    """Both players' requests; ``battle`` is packed."""
    facts = jax.device_get(_facts(battle))
    return _request(facts, 0), _request(facts, 1)


@jax.jit
def _facts(battle: Battle) -> Any:
    """Everything that a request needs, leaves ``[2, …]``."""
    wide = unpack(battle)
    sides = []
    for seat, party in zip(wide.seats, wide.parties, strict=True):
        semi = is_semi_locked(seat)
        helpless = (seat.status == Status.FRZ) | (seat.status == Status.SLP)
        trapped = seat.trapped_turns > 0
        usable = usable_moves(seat)
        hp = jnp.where(jnp.arange(party.hp.shape[0]) == seat.slot, seat.hp, party.hp.astype(seat.hp.dtype))
        sides.append(
            {
                "seat": {
                    name: getattr(seat, name)
                    for name in ("slot", "species", "moves", "pp", "request", "last_selected_move", "maybe_locked")
                },
                "recharge": seat.must_recharge,
                "locked_move": _locked_move(seat),
                "locked": is_locked_in(seat),
                "semi": semi,
                "fights": helpless | trapped,
                "fight_shown": helpless | (trapped & ~seat.maybe_locked),
                "usable": usable,
                "legal": legal_actions(seat, party),
                "position": party.position,
                "species": party.species,
                "hp": hp,
            }
        )
    stacked = jax.tree.map(lambda *leaves: jnp.stack([jnp.asarray(leaf) for leaf in leaves]), *sides)
    return {"result": wide.result, "sides": stacked}


def _locked_move(seat: Seat) -> jax.Array:
    """The move that `getLockedMove` or `getSemiLockedMove` names, 0 none."""
    found = jnp.where(seat.bide_turns > 0, int(Move.BIDE), seat.trapping_move)
    found = jnp.where(seat.rage_accuracy > 0, int(Move.RAGE), found)
    found = jnp.where(seat.locked_move > 0, seat.locked_move, found)
    return jnp.where(seat.two_turn_move > 0, seat.two_turn_move, found)


def _request(facts: Any, side: int) -> Request:
    mine = jax.tree.map(lambda leaf: np.asarray(leaf)[side], facts["sides"])
    over = int(facts["result"]) != ONGOING
    code = int(mine["seat"]["request"])
    kind = "" if over else {REQUEST_MOVE: MOVE, REQUEST_SWITCH: SWITCH}.get(code, "")
    maybe_locked = bool(mine["seat"]["maybe_locked"]) and not mine["locked"]
    shown_lock = bool(mine["locked"]) or (bool(mine["semi"]) and not maybe_locked)
    return Request(
        kind=kind,
        over=over,
        members=_members(mine),
        entries=_entries(mine, shown_lock) if kind == MOVE else (),
        locked=bool(mine["locked"]),
        decided=bool(mine["locked"] or mine["semi"] or mine["fights"] or not mine["usable"].any()),
        maybe_locked=maybe_locked,
        legal=tuple(bool(flag) for flag in mine["legal"]),
    )


def _members(mine: Any) -> tuple[Member, ...]:
    species = load_dex().species
    names: list[str] = []
    for number in mine["species"]:
        name = str(species.name[number])
        before = sum(int(other) == int(number) for other in mine["species"][: len(names)])
        # The references' own nicknames, so that a log tells two of a species apart.
        names.append(f"{name}-{before + 1}" if before else name)
    active = int(mine["seat"]["slot"])
    there = [slot for slot in range(len(names)) if mine["species"][slot]]
    return tuple(
        Member(
            slot=slot,
            name=names[slot],
            species_id=str(species.id[mine["seat"]["species"] if slot == active else mine["species"][slot]]),
            fainted=bool(mine["hp"][slot] <= 0),
        )
        for slot in sorted(there, key=lambda slot: int(mine["position"][slot]))
    )


def _entries(mine: Any, shown_lock: bool) -> tuple[Entry, ...]:
    moves = load_dex().moves
    if shown_lock and mine["recharge"]:
        return (Entry("recharge", "recharge", None, usable=True, pp=0, has_max_move=False),)
    if shown_lock:
        return (_entry(int(mine["locked_move"]), usable=True, pp=0, choosable=None),)
    if mine["fight_shown"]:
        return (Entry("fight", "fight", None, usable=True, pp=0, has_max_move=False),)
    if not mine["usable"].any():
        return (_entry(int(Move.STRUGGLE), usable=True, pp=0, choosable=bool(moves.target_choosable[Move.STRUGGLE])),)
    numbers = [int(number) for number in mine["seat"]["moves"]]
    return tuple(
        _entry(number, bool(mine["usable"][slot]), int(mine["seat"]["pp"][slot]), bool(moves.target_choosable[number]))
        for slot, number in enumerate(numbers)
        if number
    )


def _entry(number: int, usable: bool, pp: int, choosable: bool | None) -> Entry:
    moves = load_dex().moves
    typed = moves.type[number] != Type.UNTYPED or number == Move.STRUGGLE
    return Entry(str(moves.id[number]), str(moves.name[number]), choosable, usable, pp, bool(typed))


def action_of_entry(index: int) -> int:
    """The action of an entry of the move list."""
    return FIRST_MOVE + index
