"""Damage of attacks."""

from __future__ import annotations

from references.tcg_pocket.cards import Operation
from references.tcg_pocket.energy import covers, worth
from references.tcg_pocket.state import Game, InPlay, Player

WEAKNESS = 20


def count(game: Game, row: Operation, heads: int) -> int:
    """Number that a "for each" of an attack multiplies."""
    what = row["count"]
    if what == "heads":
        return heads
    if what == "own_bench":
        return sum(is_meant(pokemon, row) for _, pokemon in game.me.benched())
    if what == "opponent_bench":
        return len(game.opponent.benched())
    if what == "defender_energy":
        return sum(worth(game.opponent, game.opponent.active).values())
    if what == "sweets_relay":
        return game.me.sweets_relays
    raise NotImplementedError(what)


def is_meant(pokemon: InPlay, row: Operation) -> bool:
    """The Pokémon has the type and one of the names that an operation is limited to."""
    return row.get("type") in (None, pokemon.card.type) and ("names" not in row or pokemon.card.name in row["names"])


def holds(game: Game, row: Operation, cost: tuple[str, ...], heads: int, flips: int) -> bool:
    """The condition of an attack's extra damage."""
    me, defender = game.me.active, game.opponent.active
    what = row["condition"]
    if what == "all_heads":
        return heads == flips
    if what == "damaged":
        return me.damage > 0
    if what == "defender_damaged":
        return defender.damage > 0
    if what == "defender_poisoned":
        return defender.poisoned
    if what == "defender_ex":
        return defender.card.ex
    if what == "defender_evolved":
        return defender.card.stage > 0
    if what == "has_tool":
        return me.tool is not None
    if what == "evolved_this_turn":
        return me.evolved
    if what == "knocked_out_last_turn":
        return game.me.knocked_out_turn == game.turn - 1
    if what == "sweets_relay_last_turn":
        return game.me.sweets_relay_turn == game.turn - 2
    if what == "extra_energy":
        return covers(worth(game.me, me), (*cost, *([row["type"]] * row["count"])))
    raise NotImplementedError(what)


def hit(game: Game, spot: int, base: int) -> int:
    """Damage an opponent's Pokémon with an attack of the Active Pokémon; the damage done.

    In this order: what the attacker does more or less, Weakness, what the defender takes less. Weakness and "more" are
    for the Active Spot only. An attack without damage gets nothing added.
    """
    attacker, target = game.me.active, game.opponent.spots[spot]
    assert target
    damage = base
    if damage > 0 and spot == 0:
        damage += game.me.amount("do_more")
        named = game.me.effects.get("named_more")
        damage += named.amount if named and attacker.card.name in named.names else 0
    if damage > 0:
        damage -= attacker.amount("do_less")
    if damage > 0 and spot == 0 and target.card.weakness == attacker.card.type:
        damage += WEAKNESS
    damage -= taken_less(game.opponent, target, attacker)
    if damage <= 0 or target.amount("no_damage") or target.amount("untouchable"):
        return 0
    target.damage += damage
    counter(target, spot, attacker)
    return damage


def taken_less(owner: Player, target: InPlay, attacker: InPlay) -> int:
    """All that lowers the damage which a Pokémon takes from an opponent's attack."""
    less = target.amount("take_less") + owner.amount("take_less")
    passive = target.passive
    if passive["op"] == "take_less" and passive.get("type") in (None, attacker.card.type):
        friends = {pokemon.card.name for _, pokemon in owner.in_play()}
        less += passive["amount"] if "names" not in passive or friends & {*passive["names"]} else 0
    return less


def counter(target: InPlay, spot: int, attacker: InPlay) -> None:
    """Damage that a damaged Pokémon does to its attacker, even if it is knocked out itself."""
    attacker.damage += target.amount("counter")
    if spot == 0 and target.passive["op"] == "counter":
        attacker.damage += target.passive["amount"]
