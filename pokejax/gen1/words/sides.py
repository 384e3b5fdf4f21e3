"""Both sides of a battle as text, for a person who sees everything."""

from __future__ import annotations

from typing import Any

import jax

from pokejax.gen1.dex import load_dex
from pokejax.gen1.state import ONGOING, P1_WINS, P2_WINS, Battle
from pokejax.gen1.words.request import SWITCH, Member, Request, read

_STATUS = ("", "burned", "paralyzed", "asleep", "frozen", "poisoned", "badly poisoned", "")
_STAGES = ("Attack", "Defense", "Special", "Speed")
_CONDITIONS = {
    "substitute_hp": "Substitute",
    "confusion_turns": "confused",
    "leech_seed": "seeded",
    "reflect": "Reflect",
    "light_screen": "Light Screen",
    "mist": "Mist",
    "focus_energy": "Focus Energy",
    "disable_turns": "a move disabled",
    "bide_turns": "biding",
    "rage_accuracy": "raging",
    "locked_move": "thrashing",
    "two_turn_move": "charging",
    "must_recharge": "must recharge",
    "invulnerable": "out of reach",
    "trapping_move": "trapping the foe",
    "trapped_turns": "trapped",
    "transformed": "transformed",
}
_RESULTS = {P1_WINS: "{0} has won", P2_WINS: "{1} has won"}


def describe(battle: Battle, names: tuple[str, str]) -> str:
    """Turn, and of each side the active Pokémon with its moves, the bench, and what the player is asked."""
    result = int(battle.result)
    state = "" if result == ONGOING else ", " + _RESULTS.get(result, "a tie").format(*names)
    lines = [f"Turn {int(battle.turn)}{state}"]
    host = jax.device_get(battle)
    for side, request in enumerate(read(battle)):
        lines += _side(host, side, request, names[side])
    return "\n".join(lines)


def _side(battle: Any, side: int, request: Request, name: str) -> list[str]:
    seat, party = battle.seats[side], battle.parties[side]
    dex = load_dex()
    notes = [word for field, word in _CONDITIONS.items() if getattr(seat, field)]
    stages = [*zip(_STAGES, seat.boosts, strict=True), ("accuracy", seat.accuracy), ("evasion", seat.evasion)]
    notes += [f"{stat} {int(stage):+d}" for stat, stage in stages if stage]
    if seat.transformed:
        notes[notes.index("transformed")] = f"transformed into {dex.species.name[seat.species]}"
    moves = [
        f"{dex.moves.name[number]} {int(pp)}{' (disabled)' if _held(seat, slot) else ''}"
        for slot, (number, pp) in enumerate(zip(seat.moves, seat.pp, strict=True))
        if number
    ]
    active, *bench = request.members
    first = _member(active.name, party.level[active.slot], seat.hp, seat.max_hp, seat.status)
    waits = "" if request.kind or request.over else " (waits)"
    asked = " (must switch)" if request.kind == SWITCH else waits
    others = [
        f"{place} {_member(name, level, hp, max_hp, status)}"
        for place, (name, level, hp, max_hp, status) in enumerate((_row(party, m) for m in bench), 2)
    ]
    lines = [f"{name}{asked}: {', '.join([first, *notes])}", f"  moves: {', '.join(moves)}"]
    return lines + ([f"  bench: {'; '.join(others)}"] if others else [])


def _row(party: Any, member: Member) -> tuple[Any, ...]:
    columns = (party.level, party.hp, party.max_hp, party.status)
    return member.name, *(column[member.slot] for column in columns)


def _held(seat: Any, slot: int) -> bool:
    return bool(seat.disable_turns) and int(seat.disable_slot) == slot


def _member(name: str, level: Any, hp: Any, max_hp: Any, status: Any) -> str:
    if hp <= 0:
        return f"{name} L{int(level)} fainted"
    word = _STATUS[int(status)]
    return f"{name} L{int(level)} {int(hp)}/{int(max_hp)} HP{f' {word}' if word else ''}"
