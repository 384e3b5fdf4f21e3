"""Targets: spots, cards and attacks that an operation lets its player choose from."""

from __future__ import annotations

from collections.abc import Iterator

from references.tcg_pocket.cards import Attack, Operation
from references.tcg_pocket.energy import worth
from references.tcg_pocket.state import Choice, Game, Player

Target = tuple[str, int]
"""("own", spot) or ("opponent", spot), as the chooser sees it; ("discard", place); ("energy", index); ("copy", 2 * spot
+ attack)."""


def can_copy(attack: Attack) -> bool:
    """An attack that copies attacks is not copied."""
    return all(row["op"] != "copy_attack" for row in attack.operations)


def copied_attacks(game: Game, among: str) -> Iterator[Target]:
    for spot, pokemon in game.opponent.in_play():
        if spot == 0 or among == "opponent":
            for index, attack in enumerate(pokemon.card.attacks):
                if can_copy(attack):
                    yield "copy", 2 * spot + index


def among(game: Game, player: Player, row: Operation, used: tuple[int, ...] = ()) -> list[int]:
    """Spots of a player that an operation may choose: on the Bench or anywhere, of a type, with a name."""
    bench_only = str(row.get("among", "")).endswith("bench")
    return [
        spot
        for spot, pokemon in player.in_play()
        if not (bench_only and spot == 0)
        and spot not in used
        and row.get("only") in (None, pokemon.card.type)
        and ("names" not in row or pokemon.card.name in row["names"])
    ]


def targets(game: Game, row: Operation, used: tuple[int, ...] = ()) -> list[Target]:
    """All that the chooser of an operation may choose; empty where the operation can do nothing."""
    name, me, opponent = row["op"], game.me, game.opponent
    if name == "choose_damage":
        side = "opponent" if row["among"].startswith("opponent") else "own"
        return [(side, spot) for spot in among(game, opponent if side == "opponent" else me, row)]
    if name == "choose_attach":
        return [("own", spot) for spot in among(game, me, row, used)]
    if name == "choose_heal":
        return [("own", spot) for spot, p in me.in_play() if spot in among(game, me, row) and p.damage]
    if name in ("switch_self", "promote"):
        return [("own", spot) for spot, _ in me.benched()]
    if name == "switch_out":  # the opponent chooses among its own
        return [("own", spot) for spot, _ in opponent.benched()]
    if name == "switch_in":
        return [("opponent", spot) for spot, p in opponent.benched() if not row.get("basic") or p.card.stage == 0]
    if name == "move_energy":
        active_fits = bool(me.spots[0]) and me.active.card.type == row["type"]
        return [
            ("own", spot)
            for spot, pokemon in me.benched()
            if active_fits and pokemon.card.type == row["type"] and pokemon.energy[row["type"]]
        ]
    if name == "choose_from_discard":
        return [("discard", place) for place, card in enumerate(opponent.discard) if card.is_basic]
    if name == "copy_attack":
        return list(copied_attacks(game, row["among"]))
    if name == "pay_retreat":
        return [("energy", index) for index, number in enumerate(me.active.energy.values()) if number]
    raise NotImplementedError(name)


def choice_targets(game: Game, choice: Choice) -> list[Target]:
    return targets(game, choice.operation, choice.used)


def playable(game: Game, row: Operation) -> bool:
    """An operation of a Trainer or an ability would do something, so that it may be used."""
    name, me, opponent = row["op"], game.me, game.opponent
    if name == "switch_in" or name == "switch_out":
        return bool(targets(game, row))
    if name in ("choose_damage", "choose_attach", "choose_heal", "move_energy"):
        return bool(targets(game, row))
    if name == "choose_from_discard":
        return bool(opponent.free_spot() and targets(game, row))
    if name == "heal_each":
        return any(pokemon.damage for _, pokemon in me.in_play())
    if name in ("draw", "look_at_top", "search", "take_top_or_bottom"):
        return bool(me.deck)
    if name == "reveal_hand":
        return bool(opponent.hand)
    if name == "new_hand":
        return bool(opponent.hand or opponent.deck)
    if name == "attach_active":
        return row["only"] == me.active.card.type
    if name == "return_active":
        return bool(me.benched()) and me.active.card.name in row["names"]
    if name == "move_all_energy":
        return me.active.card.name in row["names"] and any(p.energy[row["type"]] for _, p in me.benched())
    if name == "fossil":
        return bool(me.free_spot())
    if name in ("player_effect", "status", "coins", "attach_self"):
        return True
    raise NotImplementedError(name)


def retreat_is_paid(game: Game, left: int) -> bool:
    """Nothing is left to pay, or nothing to pay with."""
    return left <= 0 or not sum(worth(game.me, game.me.active).values())
