"""Deck lists as text.

::

    Energy: Grass, Water
    2 Bulbasaur A1-001
    1 A1-002            # the name may be left out

A deck has 20 cards, at most two with the same name, at least one Basic Pokémon, and one to three energy types.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from tcgjax import library

SIZE, SAME_NAME, MAX_TYPES = 20, 2, 3
_LINE = re.compile(r"(?P<count>\d+)\s*[x×]?\s+(?:(?P<name>.*\S)\s+)?\(?(?P<id>[A-Za-z][\w-]*-\d+)\)?")


class DeckError(ValueError):
    """A deck cannot be played; `problems` has one line for each reason."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


@dataclasses.dataclass(frozen=True)
class Deck:
    """Card ids in the order of the list, and energy types in the game's order."""

    ids: tuple[str, ...]
    energy: tuple[str, ...]

    @property
    def kinds(self) -> list[int]:
        """Kinds of the cards, as the engine knows them."""
        return [library.table()["prints"][id] for id in self.ids]

    def text(self) -> str:
        """The list as text; `read` makes the same deck of it."""
        lines = [f"{count} {library.name_of(id)} {id}" for id, count in Counter(self.ids).items()]
        return "\n".join([f"Energy: {', '.join(kind.capitalize() for kind in self.energy)}", *lines]) + "\n"


def read(text: str, name: str = "deck") -> Deck:
    """The deck of a list. `DeckError` names the deck, the line and what is allowed, for all that is wrong with it."""
    problems: list[str] = []
    ids: list[str] = []
    energy: tuple[str, ...] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        line, where = line.partition("#")[0].strip(), f"{name}, line {number}"
        if not line:
            continue
        if line.lower().startswith("energy"):
            if energy is not None:
                problems.append(f"{where}: a second line of energy types; allowed is one")
            energy = _energy(line, where, problems)
            continue
        match = _LINE.fullmatch(line)
        if not match:
            problems.append(
                f'{where}: {line!r} is no card; a line is a number, a name and an id, as "2 Bulbasaur A1-001"'
            )
            continue
        ids += [match["id"]] * min(int(match["count"]), SIZE + 1)
        problems += _card_problems(match["id"], match["name"], int(match["count"]), where)
    if energy is None:
        problems.append(f'{name}: it has no energy type; add a line as "Energy: Grass", with one to three types')
    problems += _deck_problems(ids, name)
    if problems:
        raise DeckError(problems)
    return Deck(tuple(ids), energy or ())


def check(ids: Iterable[str], energy: Iterable[str], name: str = "deck") -> Deck:
    """The deck of card ids and energy types; `DeckError` as `read` does, without lines."""
    ids, problems = tuple(ids), []
    kinds = _energy("energy: " + ", ".join(energy), name, problems)
    for id in dict.fromkeys(ids):
        problems += _card_problems(id, None, 1, name)
    problems += _deck_problems(ids, name)
    if problems:
        raise DeckError(problems)
    return Deck(ids, kinds)


@functools.cache
def pool() -> tuple[Deck, ...]:
    """The decks that `tcgjax/pocket-a1` draws from."""
    return tuple(
        Deck(tuple(id for id, count in row["cards"].items() for _ in range(count)), tuple(row["energy"]))
        for row in library.pool()
    )


def _energy(line: str, where: str, problems: list[str]) -> tuple[str, ...]:
    names = [part for part in re.split(r"[,\s]+", line.partition(":")[2].strip().lower()) if part]
    allowed = ", ".join(kind.capitalize() for kind in library.ENERGY_TYPES)
    for wrong in [part for part in names if part not in library.ENERGY_TYPES]:
        problems.append(f"{where}: {wrong!r} is no energy type; allowed are {allowed}")
    if not 1 <= len(set(names)) <= MAX_TYPES or len(set(names)) != len(names):
        problems.append(f"{where}: {len(names)} energy types; allowed are one to three different ones of {allowed}")
    return tuple(kind for kind in library.ENERGY_TYPES if kind in names)


def _card_problems(id: str, written: str | None, count: int, where: str) -> list[str]:
    """All that is wrong with one line."""
    found, problems = library.name_of(id), []
    if found is None:
        return [f"{where}: {_unknown(id)}"]
    if library.kind_of(id) is None:
        problems.append(
            f"{where}: {found} {id} has an effect that is not implemented; `tcgjax cards` lists the cards that work"
        )
    if written and written.casefold() != found.casefold():
        problems.append(f"{where}: {id} is {found}, not {written}")
    if count < 1:
        problems.append(f"{where}: {count} of {found}; allowed are 1 and {SAME_NAME}")
    return problems


def _unknown(id: str) -> str:
    sets = library.sets()
    if library.set_of(id) not in sets:
        return f"there is no set {library.set_of(id)!r} (in {id}); known sets are {', '.join(sets)}"
    close = difflib.get_close_matches(id, [*library.table()["prints"]], 3)
    return f"there is no card {id}; did you mean {', '.join(close)}?"


def _deck_problems(ids: Sequence[str], name: str) -> list[str]:
    """All that is wrong with a deck as a whole."""
    problems = []
    if len(ids) != SIZE:
        problems.append(f"{name}: {len(ids)} cards; allowed are exactly {SIZE}")
    names = Counter(library.name_of(id) or id for id in ids)
    problems += [
        f"{name}: {count} cards named {card}; allowed are {SAME_NAME} of a name"
        for card, count in names.items()
        if count > SAME_NAME
    ]
    kinds = [library.kind_of(id) for id in ids]
    if not any(kind is not None and library.is_basic(library.kinds()[kind]) for kind in kinds):
        problems.append(f"{name}: no Basic Pokémon; a deck needs at least one")
    return problems
