"""The table of cards, row by row against the facts where they are at hand, and its generator."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from families.tcgjax.cards import generate
from families.tcgjax.cards.attack_texts import RULES
from families.tcgjax.cards.words import describe

FACTS = "POCKET_CARD_FACTS"
FIRST_SETS = ("A1", "A1a", "P-A")


def table() -> dict:
    return json.loads(generate.WRITTEN.read_text("utf-8"))


def facts() -> list[dict]:
    path = os.environ.get(FACTS)
    if not path:
        pytest.skip(f"the card facts are not in the repository; name their file in {FACTS}")
    return json.loads(Path(path).read_text("utf-8"))["cards"]


def test_it_is_small_and_has_its_notice() -> None:
    assert generate.WRITTEN.stat().st_size < 2_000_000
    assert "MIT License, Copyright (c) 2021 TCGdex" in table()["notice"]


def test_all_cards_of_the_first_sets_are_there() -> None:
    found = table()
    counts = {name: sum(id.rsplit("-", 1)[0] == name for id in found["prints"]) for name in FIRST_SETS}
    assert counts == {"A1": 286, "A1a": 86, "P-A": 100}
    assert not [id for id in found["refused"] if id.rsplit("-", 1)[0] in FIRST_SETS]


def test_every_operation_is_described_in_words() -> None:
    for row in table()["operations"]:
        assert describe(row)


def test_no_text_of_a_card_is_in_the_table() -> None:
    """Descriptions are our own: none is a text of the rules that read the cards' texts."""
    texts = json.dumps([kind.get("text", "") for kind in table()["kinds"]])
    assert "This attack does" not in texts and "Flip a coin." not in texts and "Once during your turn" not in texts


def test_an_unknown_text_is_refused_and_not_cut() -> None:
    with pytest.raises(generate.UnknownTextError, match="Do a dance"):
        generate.operations("Draw a card. Do a dance.", RULES)
    assert generate.operations("Draw a card.", RULES) == [{"op": "draw", "count": 1}]
    assert generate.operations(None, RULES) == []


def test_a_card_with_an_unknown_effect_is_refused_by_name() -> None:
    card = {"id": "X-1", "name": "Somebody", "category": "Trainer", "trainerType": "Item", "text": "Do a dance."}
    assert generate.table([card])["refused"] == {"X-1": "Somebody"}


def test_the_table_is_what_the_generator_makes_of_the_facts() -> None:
    assert generate.render(generate.table(facts())) == generate.WRITTEN.read_text("utf-8")


def test_numbers_row_by_row() -> None:
    """Read a second time, by other code than the generator's."""
    found = table()
    for card in facts():
        if card["id"] not in found["prints"]:
            assert found["refused"][card["id"]].replace("'", "") == re.sub("['’]", "", card["name"])
            continue
        kind = found["kinds"][found["prints"][card["id"]]]
        assert kind["name"] == card["name"].replace("’", "'")
        assert kind["category"] == (card["trainerType"] or "pokemon").lower() if "trainerType" in card else "pokemon"
        if card["category"] != "Pokemon":
            continue
        assert kind["hp"] == card["hp"] and [kind["type"].capitalize()] == card["types"]
        assert ("Basic", "Stage1", "Stage2")[kind["stage"]] == card["stage"]
        assert kind.get("evolves_from", "") == card.get("evolveFrom", "").replace("’", "'")
        assert kind["retreat"] == card.get("retreat", 0) and kind.get("ex", False) == (card.get("suffix") == "EX")
        weak = [entry["type"].lower() for entry in card.get("weaknesses") or []]
        assert [kind.get("weakness")] == (weak or [None])
        assert len(kind["attacks"]) == len(card.get("attacks") or [])
        for row, attack in zip(kind["attacks"], card.get("attacks") or [], strict=True):
            assert row["cost"] == [one.lower() for one in attack["cost"] or []] and row["name"] == attack["name"]
            printed = int(re.sub(r"\D", "", str(attack.get("damage") or 0)) or 0)
            text = attack.get("text", "")
            each = "damage for each" in text and "more damage for each" not in text
            assert row["damage"] == (0 if each else printed) or "to 1 of your opponent's" in text
            assert bool(row.get("operations")) == bool(text)
        assert ("ability" in kind) == bool(card.get("abilities"))
