"""Command line: `tcgjax cards` lists the cards that work, `tcgjax deck FILE` reads a deck list."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tcgjax import decks, library

EXIT_OK, EXIT_WRONG = 0, 1


def describe(row: library.Row) -> str:
    """Numbers and effects of a card in one line."""
    if row["category"] != "pokemon":
        return f"{row['category'].capitalize()}: {row['text']}"
    parts = [f"{row['hp']} HP {row['type'].capitalize()}"]
    if ability := row.get("ability"):
        parts.append(f"{ability['name']} ({ability['text']})")
    for attack in row["attacks"]:
        effect = f" ({attack['text']})" if "text" in attack else ""
        cost = "".join(kind[0].upper() if kind != "colorless" else "*" for kind in attack["cost"]) or "0"
        parts.append(f"[{cost}] {attack['name']} {attack['damage'] or ''}".rstrip() + effect)
    return "; ".join(parts)


def list_cards(sets: Sequence[str], refused: bool) -> int:
    """Print the cards of the sets, or the ones that are refused."""
    wrong = [name for name in sets if name not in library.sets()]
    if wrong:
        print(f"tcgjax: there is no set {wrong[0]!r}; known sets are {', '.join(library.sets())}", file=sys.stderr)
        return EXIT_WRONG
    table = library.table()
    wanted = [id for id in table["refused" if refused else "prints"] if not sets or library.set_of(id) in sets]
    for id in wanted:
        row = None if refused else table["kinds"][table["prints"][id]]
        print(f"{id:<9}{library.name_of(id)}" + ("" if row is None else f" | {describe(row)}"))
    works = sum(not sets or library.set_of(id) in sets for id in table["prints"])
    refusals = sum(not sets or library.set_of(id) in sets for id in table["refused"])
    print(f"{works} cards work, {refusals} have an effect that is not implemented")
    return EXIT_OK


def read_deck(path: Path) -> int:
    try:
        print(decks.read(path.read_text("utf-8"), path.name).text(), end="")
    except (OSError, UnicodeDecodeError) as error:
        print(f"tcgjax: {path} cannot be read: {error}", file=sys.stderr)
        return EXIT_WRONG
    except decks.DeckError as error:
        print(error, file=sys.stderr)
        return EXIT_WRONG
    return EXIT_OK


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tcgjax", description="Cards and decks of Pokémon TCG Pocket.")
    commands = parser.add_subparsers(dest="command", required=True)
    cards = commands.add_parser("cards", help="list the cards that work")
    cards.add_argument("--set", action="append", default=[], metavar="NAME", help="only this set, as A1; repeatable")
    cards.add_argument("--refused", action="store_true", help="list the cards that do not work instead")
    deck = commands.add_parser("deck", help="read a deck list, and print it or what is wrong with it")
    deck.add_argument("file", type=Path, help='lines as "2 Bulbasaur A1-001", and one as "Energy: Grass, Water"')
    chosen = parser.parse_args(arguments)
    return list_cards(chosen.set, chosen.refused) if chosen.command == "cards" else read_deck(chosen.file)
