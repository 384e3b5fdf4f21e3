"""Short descriptions of operations, in our own words."""

from __future__ import annotations

from typing import Any

AMONG = {
    **{"opponent": "one of the foe's Pokémon", "opponent_bench": "one of the foe's benched Pokémon"},
    **{"own": "one of the own Pokémon", "own_bench": "one of the own benched Pokémon"},
    **{"defender": "the foe's Active", "all": "any Pokémon in play"},
}
COUNTS = {
    **{"heads": "head", "own_bench": "own benched Pokémon", "opponent_bench": "benched Pokémon of the foe"},
    **{"defender_energy": "Energy on the foe's Active", "sweets_relay": "use of Sweets Relay so far"},
}
CONDITIONS = {
    "all_heads": "if all are heads",
    "damaged": "if itself damaged",
    "defender_damaged": "if the foe's Active is damaged",
    "defender_poisoned": "if the foe's Active is Poisoned",
    "defender_ex": "if the foe's Active is an ex",
    "defender_evolved": "if the foe's Active has evolved",
    "has_tool": "if it holds a Tool",
    "evolved_this_turn": "if it evolved this turn",
    "knocked_out_last_turn": "if an attack knocked out an own Pokémon in the last turn",
    "sweets_relay_last_turn": "if Sweets Relay was used in the own last turn",
}
EFFECTS = {
    "take_less": "takes {amount} less from attacks",
    "no_damage": "takes no damage from attacks",
    "untouchable": "takes no damage and no effects from attacks",
    "no_attack": "cannot attack",
    "no_retreat": "cannot retreat",
    "smokescreen": "needs a head to attack",
    "do_less": "does {amount} less with attacks",
    "counter": "does {amount} back when an attack damages it",
    "boost": "does {amount} more with this attack",
    "no_supporters": "no Supporters",
    "retreat_less": "Active retreats for {amount} less",
    "do_more": "attacks do {amount} more to the foe's Active",
    "named_more": "attacks do {amount} more to the foe's Active",
}
SENTENCES = {
    "nothing_if_tails": "nothing on tails",
    "self_damage": "{amount} to itself",
    "bench_damage": "{amount} to each benched Pokémon of the foe",
    "random_hits": "{times} hits of {amount} at random foes",
    "choose_damage": "{amount} to {among}",
    "switch_self": "changes places with an own benched Pokémon",
    "switch_out": "the foe chooses a new Active",
    "switch_in": "choose the foe's new Active",
    "shuffle_away": "the foe's Active goes into its deck",
    "copy_attack": "uses an attack of {among}",
    "heal_self": "heals {amount} of itself",
    "heal_each": "heals {amount} of each own Pokémon",
    "heal_dealt": "heals what it dealt to the foe's Active",
    "choose_heal": "heals {amount} of one own Pokémon",
    "discard_energy": "discards {count} {type} Energy of its own",
    "discard_all_energy": "discards all Energy of its own",
    "discard_random_energy": "discards one random Energy of {among}",
    "discard_random_card": "discards one random card of the foe's hand",
    "discard_top": "both discard the top {count} cards of their decks",
    "draw": "draws {count}",
    "search": "takes one random card from the deck ({filter})",
    "search_to_bench": "benches one at random from the deck",
    "new_hand": "hand of {on} goes into the deck; draws {count}",
    "reveal_hand": "sees the foe's hand",
    "look_at_top": "sees the top {count} of the own deck",
    "take_top_or_bottom": "top card: to the hand if {type}, else to the bottom",
    "attach_self": "attaches {count} {type} from the Energy Zone to itself",
    "attach_active": "attaches {count} {type} from the Energy Zone to the own Active",
    "choose_attach": "attaches {type} from the Energy Zone ({count}) to {among}",
    "move_energy": "moves one {type} Energy from the Bench to the Active",
    "move_all_energy": "moves all {type} Energy from the Bench to the Active",
    "return_active": "takes the own Active into the hand",
    "choose_from_discard": "benches a Basic of the foe's discard pile for the foe",
    "count_sweets_relay": "is counted for who asks about Sweets Relay",
    "fossil": "is played as a Basic with {hp} HP that cannot retreat and may be discarded",
    "no_supporters": "as Active: the foe plays no Supporters",
    "counter": "as Active: {amount} back when an attack damages it",
    "take_less": "takes {amount} less from attacks",
    "double_energy": "each {type} Energy on own Pokémon of that type counts twice",
    "no_evolving": "the foe cannot evolve the Active",
    "heal_on_attach": "heals {amount} when {type} from the zone is attached",
    "damage_on_attach": "{amount} to the foe's Active when {type} from the zone is attached",
    "attach_after_first_turn": "attaches {type} at the end of the own first turn",
}


def describe(row: dict[str, Any]) -> str:
    """Words for one operation. `KeyError` for an operation that nobody has described."""
    name = row["op"]
    if name == "coins":
        text = {"count": "flips {count}", "until_tails": "flips until tails", "per_energy": "flips one per Energy"}[
            row["mode"]
        ].format(**row)
    elif name == "damage_per":
        what = COUNTS[row["count"]] + (f" ({row['type']})" if "type" in row else "")
        text = f"{row['amount']}{' more' if row.get('add') else ''} for each {what}"
    elif name == "damage_if":
        when = CONDITIONS.get(row["condition"]) or f"with {row['count']} {row['type']} Energy beyond the cost"
        text = f"{row['amount']} more {when}"
    elif name == "status":
        text = f"{'itself' if row['on'] == 'self' else 'foe'} {row['status']}"
    elif name in ("effect", "player_effect"):
        span = {1: "this turn", 2: "through the foe's next turn", 3: "through the own next turn"}[row["turns"]]
        text = f"{row['on']}: {EFFECTS[row['kind']].format(**row)} {span}"
    else:
        text = SENTENCES[name].format(**{**row, "among": AMONG.get(row.get("among", ""), "")})
    if "names" in row:
        text += f" [{', '.join(row['names'])}]"
    if "only" in row:
        text += f" [{row['only']}]"
    if "when" in row:
        text = f"{row['when']}: {text}"
    return text
