"""Behaviours of a step of a Gen 1 battle: moves and their kinds, conditions on the field, and events."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from families.pokejax_gen1.verify.outcome import AGENTS
from pokejax.gen1 import dex
from pokejax.gen1.dex import Category, Status, Volatile
from references.protocol import Batch
from references.showdown.gen1.fields import field_names

Shown = dict[str, NDArray[np.bool_]]

_STATUS = {
    "brn": Status.BRN,
    "par": Status.PAR,
    "slp": Status.SLP,
    "frz": Status.FRZ,
    "psn": Status.PSN,
    "tox": Status.TOX,
}
_VOLATILE = ".active.volatile."


@functools.cache
def _volatiles() -> tuple[str, ...]:
    return tuple(name.partition(_VOLATILE)[2] for name in field_names() if name.startswith("p1" + _VOLATILE))


@functools.cache
def _move_names() -> tuple[str, ...]:
    """Ids of moves 1 to 165."""
    return tuple(str(name) for name in dex.load_dex().moves.id[1:166])


@functools.cache
def _kinds() -> dict[str, NDArray[np.bool_]]:
    """bool [166+] per kind of move, by move number."""
    moves = dex.load_dex().moves
    trapping = moves.self_volatile == Volatile.PARTIALTRAPPINGLOCK
    kinds: dict[str, NDArray[np.bool_]] = {
        "ohko": moves.ohko != 0,
        "recoil": moves.recoil[:, 0] > 0,
        "drain": moves.drain[:, 0] > 0,
        "multihit": moves.multihit != 0,
        "crash": moves.crash != 0,
        "two-turn": moves.two_turn != 0,
        "trapping": trapping,
        "thrash": moves.self_volatile == Volatile.LOCKEDMOVE,
        "recharge": moves.self_volatile == Volatile.MUSTRECHARGE,
        "fixed": moves.fixed_damage > 0,
        "high-critical": moves.crit_ratio == 2,
        "secondary": moves.secondary_chance_256 > 0,
        "stages": (moves.boosts != 0).any(axis=1),
        "status": moves.status > 0,
        "priority": moves.priority != 0,
        "physical": moves.category == Category.PHYSICAL,
        "special": moves.category == Category.SPECIAL,
    }
    return kinds


_EVENTS = (
    "event:faint",
    "event:end",
    "event:tie",
    "event:speed-tie",
    "event:turn-limit",
    "event:substitute-broke",
    "event:no-damage",
    "event:woke",
    "event:status",
)
_ACTIONS = ("switch", "replace", "wait", "forced")
_STATES = ("transformed", "maybe_locked", "sub_fainted")


def declared() -> tuple[str, ...]:
    """Every behaviour that there is a name for, except those that no battle can show (Struggle is nobody's choice)."""
    return (
        *(f"move:{name}" for name in _move_names()),
        *(f"kind:{name}" for name in _kinds()),
        *_ACTIONS,
        *(f"on:{name}" for name in (*_STATUS, *_volatiles(), *_STATES)),
        "on:no-pp",
        "on:stages",
        *_EVENTS,
    )


def behaviours(before: Batch, actions: Batch, after: Batch) -> Shown:
    """bool [N] by name, of either side."""
    count = len(before["turn"])
    shown: Shown = {name: np.zeros(count, bool) for name in declared()}
    moves, kinds = _move_names(), _kinds()
    for agent in AGENTS:
        action, request = np.asarray(actions[agent]), before[f"{agent}.request"]
        acts = (request == 1) & (action >= 6) & (action <= 9)
        selected = np.where(acts, after[f"{agent}.last_selected_move"], 0)
        executed = np.where(acts, after[f"{agent}.active.last_move"], 0)
        for number in np.unique(np.concatenate([selected, executed])).tolist():
            if 1 <= number <= len(moves):
                shown[f"move:{moves[number - 1]}"] |= (selected == number) | (executed == number)
        known = np.clip(selected, 0, 165)
        for name, is_kind in kinds.items():
            shown[f"kind:{name}"] |= acts & is_kind[known] & (known > 0)
        shown["switch"] |= (request == 1) & (action < 6)
        shown["replace"] |= (request == 2) & (action < 6)
        shown["wait"] |= request == 0
        legal = before[f"{agent}.legal"]
        shown["forced"] |= (request == 1) & ((legal & (legal - 1)) == 0)
        _conditions(shown, before, agent)
        _events(shown, before, after, agent)
    speeds = [before[f"{agent}.active.spe.modified_stat"] for agent in AGENTS]
    shown["event:speed-tie"] |= (speeds[0] == speeds[1]) & (before["p1.request"] == 1)
    over = after["ended"] != 0
    shown["event:end"] |= over
    shown["event:tie"] |= over & (after["winner"] == 0)
    shown["event:turn-limit"] |= after["turn"] > 1000
    shown["event:no-damage"] |= after["last_damage"] == 0
    return shown


def _own(batch: Batch, agent: str, field: str) -> NDArray[np.int32]:
    """A team field of the active Pokémon."""
    columns = np.stack([batch[f"{agent}.team.{k}.{field}"] for k in range(6)])
    return np.take_along_axis(columns, np.asarray(batch[f"{agent}.active"])[None], axis=0)[0]


def _conditions(shown: Shown, before: Batch, agent: str) -> None:
    status = _own(before, agent, "status")
    for name, code in _STATUS.items():
        shown[f"on:{name}"] |= status == int(code)
    for name in _volatiles():
        shown[f"on:{name}"] |= before[f"{agent}{_VOLATILE}{name}"] != 0
    for name in _STATES:
        shown[f"on:{name}"] |= before[f"{agent}.active.{name}"] != 0
    moves = [(before[f"{agent}.active.move{k}.move"], before[f"{agent}.active.move{k}.pp"]) for k in range(4)]
    shown["on:no-pp"] |= np.logical_or.reduce([(move != 0) & (pp == 0) for move, pp in moves])
    stats = ("atk.boost", "def.boost", "spa.boost", "spe.boost", "accuracy_boost", "evasion_boost")
    shown["on:stages"] |= np.logical_or.reduce([before[f"{agent}.active.{stat}"] != 0 for stat in stats])


def _events(shown: Shown, before: Batch, after: Batch, agent: str) -> None:
    same = before[f"{agent}.active"] == after[f"{agent}.active"]
    was, now = _own(before, agent, "hp"), _own(after, agent, "hp")
    shown["event:faint"] |= same & (was > 0) & (now == 0)
    had, has = (batch[f"{agent}.active.substitute_hp"] for batch in (before, after))
    shown["event:substitute-broke"] |= same & (had > 0) & (has == 0) & (now > 0)
    status = [_own(batch, agent, "status") for batch in (before, after)]
    shown["event:woke"] |= same & (status[0] == int(Status.SLP)) & (status[1] == 0)
    shown["event:status"] |= same & (status[0] == 0) & (status[1] > 0) & (status[1] < 7)
