"""Texts of attacks as operations."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Op = dict[str, Any]
Make = Callable[[re.Match[str]], list[Op]]
Rule = tuple[str, Make]
"""A pattern that a whole text must match, and its operations."""

TYPES = {
    **{"G": "grass", "R": "fire", "W": "water", "L": "lightning"},
    **{"P": "psychic", "F": "fighting", "D": "darkness", "M": "metal"},
}
SIGN = r"\{([GRWLPFDM])\}"
AMOUNT = r"(?:a|1|(\d+))"
OPPONENT_NEXT_TURN = 2
"""Ends of turns until an effect that lasts through the opponent's next turn is over."""
OWN_NEXT_TURN = 3


def op(name: str, **parameters: Any) -> Op:
    """One operation; parameters that are None are left out."""
    return {"op": name, **{key: value for key, value in parameters.items() if value is not None}}


def heads(row: Op) -> Op:
    """The operation, only if the coin came up heads."""
    return {**row, "when": "heads"}


def coins(count: int) -> Op:
    return op("coins", mode="count", count=count)


def energy_type(match: re.Match[str], group: int) -> str:
    return TYPES[match[group]]


def until_tails(match: re.Match[str], more: bool) -> list[Op]:
    flips = op("coins", mode="until_tails")
    return [flips, op("damage_per", count="heads", amount=int(match[1]), add=more or None)]


def per(count: str, amount: str, **parameters: Any) -> list[Op]:
    return [op("damage_per", count=count, amount=int(amount), **parameters)]


def more_if(condition: str, amount: str, **parameters: Any) -> list[Op]:
    return [op("damage_if", condition=condition, amount=int(amount), **parameters)]


def on_self(kind: str, amount: int = 1, turns: int = OPPONENT_NEXT_TURN) -> Op:
    return op("effect", on="self", kind=kind, amount=amount, turns=turns)


def on_defender(kind: str, amount: int = 1) -> Op:
    return op("effect", on="defender", kind=kind, amount=amount, turns=OPPONENT_NEXT_TURN)


def discard(match: re.Match[str]) -> list[Op]:
    return [op("discard_energy", type=energy_type(match, 2), count=int(match[1] or 1))]


def status(match: re.Match[str]) -> Op:
    return op("status", on="defender", status=match[1].lower())


STATUSES = "(Asleep|Paralyzed|Poisoned|Confused|Burned)"
DAMAGE: list[Rule] = [
    (r"Flip a coin\. If tails, this attack does nothing\.", lambda m: [coins(1), op("nothing_if_tails")]),
    (
        r"Flip (\d+) coins\. This attack does (\d+) damage for each heads\.",
        lambda m: [coins(int(m[1])), *per("heads", m[2])],
    ),
    (
        r"Flip (\d+) coins\. This attack does (\d+) more damage for each heads\.",
        lambda m: [coins(int(m[1])), *per("heads", m[2], add=True)],
    ),
    (
        r"Flip a coin for each Energy attached to this Pokémon\. This attack does (\d+) damage for each heads\.",
        lambda m: [op("coins", mode="per_energy"), *per("heads", m[1])],
    ),
    (
        r"Flip a coin until you get tails\. This attack does (\d+) damage for each heads\.",
        lambda m: until_tails(m, False),
    ),
    (
        r"Flip a coin until you get tails\. This attack does (\d+) more damage for each heads\.",
        lambda m: until_tails(m, True),
    ),
    (
        r"Flip a coin\. If heads, this attack does (\d+) more damage\.",
        lambda m: [coins(1), *per("heads", m[1], add=True)],
    ),
    (
        r"Flip a coin\. If heads, this attack does (\d+) more damage\. "
        r"If tails, this Pokémon also does (\d+) damage to itself\.",
        lambda m: [coins(1), *per("heads", m[1], add=True), op("self_damage", amount=int(m[2]), when="tails")],
    ),
    (
        r"Flip 2 coins\. If both of them are heads, this attack does (\d+) more damage\.",
        lambda m: [coins(2), *more_if("all_heads", m[1])],
    ),
    (
        rf"This attack does (\d+) damage for each of your Benched {SIGN} Pokémon\.",
        lambda m: per("own_bench", m[1], type=energy_type(m, 2)),
    ),
    (r"This attack does (\d+) damage for each of your Benched Pokémon\.", lambda m: per("own_bench", m[1])),
    (
        r"This attack does (\d+) more damage for each of your Benched Pokémon\.",
        lambda m: per("own_bench", m[1], add=True),
    ),
    (
        r"This attack does (\d+) more damage for each of your Benched (?!Pokémon)([A-Z]\w+)\.",
        lambda m: per("own_bench", m[1], names=[m[2]], add=True),
    ),
    (
        r"This attack does (\d+) more damage for each of your opponent's Benched Pokémon\.",
        lambda m: per("opponent_bench", m[1], add=True),
    ),
    (
        r"This attack does (\d+) more damage for each Energy attached to your opponent's Active Pokémon\.",
        lambda m: per("defender_energy", m[1], add=True),
    ),
    (
        r"This attack does (\d+) damage for each time your Pokémon used Sweets Relay during this game\.",
        lambda m: per("sweets_relay", m[1]),
    ),
    (
        r"If 1 of your Pokémon used Sweets Relay during your last turn, this attack does (\d+) more damage\.",
        lambda m: more_if("sweets_relay_last_turn", m[1]),
    ),
    (
        r"If any of your Pokémon were Knocked Out by damage from an attack during your opponent's last turn, "
        r"this attack does (\d+) more damage\.",
        lambda m: more_if("knocked_out_last_turn", m[1]),
    ),
    (
        r"If this Pokémon evolved during this turn, this attack does (\d+) more damage\.",
        lambda m: more_if("evolved_this_turn", m[1]),
    ),
    (
        r"If this Pokémon has a Pokémon Tool attached, this attack does (\d+) more damage\.",
        lambda m: more_if("has_tool", m[1]),
    ),
    (
        rf"If this Pokémon has at least (\d+) extra {SIGN} Energy attached, this attack does (\d+) more damage\.",
        lambda m: more_if("extra_energy", m[3], type=energy_type(m, 2), count=int(m[1])),
    ),
    (r"If this Pokémon has damage on it, this attack does (\d+) more damage\.", lambda m: more_if("damaged", m[1])),
    (
        r"If your opponent's Active Pokémon has damage on it, this attack does (\d+) more damage\.",
        lambda m: more_if("defender_damaged", m[1]),
    ),
    (
        r"If your opponent's Active Pokémon is Poisoned, this attack does (\d+) more damage\.",
        lambda m: more_if("defender_poisoned", m[1]),
    ),
    (
        r"If your opponent's Active Pokémon is an Evolution Pokémon, this attack does (\d+) more damage\.",
        lambda m: more_if("defender_evolved", m[1]),
    ),
    (
        r"If your opponent's Active Pokémon is a Pokémon \{ex\}, this attack does (\d+) more damage\.",
        lambda m: more_if("defender_ex", m[1]),
    ),
    (
        r"During your next turn, this Pokémon's [\w ]+ attack does \+(\d+) damage\.",
        lambda m: [on_self("boost", int(m[1]), OWN_NEXT_TURN)],
    ),
]
TARGETS: list[Rule] = [
    (
        r"This attack does (\d+) damage to 1 of your opponent's Pokémon\.",
        lambda m: [op("choose_damage", among="opponent", amount=int(m[1]))],
    ),
    (
        r"This attack (?:also )?does (\d+) damage to 1 of your opponent's Benched Pokémon\.",
        lambda m: [op("choose_damage", among="opponent_bench", amount=int(m[1]))],
    ),
    (
        rf"Discard {AMOUNT} {SIGN} Energy from this Pokémon\. "
        r"This attack does (\d+) damage to 1 of your opponent's Pokémon\.",
        lambda m: [*discard(m), op("choose_damage", among="opponent", amount=int(m[3]))],
    ),
    (
        r"This attack also does (\d+) damage to 1 of your Benched Pokémon\.",
        lambda m: [op("choose_damage", among="own_bench", amount=int(m[1]))],
    ),
    (
        r"This attack also does (\d+) damage to 1 of your Pokémon\.",
        lambda m: [op("choose_damage", among="own", amount=int(m[1]))],
    ),
    (
        r"This attack also does (\d+) damage to each of your opponent's Benched Pokémon\.",
        lambda m: [op("bench_damage", amount=int(m[1]))],
    ),
    (
        r"1 of your opponent's Pokémon is chosen at random (\d) times\. "
        r"For each time a Pokémon was chosen, do (\d+) damage to it\.",
        lambda m: [op("random_hits", times=int(m[1]), amount=int(m[2]))],
    ),
    (r"This Pokémon also does (\d+) damage to itself\.", lambda m: [op("self_damage", amount=int(m[1]))]),
    (r"Switch this Pokémon with 1 of your Benched Pokémon\.", lambda m: [op("switch_self")]),
    (
        r"Switch out your opponent's Active Pokémon to the Bench\. \(Your opponent chooses the new Active Pokémon\.\)",
        lambda m: [op("switch_out")],
    ),
    (
        r"Flip a coin\. If heads, your opponent shuffles their Active Pokémon into their deck\.",
        lambda m: [coins(1), heads(op("shuffle_away"))],
    ),
    (
        r"Flip a coin\. If heads, switch in 1 of your opponent's Benched Pokémon to the Active Spot\.",
        lambda m: [coins(1), heads(op("switch_in"))],
    ),
    (
        r"Choose 1 of your opponent's Active Pokémon's attacks and use it as this attack\.",
        lambda m: [op("copy_attack", among="defender")],
    ),
    (
        r"Choose 1 of your opponent's Pokémon's attacks and use it as this attack\. "
        r"If this Pokémon doesn't have the necessary Energy to use that attack, this attack does nothing\.",
        lambda m: [op("copy_attack", among="opponent")],
    ),
]
CONDITIONS: list[Rule] = [
    (rf"Your opponent's Active Pokémon is now {STATUSES}\.", lambda m: [status(m)]),
    (
        rf"Flip a coin\. If heads, your opponent's Active Pokémon is now {STATUSES}\.",
        lambda m: [coins(1), heads(status(m))],
    ),
    (rf"This Pokémon is now {STATUSES}\.", lambda m: [op("status", on="self", status=m[1].lower())]),
    (r"Heal (\d+) damage from this Pokémon\.", lambda m: [op("heal_self", amount=int(m[1]))]),
    (
        r"Flip a coin\. If heads, heal (\d+) damage from this Pokémon\.",
        lambda m: [coins(1), heads(op("heal_self", amount=int(m[1])))],
    ),
    (r"Heal (\d+) damage from each of your Pokémon\.", lambda m: [op("heal_each", amount=int(m[1]))]),
    (
        r"Heal from this Pokémon the same amount of damage you did to your opponent's Active Pokémon\.",
        lambda m: [op("heal_dealt")],
    ),
    (
        r"During your opponent's next turn, attacks used by the Defending Pokémon do -(\d+) damage\.",
        lambda m: [on_defender("do_less", int(m[1]))],
    ),
    (
        r"During your opponent's next turn, if the Defending Pokémon tries to use an attack, your opponent flips a "
        r"coin\. If tails, that attack doesn't happen\.",
        lambda m: [on_defender("smokescreen")],
    ),
    (r"During your opponent's next turn, the Defending Pokémon can't attack\.", lambda m: [on_defender("no_attack")]),
    (
        r"Flip a coin\. If heads, the Defending Pokémon can't attack during your opponent's next turn\.",
        lambda m: [coins(1), heads(on_defender("no_attack"))],
    ),
    (r"During your opponent's next turn, the Defending Pokémon can't retreat\.", lambda m: [on_defender("no_retreat")]),
    (
        r"During your opponent's next turn, this Pokémon takes -(\d+) damage from attacks\.",
        lambda m: [on_self("take_less", int(m[1]))],
    ),
    (
        r"During your opponent's next turn, if this Pokémon is damaged by an attack, "
        r"do (\d+) damage to the Attacking Pokémon\.",
        lambda m: [on_self("counter", int(m[1]))],
    ),
    (
        r"Flip a coin\. If heads, during your "
        r"opponent's next turn, prevent all "
        r"damage done to this Pokémon by attacks\.",
        lambda m: [coins(1), heads(on_self("no_damage"))],
    ),
    (
        r"Flip a coin\. If heads, during your opponent's next turn, prevent all damage from—and effects of—attacks "
        r"done to this Pokémon\.",
        lambda m: [coins(1), heads(on_self("untouchable"))],
    ),
    (
        r"Your opponent can't use any Supporter cards from their hand during their next turn\.",
        lambda m: [op("player_effect", on="opponent", kind="no_supporters", amount=1, turns=OPPONENT_NEXT_TURN)],
    ),
]
CARDS_AND_ENERGY: list[Rule] = [
    (rf"Discard {AMOUNT} {SIGN} Energy from this Pokémon\.", discard),
    (r"Discard all Energy from this Pokémon\.", lambda m: [op("discard_all_energy")]),
    (
        r"Discard a random Energy from your opponent's Active Pokémon\.",
        lambda m: [op("discard_random_energy", among="defender")],
    ),
    (
        r"Flip a coin\. If heads, discard a random Energy from your opponent's Active Pokémon\.",
        lambda m: [coins(1), heads(op("discard_random_energy", among="defender"))],
    ),
    (
        r"Discard a random Energy from among the Energy attached to all Pokémon \(both yours and your opponent's\)\.",
        lambda m: [op("discard_random_energy", among="all")],
    ),
    (r"Discard a random card from your opponent's hand\.", lambda m: [op("discard_random_card")]),
    (
        r"Flip a coin\. If heads, discard a random card from your opponent's hand\.",
        lambda m: [coins(1), heads(op("discard_random_card"))],
    ),
    (r"Discard the top (\d) cards of each player's deck\.", lambda m: [op("discard_top", count=int(m[1]))]),
    (r"Draw a card\.", lambda m: [op("draw", count=1)]),
    (r"Put 1 random (\w+[♂♀]?) from your deck onto your Bench\.", lambda m: [op("search_to_bench", names=[m[1]])]),
    (
        rf"Put 1 random {SIGN} Pokémon from your deck into your hand\.",
        lambda m: [op("search", filter="pokemon", type=energy_type(m, 1))],
    ),
    (r"Put a random Pokémon from your deck into your hand\.", lambda m: [op("search", filter="pokemon")]),
    (
        r"Shuffle your hand into your deck\. Draw a card for each card in your opponent's hand\.",
        lambda m: [op("new_hand", on="self", count="opponent_hand")],
    ),
    (r"Your opponent reveals their hand\.", lambda m: [op("reveal_hand")]),
    (
        rf"Take {AMOUNT} {SIGN} Energy from your Energy Zone and attach it to this Pokémon\.",
        lambda m: [op("attach_self", type=energy_type(m, 2), count=int(m[1] or 1))],
    ),
    (
        rf"Take a {SIGN} Energy from your Energy Zone and attach it to 1 of your Benched {SIGN} Pokémon\.",
        lambda m: [op("choose_attach", among="own_bench", type=energy_type(m, 1), only=energy_type(m, 2), count=1)],
    ),
    (
        rf"Flip (\d) coins\. Take an amount of {SIGN} Energy from your Energy Zone equal to the number of heads and "
        rf"attach it to your Benched {SIGN} Pokémon in any way you like\.",
        lambda m: [
            coins(int(m[1])),
            op("choose_attach", among="own_bench", type=energy_type(m, 2), only=energy_type(m, 3), count="heads"),
        ],
    ),
    (
        r"Choose 2 of your Benched Pokémon\. For each "
        r"of those Pokémon, take a "
        rf"{SIGN} Energy from your Energy Zone and "
        r"attach it to that Pokémon\.",
        lambda m: [op("choose_attach", among="own_bench", type=energy_type(m, 1), count=2, distinct=True)],
    ),
]
RULES = (*DAMAGE, *TARGETS, *CONDITIONS, *CARDS_AND_ENERGY)
