"""Write the table of cards from a file of card facts: `python -m families.tcgjax.cards.generate FACTS.json`.

FACTS.json is TCGdex's cards database (github tcgdex/cards-database, MIT) as one object with a list `cards`; each card
has `id`, `set`, `name`, `category`, `hp`, `types`, `stage`, `evolveFrom`, `suffix`, `retreat`, `weaknesses`, `attacks`,
`abilities`, `trainerType`, `text`. What is written has numbers, operations and descriptions in our own words. The
engine and the reference read that one file; they share no code.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from families.tcgjax.cards.attack_texts import RULES, Op, Rule
from families.tcgjax.cards.other_texts import ABILITIES, TRAINERS
from families.tcgjax.cards.words import describe

ROOT = Path(__file__).resolve().parents[3]
WRITTEN = ROOT / "tcgjax" / "data" / "cards.json"
NOTICE = (
    "Numbers of cards from TCGdex's cards database, snapshot d9083b73db of 21 August 2026. "
    "MIT License, Copyright (c) 2021 TCGdex. Permission is hereby granted, free of charge, to any person obtaining a "
    'copy of this software and associated documentation files (the "Software"), to deal in the Software without '
    "restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, "
    "sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, "
    "subject to the following conditions: The above copyright notice and this permission notice shall be included in "
    'all copies or substantial portions of the Software. THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY '
    "KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A "
    "PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY "
    "CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR "
    "IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE."
)
STAGES = {"Basic": 0, "Stage1": 1, "Stage2": 2}


class UnknownTextError(LookupError):
    """A card has a text that no operation is known for."""


def same_letters(text: str) -> str:
    """The text with one kind of apostrophe and of minus, so that two prints of a card do not differ by them."""
    return text.replace("’", "'").replace("−", "-").strip()


def operations(text: str | None, rules: Iterable[Rule]) -> list[Op]:
    """Operations of a text; none for no text. `UnknownTextError` for a text that no rule matches whole."""
    if not text:
        return []
    for pattern, make in rules:
        if match := re.fullmatch(pattern, same_letters(text)):
            return make(match)
    raise UnknownTextError(text)


def ability(text: str) -> tuple[str, list[Op]]:
    """An ability: the moment when it is used, and its operations."""
    for kind, pattern, make in ABILITIES:
        if match := re.fullmatch(pattern, same_letters(text)):
            return kind, make(match)
    raise UnknownTextError(text)


def printed_damage(value: object) -> int:
    return int(re.sub(r"[+×x]", "", str(value or 0)))


def words(rows: list[Op]) -> str:
    return "; ".join(describe(row) for row in rows)


def attack_row(facts: dict[str, Any]) -> dict[str, Any]:
    """One attack. `damage` is what it does before its operations: 0 where it is so much *for each* of something."""
    rows = operations(facts.get("text"), RULES)
    each = any(row["op"] == "damage_per" and not row.get("add") for row in rows)
    apart = any(row["op"] in ("choose_damage", "random_hits") for row in rows) and "also" not in (facts["text"] or "")
    if facts["name"] == "Sweets Relay":
        rows = [*rows, {"op": "count_sweets_relay"}]
    cost = [kind.lower() for kind in facts.get("cost") or []]
    row = {"name": facts["name"], "cost": cost, "damage": 0 if each or apart else printed_damage(facts.get("damage"))}
    described = words([row for row in rows if row["op"] != "count_sweets_relay"])
    return {**row, **({"operations": rows, "text": described} if rows else {})}


def pokemon_row(card: dict[str, Any]) -> dict[str, Any]:
    if len(card.get("attacks") or []) > 2 or len(card.get("abilities") or []) > 1:
        raise UnknownTextError(f"{card['name']}: more attacks or abilities than a card has")
    if card["name"].startswith("Mega ") and card.get("suffix") == "EX":
        raise UnknownTextError("a Mega Evolution, which is worth three points")
    if card["stage"] != "Basic" and not card.get("evolveFrom"):
        raise UnknownTextError("the source does not say from what it evolves")
    row: dict[str, Any] = {
        "name": same_letters(card["name"]),
        "category": "pokemon",
        "hp": card["hp"],
        "type": card["types"][0].lower(),
        "stage": STAGES[card["stage"]],
        "retreat": card.get("retreat") or 0,
        "attacks": [attack_row(attack) for attack in card.get("attacks") or []],
    }
    if card.get("evolveFrom"):
        row["evolves_from"] = same_letters(card["evolveFrom"])
    if card.get("suffix"):
        row["ex"] = True
    if card.get("weaknesses"):
        row["weakness"] = card["weaknesses"][0]["type"].lower()
    for facts in card.get("abilities") or []:
        kind, rows = ability(facts["text"])
        row["ability"] = {"name": facts["name"], "use": kind, "operations": rows, "text": words(rows)}
    return row


def trainer_row(card: dict[str, Any]) -> dict[str, Any]:
    if card["trainerType"] not in ("Item", "Supporter"):
        raise UnknownTextError(f"a {card['trainerType']}")
    rows = operations(card["text"], TRAINERS)
    return {
        "name": same_letters(card["name"]),
        "category": card["trainerType"].lower(),
        "operations": rows,
        "text": words(rows),
    }


def table(cards: list[dict[str, Any]]) -> dict[str, Any]:
    """The table of cards.

    `kinds`: the cards that differ in what they do. `prints`: card ids with their kind. `groups`: the lists of names
    that operations speak of. `operations`: each different one once.

    Two prints with the same name, numbers and operations are the same kind. `refused`: the ids and names of cards
    with an effect that is not implemented.
    """
    kinds: list[dict[str, Any]] = []
    prints: dict[str, int] = {}
    refused: dict[str, str] = {}
    known: dict[str, int] = {}
    for card in cards:
        try:
            row = pokemon_row(card) if card["category"] == "Pokemon" else trainer_row(card)
        except UnknownTextError:
            refused[card["id"]] = same_letters(card["name"])
            continue
        key = json.dumps(row, sort_keys=True)
        if key not in known:
            known[key] = len(kinds)
            kinds.append({"id": card["id"], **row})
        prints[card["id"]] = known[key]
    groups = sorted({tuple(row["names"]) for kind in kinds for row in all_operations(kind) if "names" in row})
    distinct = {json.dumps(row, sort_keys=True): row for kind in kinds for row in all_operations(kind)}
    shared = {"groups": groups, "operations": list(distinct.values())}
    return {"notice": NOTICE, "kinds": kinds, "prints": prints, "refused": refused, **shared}


def all_operations(kind: dict[str, Any]) -> list[Op]:
    """Operations of a card, of its ability and of its attacks."""
    holders = [kind, kind.get("ability", {}), *kind.get("attacks", [])]
    return [row for holder in holders for row in holder.get("operations", [])]


def render(found: dict[str, Any]) -> str:
    """JSON with one kind a line, so that a change of one card is a change of one line."""
    dump = lambda value: json.dumps(value, ensure_ascii=False)  # noqa: E731
    kinds = ",\n".join(dump(kind) for kind in found["kinds"])
    rest = ",\n".join(
        f"{dump(name)}: {dump(found[name])}" for name in ("notice", "groups", "operations", "prints", "refused")
    )
    return f'{{"kinds": [\n{kinds}\n],\n{rest}}}\n'


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m families.tcgjax.cards.generate", description=__doc__)
    parser.add_argument("facts", type=Path, help="file of card facts, as the module's description says")
    chosen = parser.parse_args(arguments)
    text = render(table(json.loads(chosen.facts.read_text("utf-8"))["cards"]))
    WRITTEN.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
