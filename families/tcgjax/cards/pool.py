"""Makes the pool of decks of `tcgjax/pocket-a1` from the card table: ``python -m families.tcgjax.cards.pool``.

Every Pokémon of A1, A1a and P-A that nothing evolves from, and whose evolution line these sets hold, leads at least one
deck; 256 decks in all. A deck has

1. the leader's line, two of each stage, with the prints that the pool has used least;
2. a partner's line of the same energy types, of any Pokémon with good figures; then Basics, until there are
   `POKEMON` cards;
3. two Poké Balls, two Professor's Researches, the Trainers that help these very Pokémon by name or type, and others,
   some more often than others.

Each Pokémon can pay for an attack with the deck's types, and the leader for all of its attacks. Choices come from one
generator of random numbers with a fixed seed, so the same table gives the same pool.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tcgjax import decks, library

SETS = ("A1", "A1a", "P-A")
DECKS, SEED, POKEMON = 256, 23, 9
SECOND_TYPE = 0.25
LINE = 2
"""Cards of each stage of a line."""
ALWAYS = ("Poké Ball", "Professor's Research")
OTHERS = {
    **{"Sabrina": 6, "Giovanni": 6, "Potion": 5, "X Speed": 3, "Red Card": 2, "Leaf": 2, "Blue": 2},
    **{"Hand Scope": 1, "Pokédex": 1, "Pokémon Flute": 1},
}
"""Trainers that fit any deck, and how likely each is."""
Row = Mapping[str, Any]


def prints() -> dict[int, str]:
    """Kind → its first card id, of the sets' cards that can be played."""
    found: dict[int, str] = {}
    for id, kind in library.table()["prints"].items():
        if library.set_of(id) in SETS:
            found.setdefault(kind, id)
    return found


def types_of(row: Row) -> set[str]:
    """Energy types that a Pokémon's attacks cost."""
    return {kind for attack in row["attacks"] for kind in attack["cost"]} - {"colorless"}


def pays(row: Row, types: Iterable[str]) -> bool:
    """The types pay for one of the attacks."""
    return any(set(attack["cost"]) - {"colorless"} <= set(types) for attack in row["attacks"])


def strength(row: Row) -> float:
    """A rough figure of a Pokémon: its HP, and the best damage for an Energy."""
    best = max((attack["damage"] + 20 * ("text" in attack)) / max(len(attack["cost"]), 1) for attack in row["attacks"])
    return row["hp"] / 20 + best / 5 + 4 * ("ability" in row) + 3 * row.get("ex", False)


class Maker:
    """The cards, what the pool has used of them so far, and the random choices."""

    def __init__(self) -> None:
        self.rng = random.Random(SEED)
        self.ids = prints()
        self.rows: dict[int, Row] = {kind: library.kinds()[kind] for kind in self.ids}
        self.used: Counter[int] = Counter()
        self.named: dict[str, list[int]] = {}
        for kind, row in self.rows.items():
            self.named.setdefault(row["name"], []).append(kind)
        evolved = {row.get("evolves_from") for row in self.rows.values()}
        pokemon = [kind for kind, row in self.rows.items() if row["category"] == "pokemon"]
        finals = [kind for kind in pokemon if self.rows[kind]["name"] not in evolved]
        self.leaders = [kind for kind in finals if self.line(kind)]
        self.basics = [kind for kind in pokemon if library.is_basic(self.rows[kind])]

    def line(self, kind: int) -> list[int]:
        """Kinds from the Basic (or the fossil) up, the least used of each name; [] where a stage is missing."""
        found = [kind]
        while name := self.rows[found[0]].get("evolves_from"):
            if name not in self.named:
                return []
            found.insert(0, min(self.named[name], key=lambda kind: (self.used[kind], kind)))
        return found

    def types_of_line(self, line: Sequence[int]) -> set[str]:
        """Energy types of all attacks of a line's last stage, and of those below that could not attack without them."""
        found = types_of(self.rows[line[-1]])
        for kind in line[:-1]:
            row = self.rows[kind]
            if row["category"] == "pokemon" and not pays(row, found):
                found |= types_of(row)
        return found

    def deck(self, leader: int) -> tuple[str, list[int], tuple[str, ...]]:
        """Name, kinds and energy types of one deck."""
        main = self.line(leader)
        types = self.types_of_line(main)
        partner = self.partner(leader, types, len(main))
        types = types | self.types_of_line(self.line(partner)) or {self.rng.choice(library.ENERGY_TYPES)}
        cards = [kind for kind in [*main, *self.line(partner)] for _ in range(LINE)]
        while len(cards) < POKEMON or not any(kind in self.basics for kind in cards):
            names = Counter(self.rows[kind]["name"] for kind in cards)
            fitting = [
                kind
                for kind in self.basics
                if pays(self.rows[kind], types) and names[self.rows[kind]["name"]] < decks.SAME_NAME
            ]
            cards.append(self.choose(fitting))
        cards += self.trainers(cards, decks.SIZE - len(cards))
        self.used.update(cards)
        name = f"{self.rows[leader]['name']}, {self.rows[partner]['name']}"
        return name, cards, tuple(kind for kind in library.ENERGY_TYPES if kind in types)

    def partner(self, leader: int, types: set[str], stages: int) -> int:
        """Another final Pokémon; its line is short if the leader's is long, and never shares a name with it.

        It adds a type where the leader has none, and in `SECOND_TYPE` of the decks.
        """
        most = 2 if types and self.rng.random() < SECOND_TYPE else 1
        names = {self.rows[kind]["name"] for kind in self.line(leader)}
        fitting = []
        for kind in self.leaders:
            line = self.line(kind)
            own = self.types_of_line(line)
            fits = own <= types or len(own | types) <= most
            short = len(line) + stages <= 4
            if fits and short and not names & {self.rows[kind]["name"] for kind in line}:
                fitting.append(kind)
        return self.choose(fitting)

    def choose(self, kinds: Sequence[int]) -> int:
        """One of the kinds: a strong one more likely, a used one less."""
        weights = [strength(self.rows[kind]) ** 2 / (1 + self.used[kind]) for kind in kinds]
        return self.rng.choices(kinds, weights)[0]

    def trainers(self, cards: Sequence[int], room: int) -> list[int]:
        """The fixed ones, those of these Pokémon, and others."""
        pokemon = [self.rows[kind] for kind in cards]
        names, types = {row["name"] for row in pokemon}, Counter(row.get("type") for row in pokemon)
        found = [self.named[name][0] for name in ALWAYS for _ in range(decks.SAME_NAME)]
        for kind, row in self.rows.items():
            operation = row["operations"][0] if row["category"] != "pokemon" and row["operations"] else {}
            wanted = set(operation.get("names", ()))
            only = operation.get("only") or operation.get("type")
            if wanted & names or (not wanted and only and types[only] >= POKEMON // 2):
                found += [kind] * decks.SAME_NAME
        found = found[:room]
        while len(found) < room:
            kind = self.named[self.rng.choices(list(OTHERS), list(OTHERS.values()))[0]][0]
            if found.count(kind) < decks.SAME_NAME:
                found.append(kind)
        return found


def make() -> list[dict[str, Any]]:
    """The pool: name, energy types, and card id → number, of each deck; all of them legal and different."""
    maker = Maker()
    found: dict[tuple[int, ...], dict[str, Any]] = {}
    while len(found) < DECKS:
        for leader in maker.leaders:
            name, kinds, energy = maker.deck(leader)
            decks.check([maker.ids[kind] for kind in kinds], energy, name)
            counts = {maker.ids[kind]: count for kind, count in sorted(Counter(kinds).items())}
            found.setdefault(tuple(sorted(kinds)), {"name": name, "energy": list(energy), "cards": counts})
            if len(found) == DECKS:
                break
    return list(found.values())


def text(pool: Sequence[Mapping[str, Any]]) -> str:
    """The file: JSON, a deck a line."""
    lines = ",\n".join(json.dumps(deck, ensure_ascii=False) for deck in pool)
    made = "python -m families.tcgjax.cards.pool"
    return f'{{"made_by": {json.dumps(made)}, "decks": [\n{lines}\n]}}\n'


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m families.tcgjax.cards.pool", description=__doc__)
    parser.add_argument("--out", type=Path, default=library.POOL_PATH, help="file to write (default: the package's)")
    chosen = parser.parse_args(arguments)
    pool = make()
    chosen.out.write_text(text(pool), "utf-8")
    used = {id for deck in pool for id in deck["cards"]}
    print(f"{len(pool)} decks, {len(used)} of {len(prints())} kinds of cards, written to {chosen.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
