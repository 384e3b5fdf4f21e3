"""Texts of abilities and of Trainer cards as operations."""

from __future__ import annotations

from families.tcgjax.cards.attack_texts import (
    OPPONENT_NEXT_TURN,
    SIGN,
    STATUSES,
    Make,
    Rule,
    coins,
    energy_type,
    heads,
    op,
)

THIS_TURN = 1
ONCE = "Once during your turn, "


def passive(kind: str, **parameters: object) -> list[dict[str, object]]:
    return [op(kind, **parameters)]


ABILITIES: list[tuple[str, str, Make]] = [
    # when it can be used, the text, the operations
    (
        "passive",
        r"As long as this Pokémon is in the Active Spot, your opponent can't use any Supporter cards from their hand\.",
        lambda m: passive("no_supporters"),
    ),
    (
        "passive",
        r"If this Pokémon is in the Active Spot and is damaged by an attack from your opponent's Pokémon, "
        r"do (\d+) damage to the Attacking Pokémon\.",
        lambda m: passive("counter", amount=int(m[1])),
    ),
    (
        "passive",
        r"This Pokémon takes -(\d+) damage from attacks\.",
        lambda m: passive("take_less", amount=int(m[1])),
    ),
    (
        "passive",
        rf"This Pokémon takes -(\d+) damage from attacks from {SIGN} Pokémon\.",
        lambda m: passive("take_less", amount=int(m[1]), type=energy_type(m, 2)),
    ),
    (
        "passive",
        r"If you have ([\w ]+?) or ([\w ]+?) in play, this Pokémon takes -(\d+) damage from attacks\.",
        lambda m: passive("take_less", amount=int(m[3]), names=[m[1], m[2]]),
    ),
    (
        "passive",
        rf"Each {SIGN} Energy attached to your {SIGN} Pokémon provides 2 {SIGN} Energy\. This effect doesn't stack\.",
        lambda m: passive("double_energy", type=energy_type(m, 1)),
    ),
    (
        "passive",
        r"Your opponent can't play any Pokémon from their hand to evolve their Active Pokémon\.",
        lambda m: passive("no_evolving"),
    ),
    (
        "passive",
        rf"Whenever you attach a {SIGN} Energy from your Energy Zone to this Pokémon, "
        r"heal (\d+) damage from this Pokémon\.",
        lambda m: passive("heal_on_attach", type=energy_type(m, 1), amount=int(m[2])),
    ),
    (
        "passive",
        rf"Whenever you attach a {SIGN} Energy from your Energy Zone to this Pokémon, "
        r"do (\d+) damage to your opponent's Active Pokémon\.",
        lambda m: passive("damage_on_attach", type=energy_type(m, 1), amount=int(m[2])),
    ),
    (
        "passive",
        rf"At the end of your first turn, take a {SIGN} Energy from your Energy Zone and attach it to this Pokémon\.",
        lambda m: passive("attach_after_first_turn", type=energy_type(m, 1)),
    ),
    (
        "always",
        rf"As often as you like during your turn, you may move a {SIGN} Energy from 1 of your Benched {SIGN} Pokémon "
        rf"to your Active {SIGN} Pokémon\.",
        lambda m: [op("move_energy", type=energy_type(m, 1))],
    ),
    (
        "once_active",
        r"If this Pokémon is in the Active Spot, once during your turn, you may switch in 1 of your opponent's "
        r"Benched Basic Pokémon to the Active Spot\.",
        lambda m: [op("switch_in", basic=True)],
    ),
    (
        "once_active",
        ONCE + rf"if this Pokémon is in the Active Spot, you may make your opponent's Active Pokémon {STATUSES}\.",
        lambda m: [op("status", on="defender", status=m[1].lower())],
    ),
    (
        "once",
        ONCE + r"you may do (\d+) damage to 1 of your opponent's Pokémon\.",
        lambda m: [op("choose_damage", among="opponent", amount=int(m[1]))],
    ),
    (
        "once",
        ONCE + rf"you may flip a coin\. If heads, your opponent's Active Pokémon is now {STATUSES}\.",
        lambda m: [coins(1), heads(op("status", on="defender", status=m[1].lower()))],
    ),
    (
        "once",
        ONCE + r"you may heal (\d+) damage from each of your Pokémon\.",
        lambda m: [op("heal_each", amount=int(m[1]))],
    ),
    ("once", ONCE + r"you may look at the top card of your deck\.", lambda m: [op("look_at_top", count=1)]),
    (
        "once",
        ONCE + r"you may switch out your opponent's Active Pokémon to the Bench\. "
        r"\(Your opponent chooses the new Active Pokémon\.\)",
        lambda m: [op("switch_out")],
    ),
    (
        "once",
        ONCE + rf"you may take 1 {SIGN} Energy from your Energy Zone and attach it to the {SIGN} Pokémon in the "
        r"Active Spot\.",
        lambda m: [op("attach_active", type=energy_type(m, 1), only=energy_type(m, 2), count=1)],
    ),
    (
        "once",
        ONCE + rf"you may take a {SIGN} Energy from your Energy Zone and attach it to this Pokémon\.",
        lambda m: [op("attach_self", type=energy_type(m, 1), count=1)],
    ),
]


def this_turn(kind: str, amount: str, **parameters: object) -> list[dict[str, object]]:
    return [op("player_effect", on="self", kind=kind, amount=int(amount), turns=THIS_TURN, **parameters)]


TRAINERS: list[Rule] = [
    (
        r"During this turn, the Retreat Cost of your Active Pokémon is (\d) less\.",
        lambda m: this_turn("retreat_less", m[1]),
    ),
    (r"Heal (\d+) damage from 1 of your Pokémon\.", lambda m: [op("choose_heal", amount=int(m[1]))]),
    (
        rf"Heal (\d+) damage from 1 of your {SIGN} Pokémon\.",
        lambda m: [op("choose_heal", amount=int(m[1]), only=energy_type(m, 2))],
    ),
    (r"Look at the top (\d) cards of your deck\.", lambda m: [op("look_at_top", count=int(m[1]))]),
    (
        r"Look at the top card of your deck\. If that "
        rf"card is a {SIGN} Pokémon, "
        r"put it into your hand\. If it is not a "
        rf"{SIGN} Pokémon, put it on the bottom of your deck\.",
        lambda m: [op("take_top_or_bottom", type=energy_type(m, 1))],
    ),
    (
        r"Play this card as if it were a (\d+)-HP Basic \{C\} Pokémon\.\nAt any time during your turn, you may discard "
        r"this card from play\.\nThis card can't retreat\.",
        lambda m: [op("fossil", hp=int(m[1]))],
    ),
    (
        r"Put a Basic Pokémon from your opponent's discard pile onto their Bench\.",
        lambda m: [op("choose_from_discard")],
    ),
    (r"Put a random Basic Pokémon from your deck into your hand\.", lambda m: [op("search", filter="basic")]),
    (r"Your opponent reveals their hand\.", lambda m: [op("reveal_hand")]),
    (
        r"Your opponent shuffles their hand into their deck and draws (\d) cards\.",
        lambda m: [op("new_hand", on="opponent", count=int(m[1]))],
    ),
    (
        rf"Choose 1 of your {SIGN} Pokémon, and flip a coin until you get tails\. For each heads, take a {SIGN} Energy "
        r"from your Energy Zone and attach it to that Pokémon\.",
        lambda m: [
            op("choose_attach", among="own", type=energy_type(m, 2), only=energy_type(m, 1), count="until_tails")
        ],
    ),
    (r"Draw (\d) cards\.", lambda m: [op("draw", count=int(m[1]))]),
    (
        r"During this turn, attacks used by your ([\w ]+), ([\w ]+), or ([\w ]+) do \+(\d+) damage to your opponent's "
        r"Active Pokémon\.",
        lambda m: this_turn("named_more", m[4], names=[m[1], m[2], m[3]]),
    ),
    (
        r"During this turn, attacks used by your Pokémon do \+(\d+) damage to your opponent's Active Pokémon\.",
        lambda m: this_turn("do_more", m[1]),
    ),
    (
        r"During your opponent's next turn, all of your Pokémon take -(\d+) damage from attacks from your opponent's "
        r"Pokémon\.",
        lambda m: [op("player_effect", on="self", kind="take_less", amount=int(m[1]), turns=OPPONENT_NEXT_TURN)],
    ),
    (
        rf"Move all {SIGN} Energy from your Benched Pokémon to your (\w+), (\w+), or (\w+) in the Active Spot\.",
        lambda m: [op("move_all_energy", type=energy_type(m, 1), names=[m[2], m[3], m[4]])],
    ),
    (
        r"Put your (\w+) or (\w+) in the Active Spot into your hand\.",
        lambda m: [op("return_active", names=[m[1], m[2]])],
    ),
    (r"Put your (\w+ ex) in the Active Spot into your hand\.", lambda m: [op("return_active", names=[m[1]])]),
    (
        r"Switch out your opponent's Active Pokémon to the Bench\. \(Your opponent chooses the new Active Pokémon\.\)",
        lambda m: [op("switch_out")],
    ),
    (
        rf"Take 1 {SIGN} Energy from your Energy Zone and attach it to your (\w+) or (\w+)\.",
        lambda m: [op("choose_attach", among="own", type=energy_type(m, 1), names=[m[2], m[3]], count=1)],
    ),
]
