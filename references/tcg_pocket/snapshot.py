"""A game as flat numbers, and back. Cards are kinds, -1 where there is none; types are 1 to 8, 0 for none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from references.tcg_pocket.cards import ENERGY_TYPES, Card, cards, groups, operations
from references.tcg_pocket.state import Choice, Game, InHand, InPlay, Lasting, Options, Player

DECK = 20
CONDITIONS = ("", "asleep", "paralyzed", "confused")
POKEMON_EFFECTS = (
    *("take_less", "no_damage", "untouchable", "no_attack", "no_retreat", "smokescreen", "do_less"),
    *("counter", "boost"),
)
PLAYER_EFFECTS = ("take_less", "no_supporters", "retreat_less", "do_more", "named_more")
PHASES = ("setup", "main", "promote", "choose", "over")
AFTER = ("main", "end", "next")
PAY_RETREAT = -2
"""In place of an operation's index: the payment of a retreat; `choice.used` then has the spot to bring in."""


def padded(found: Sequence[Card], size: int) -> np.ndarray:
    return np.array([card.kind for card in found] + [-1] * (size - len(found)), np.int32)


def type_number(kind: str) -> int:
    return ENERGY_TYPES.index(kind) + 1 if kind else 0


def type_name(number: int) -> str:
    return ENERGY_TYPES[number - 1] if number else ""


def effect_arrays(effects: Mapping[str, Lasting], names: Sequence[str]) -> tuple[list[int], list[int]]:
    there = [effects.get(name, Lasting(0, 0)) for name in names]
    return [effect.amount for effect in there], [effect.turns for effect in there]


def spot_numbers(pokemon: InPlay | None) -> dict[str, Any]:
    pokemon = pokemon or InPlay([], new=False)
    amounts, turns = effect_arrays(pokemon.effects, POKEMON_EFFECTS)
    return {
        "cards": padded(pokemon.cards, 3),
        "damage": pokemon.damage,
        "energy": list(pokemon.energy.values()),
        "tool": pokemon.tool.kind if pokemon.tool else -1,
        "poisoned": pokemon.poisoned,
        "burned": pokemon.burned,
        "condition": CONDITIONS.index(pokemon.condition),
        "new": pokemon.new,
        "evolved": pokemon.evolved,
        "ability_used": pokemon.ability_used,
        "effect_amount": amounts,
        "effect_turns": turns,
    }


def player_numbers(player: Player) -> dict[str, Any]:
    amounts, turns = effect_arrays(player.effects, PLAYER_EFFECTS)
    named = player.effects.get("named_more")
    spots = [spot_numbers(pokemon) for pokemon in player.spots]
    return {
        "deck": padded(player.deck, DECK),
        "hand": padded([held.card for held in player.hand], DECK),
        "hand_known": [held.known for held in player.hand] + [False] * (DECK - len(player.hand)),
        "discard": padded(player.discard, DECK),
        "discarded_energy": list(player.discarded_energy.values()),
        "points": player.points,
        "zone": type_number(player.zone),
        "next_energy": type_number(player.next_energy),
        "energy_types": [kind in player.energy_types for kind in ENERGY_TYPES],
        "known_top": player.known_top,
        "effect_amount": amounts,
        "effect_turns": turns,
        "effect_names": groups().index(named.names) if named else -1,
        "supporter_played": player.supporter_played,
        "retreated": player.retreated,
        "knocked_out_turn": player.knocked_out_turn,
        "sweets_relays": player.sweets_relays,
        "sweets_relay_turn": player.sweets_relay_turn,
        **{f"spots.{name}": [spot[name] for spot in spots] for name in spots[0]},
    }


def to_numbers(game: Game) -> dict[str, np.ndarray]:
    """Flat paths, "p0.…" and "p1.…" for the players, with int32 arrays."""
    choice = game.choice
    row = choice.operation if choice else {"op": ""}
    paying = row["op"] == "pay_retreat"
    used = (row["spot"],) if paying else choice.used if choice else ()
    found: dict[str, Any] = {
        "turn": game.turn,
        "first": game.first,
        "current": game.current,
        "phase": PHASES.index(game.phase),
        "after": AFTER.index(game.after),
        "winner": -1 if game.winner is None else game.winner,
        "first_player_draws": game.options.first_player_draws,
        "turn_limit": game.options.turn_limit,
        "choice.chooser": choice.chooser if choice else 0,
        "choice.operation": PAY_RETREAT if paying else operations().index(row) if choice else -1,
        "choice.attack": choice.attack if choice else False,
        "choice.left": choice.left if choice else 0,
        "choice.used": [spot in used for spot in range(4)],
    }
    for index, player in enumerate(game.players):
        found |= {f"p{index}.{name}": value for name, value in player_numbers(player).items()}
    return {path: np.array(value, np.int32) for path, value in found.items()}


def cards_of(kinds: np.ndarray) -> list[Card]:
    return [cards()[kind] for kind in kinds if kind >= 0]


def energy_of(numbers: np.ndarray) -> dict[str, int]:
    return {kind: int(count) for kind, count in zip(ENERGY_TYPES, numbers, strict=True)}


def effects_of(amounts: np.ndarray, turns: np.ndarray, names: Sequence[str]) -> dict[str, Lasting]:
    return {
        name: Lasting(int(amount), int(left)) for name, amount, left in zip(names, amounts, turns, strict=True) if left
    }


def spot_of(values: Mapping[str, np.ndarray]) -> InPlay | None:
    found = cards_of(values["cards"])
    if not found:
        return None
    return InPlay(
        cards=found,
        damage=int(values["damage"]),
        energy=energy_of(values["energy"]),
        tool=cards()[values["tool"]] if values["tool"] >= 0 else None,
        poisoned=bool(values["poisoned"]),
        burned=bool(values["burned"]),
        condition=CONDITIONS[values["condition"]],
        new=bool(values["new"]),
        evolved=bool(values["evolved"]),
        ability_used=bool(values["ability_used"]),
        effects=effects_of(values["effect_amount"], values["effect_turns"], POKEMON_EFFECTS),
    )


def player_of(values: Mapping[str, np.ndarray]) -> Player:
    spots = {name.removeprefix("spots."): value for name, value in values.items() if name.startswith("spots.")}
    effects = effects_of(values["effect_amount"], values["effect_turns"], PLAYER_EFFECTS)
    if "named_more" in effects:
        effects["named_more"].names = groups()[values["effect_names"]]
    return Player(
        energy_types=tuple(kind for kind, has in zip(ENERGY_TYPES, values["energy_types"], strict=True) if has),
        deck=cards_of(values["deck"]),
        hand=[InHand(card, bool(k)) for card, k in zip(cards_of(values["hand"]), values["hand_known"], strict=False)],
        discard=cards_of(values["discard"]),
        discarded_energy=energy_of(values["discarded_energy"]),
        spots=[spot_of({name: value[spot] for name, value in spots.items()}) for spot in range(4)],
        points=int(values["points"]),
        zone=type_name(int(values["zone"])),
        next_energy=type_name(int(values["next_energy"])),
        known_top=int(values["known_top"]),
        effects=effects,
        supporter_played=bool(values["supporter_played"]),
        retreated=bool(values["retreated"]),
        knocked_out_turn=int(values["knocked_out_turn"]),
        sweets_relays=int(values["sweets_relays"]),
        sweets_relay_turn=int(values["sweets_relay_turn"]),
    )


def from_numbers(values: Mapping[str, Any]) -> Game:
    """The game with these numbers: the inverse of `to_numbers`."""
    row, used = int(values["choice.operation"]), tuple(int(spot) for spot in np.flatnonzero(values["choice.used"]))
    choice = None
    if row != -1:
        operation = {"op": "pay_retreat", "spot": used[0]} if row == PAY_RETREAT else operations()[row]
        choice = Choice(
            chooser=int(values["choice.chooser"]),
            operation=operation,
            attack=bool(values["choice.attack"]),
            left=int(values["choice.left"]),
            used=() if row == PAY_RETREAT else used,
        )
    players = [
        player_of({path[3:]: np.asarray(value) for path, value in values.items() if path.startswith(f"p{index}.")})
        for index in range(2)
    ]
    winner = int(values["winner"])
    return Game(
        players=players,
        options=Options(bool(values["first_player_draws"]), turn_limit=int(values["turn_limit"])),
        turn=int(values["turn"]),
        first=int(values["first"]),
        current=int(values["current"]),
        phase=PHASES[int(values["phase"])],
        after=AFTER[int(values["after"])],
        choice=choice,
        winner=None if winner < 0 else winner,
    )
