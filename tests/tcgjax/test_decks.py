"""Deck lists in and out, and what is wrong with them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tcgjax import cli, decks, library

LINES = [
    *("2 Bulbasaur A1-001", "2 Ivysaur A1-002", "2 Venusaur ex A1-004", "2 Exeggcute A1-021", "2 Exeggutor ex A1-023"),
    *("2 Tangela A1-024", "2 Erika A1-219", "2 Potion P-A-001", "2 P-A-005", "2 Professor's Research (P-A-007)"),
]
GOOD = "Energy: Grass\n" + "\n".join(LINES)


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(decks.DeckError) as caught:
        decks.read(text, "mine")
    return caught.value.problems


def test_a_deck_goes_in_and_out() -> None:
    deck = decks.read(GOOD + "  # a comment\n\n")
    assert len(deck.ids) == 20 and deck.energy == ("grass",)
    assert decks.read(deck.text()) == deck
    assert decks.check(deck.ids, deck.energy) == deck
    assert [library.kinds()[kind]["name"] for kind in deck.kinds[:3]] == ["Bulbasaur", "Bulbasaur", "Ivysaur"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("2 Tangela A1-024", "1 Tangela A1-024"), "mine: 19 cards; allowed are exactly 20"),
        (("2 Tangela A1-024", "3 Tangela A1-024"), "mine: 21 cards; allowed are exactly 20"),
        (("2 Tangela A1-024", "2 Bulbasaur A1-227"), "mine: 4 cards named Bulbasaur; allowed are 2 of a name"),
        (("Energy: Grass\n", ""), "mine: it has no energy type"),
        (("Energy: Grass", "Energy:"), "mine, line 1: 0 energy types; allowed are one to three"),
        (("Energy: Grass", "Energy: Fire, Dragon"), "mine, line 1: 'dragon' is no energy type; allowed are Grass"),
        (("Energy: Grass", "Energy: Grass, Grass"), "mine, line 1: 2 energy types; allowed are one to three different"),
        (("Energy: Grass", "Energy: Grass, Fire, Water, Metal"), "mine, line 1: 4 energy types"),
        (("Energy: Grass", "Energy: Grass\nEnergy: Fire"), "mine, line 2: a second line of energy types"),
        (("2 Tangela A1-024", "2 Tangela A1-924"), "mine, line 7: there is no card A1-924; did you mean"),
        (("2 Tangela A1-024", "2 Tangela Z9-024"), "mine, line 7: there is no set 'Z9' (in Z9-024); known sets are A1"),
        (("2 Tangela A1-024", "2 Tinkaton B2a-129"), "mine, line 7: Tinkaton B2a-129 has an effect that is not"),
        (("2 Tangela A1-024", "2 Pinsir A1-024"), "mine, line 7: A1-024 is Tangela, not Pinsir"),
        (("2 Tangela A1-024", "0 Tangela A1-024"), "mine, line 7: 0 of Tangela; allowed are 1 and 2"),
        (("2 Tangela A1-024", "two Tangela"), "mine, line 7: 'two Tangela' is no card; a line is a number, a name"),
    ],
)
def test_problems_name_deck_line_and_what_is_allowed(change: tuple[str, str], problem: str) -> None:
    found = problems(GOOD.replace(*change))
    assert any(problem in line for line in found), found


def test_a_deck_without_a_basic() -> None:
    assert "mine: no Basic Pokémon; a deck needs at least one" in problems("Energy: Grass\n2 Ivysaur A1-002")


def test_all_problems_come_at_once() -> None:
    assert len(problems("2 Tangela Z9-024\nhello")) == 5
    with pytest.raises(decks.DeckError, match="no set 'Z9'"):
        decks.check(["Z9-001"] * 20, ["grass"])


def test_every_card_that_works_is_listed_with_its_effects(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["cards", "--set", "A1", "--set", "A1a", "--set", "P-A"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 473 and lines[-1] == "472 cards work, 0 have an effect that is not implemented"
    assert "A1-033   Charmander | 60 HP Fire; [F] Ember 30 (discards 1 fire Energy of its own)" in lines


def test_refused_cards_are_listed_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["cards", "--set", "B2a", "--refused"]) == 0
    assert "B2a-129  Tinkaton" in capsys.readouterr().out.splitlines()
    assert cli.main(["cards", "--set", "Z9"]) == 1
    assert "there is no set 'Z9'; known sets are A1" in capsys.readouterr().err


def test_reading_a_deck_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "venusaur.txt"
    path.write_text(GOOD, "utf-8")
    assert cli.main(["deck", str(path)]) == 0
    assert capsys.readouterr().out.startswith("Energy: Grass\n2 Bulbasaur A1-001\n")
    path.write_text(GOOD + "\n2 Pinsir A1-026", "utf-8")
    assert cli.main(["deck", str(path)]) == 1
    assert "venusaur.txt: 22 cards; allowed are exactly 20" in capsys.readouterr().err
    assert cli.main(["deck", str(tmp_path / "none.txt")]) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_reading_decks_loads_no_jax() -> None:
    code = "import sys, tcgjax.cli; print('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
