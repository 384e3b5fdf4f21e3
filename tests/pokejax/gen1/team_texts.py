"""Texts of teams to compare with Showdown's import: sound ones, and ones with what people write in them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import numpy as np

from pokejax.gen1.dex import MAX_MOVE, MAX_SPECIES, load_dex

STAT_NAMES = ("HP", "Atk", "Def", "Spc", "Spe")
NICKNAMES = ("[X] Bull", "Bertha", "a b", "Ünder", "Zap'", "x" * 18, "[X]", "3rd", "Mr. X", "TAUROS", "o'")


@dataclasses.dataclass
class Member:
    """One Pokémon as it will be written. Names are free text; None leaves a line out."""

    species: str
    number: int
    moves: list[str]
    nickname: str = ""
    gender: str = ""
    item: str | None = None
    level: str | None = None
    evs: list[str] | None = None
    """Parts of the line, as "252 HP"."""
    ivs: list[str] | None = None
    extra: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Text:
    """A text, and the names of what was done to it."""

    text: str
    changes: list[str]


def _known(species: int, level: int = 100) -> list[int]:
    levels = load_dex().species.learn_level[species]
    return np.flatnonzero((levels > 0) & (levels <= level)).tolist()


def _member(rng: np.random.Generator, species: int) -> Member:
    dex = load_dex()
    known = _known(species)
    moves = rng.choice(known, min(len(known), int(rng.integers(1, 5))), replace=False)
    member = Member(str(dex.species.name[species]), species, [str(dex.moves.name[move]) for move in moves])
    if rng.random() < 0.5:
        member.evs = _spread(rng, [0, 4, 63, 128, 252, 255], 0)
    if rng.random() < 0.3:
        # All DVs odd or all even in what counts, so that HP's follows.
        member.ivs = [f"{value} {name}" for name, value in zip(STAT_NAMES, _ivs(rng), strict=True)]
    if rng.random() < 0.2:
        member.nickname = str(rng.choice(NICKNAMES)) + str(species)
    if rng.random() < 0.15:
        member.level = str(rng.integers(55, 101))
    if rng.random() < 0.2:
        member.gender = str(rng.choice(["M", "F"]))
    return member


def _spread(rng: np.random.Generator, values: list[int], default: int) -> list[str]:
    parts = [f"{value} {name}" for name in STAT_NAMES if (value := int(rng.choice(values))) != default]
    return parts or ["252 HP"]


def _ivs(rng: np.random.Generator) -> list[int]:
    attack, defense, special, speed = (int(value) for value in rng.integers(0, 32, 4))
    dv = attack // 2 % 2 * 8 + defense // 2 % 2 * 4 + speed // 2 % 2 * 2 + special // 2 % 2
    return [2 * dv + int(rng.integers(0, 2)), attack, defense, special, speed]


# ---- what people write. Each changes one Pokémon, or the team, and returns nothing.

Change = Callable[[np.random.Generator, list[Member]], None]
CHANGES: dict[str, Change] = {}


def _change(function: Change) -> Change:
    CHANGES[function.__name__.strip("_").replace("_", " ")] = function
    return function


def _any(rng: np.random.Generator, team: list[Member]) -> Member:
    return team[int(rng.integers(len(team)))]


def _replace(member: Member, species: str) -> None:
    from pokejax.gen1.dex import species_number

    member.species, member.number = species, species_number(species)
    member.moves = [str(load_dex().moves.name[_known(member.number)[0]])]


@_change
def _alias_of_a_species(rng: np.random.Generator, team: list[Member]) -> None:
    _replace(_any(rng, team), str(rng.choice(load_dex().spellings.species_id)))


@_change
def _sign_of_nidoran(rng: np.random.Generator, team: list[Member]) -> None:
    _replace(_any(rng, team), str(rng.choice(["Nidoran♀", "Nidoran ♂", "nidoran♂", "NIDORAN-F"])))


@_change
def _alias_of_a_move(rng: np.random.Generator, team: list[Member]) -> None:
    member = _any(rng, team)
    table = load_dex().spellings
    row = int(rng.integers(len(table.move)))
    learners = np.flatnonzero(load_dex().species.learn_level[:, table.move[row]])
    _replace(member, str(load_dex().species.name[int(rng.choice(learners))]))
    spelling = {"vicegrip": "ViceGrip", "hijumpkick": "Hi Jump Kick"}
    member.moves = [spelling.get(str(table.move_id[row]), str(table.move_id[row]))]


@_change
def _other_case_and_blanks(rng: np.random.Generator, team: list[Member]) -> None:
    member = _any(rng, team)
    member.species = member.species.upper()
    member.moves = [move.lower().replace(" ", "") if rng.random() < 0.5 else f"{move}  " for move in member.moves]


@_change
def _species_that_is_none(rng: np.random.Generator, team: list[Member]) -> None:
    _any(rng, team).species = str(rng.choice(["Lucario", "Tauross", "MissingNo.", "Pichu", "Tauros-Paldea-Blaze", "?"]))


@_change
def _nickname(rng: np.random.Generator, team: list[Member]) -> None:
    _any(rng, team).nickname = str(rng.choice(NICKNAMES))


@_change
def _equal_nicknames(rng: np.random.Generator, team: list[Member]) -> None:
    for member in team[:2]:
        member.nickname = "Twin"


@_change
def _nicknames_that_differ_in_brackets(rng: np.random.Generator, team: list[Member]) -> None:
    for member, name in zip(team[:2], ("[Twin]", "Twin"), strict=False):
        member.nickname = name


@_change
def _name_of_a_species_as_nickname(rng: np.random.Generator, team: list[Member]) -> None:
    member = _any(rng, team)
    member.nickname = str(rng.choice(["Mewtwo", "lucario", "Mr. Mime", "Mr Mime", "tauros", "Pikachu-Alola", "bull"]))


@_change
def _own_name_as_nickname(rng: np.random.Generator, team: list[Member]) -> None:
    for member in team:
        member.nickname = member.species.lower()


@_change
def _long_nickname(rng: np.random.Generator, team: list[Member]) -> None:
    _any(rng, team).nickname = "y" * int(rng.integers(17, 21))


@_change
def _evs_of_spd(rng: np.random.Generator, team: list[Member]) -> None:
    _any(rng, team).evs = [f"252 {name}" for name in ("HP", str(rng.choice(["Spd", "SpD", "spd", "SPD"])))]


@_change
def _ivs_of_spd(rng: np.random.Generator, team: list[Member]) -> None:
    _any(rng, team).ivs = [f"{value} {name}" for value, name in ((26, "HP"), (28, "Spd"))]


@_change
def _evs_of_no_stat(rng: np.random.Generator, team: list[Member]) -> None:
    _any(rng, team).evs = ["252 HP", str(rng.choice(["252 SAtk", "252 Sp. Atk", "252", "252  Atk", "252 Luck"]))]


@_change
def _other_names_of_stats(rng: np.random.Generator, team: list[Member]) -> None:
    names = ["Hit Points", "attack", "DEF", "Special", "speed"], ["hitpoints", "Atk", "Defense", "SpAtk", "SPE"]
    values = (8, 16, 24, 32, 41)
    member = _any(rng, team)
    member.evs = [f"{value} {name}" for name, value in zip(names[int(rng.integers(2))], values, strict=True)]
    member.ivs = ["30 SpA", "2 special", "12 Spa"][: int(rng.integers(1, 4))]


@_change
def _mark_of_a_nature(rng: np.random.Generator, team: list[Member]) -> None:
    _any(rng, team).evs = ["252+ Atk", "4- Def"]


@_change
def _evs_of_another_game(rng: np.random.Generator, team: list[Member]) -> None:
    spreads = ["252 HP", "252 Atk", "6 Def"], ["252 HP", "252 Atk", "4 Spe"], ["255 HP", "255 Atk"]
    _any(rng, team).evs = spreads[rng.integers(3)]


@_change
def _evs_of_nobody(rng: np.random.Generator, team: list[Member]) -> None:
    _any(rng, team).evs = [str(rng.choice(["256 HP", "-4 Atk", "300 Spc", "-1 HP"]))]


@_change
def _one_ev(rng: np.random.Generator, team: list[Member]) -> None:
    _any(rng, team).evs = ["1 HP"]


@_change
def _hp_dv_that_does_not_follow(rng: np.random.Generator, team: list[Member]) -> None:
    _any(rng, team).ivs = [str(rng.choice(["0 HP", "2 Atk", "28 Spe", "20 HP"]))]


@_change
def _level(rng: np.random.Generator, team: list[Member]) -> None:
    for member in team:
        member.level = str(rng.integers(1, 101))


@_change
def _level_50(rng: np.random.Generator, team: list[Member]) -> None:
    member = _any(rng, team)
    member.level, member.evs = "50", [["252 HP"], None, ["253 HP"], ["252 HP", "2 Spc"], ["1 Atk"]][rng.integers(5)]


@_change
def _level_101(rng: np.random.Generator, team: list[Member]) -> None:
    _any(rng, team).level = "101"


@_change
def _any_moves(rng: np.random.Generator, team: list[Member]) -> None:
    names = load_dex().moves.name[1 : MAX_MOVE + 1]
    _any(rng, team).moves = [str(name) for name in rng.choice(names, 2, replace=False)]


@_change
def _move_that_is_none(rng: np.random.Generator, team: list[Member]) -> None:
    names = ["Scald", "Hidden Power [Ice]", "Body Slam / Surf", "(No Move)", "Struggle"]
    _any(rng, team).moves.append(str(rng.choice(names)))


@_change
def _move_twice(rng: np.random.Generator, team: list[Member]) -> None:
    member = _any(rng, team)
    member.moves = [*member.moves[:2], *[move.upper() for move in member.moves[:1]]]


@_change
def _five_moves(rng: np.random.Generator, team: list[Member]) -> None:
    member = _any(rng, team)
    member.moves = [str(load_dex().moves.name[move]) for move in _known(member.number)[:5]]


@_change
def _no_moves(rng: np.random.Generator, team: list[Member]) -> None:
    _any(rng, team).moves = []


@_change
def _empty_slots(rng: np.random.Generator, team: list[Member]) -> None:
    member = _any(rng, team)
    member.moves = ["", *member.moves[:2], "", " "][: int(rng.integers(2, 6))]


@_change
def _banned_move(rng: np.random.Generator, team: list[Member]) -> None:
    dex = load_dex()
    move = int(rng.choice(dex.ou_banned_moves))
    learners = np.flatnonzero(dex.species.learn_level[:, move])
    member = _any(rng, team)
    _replace(member, str(dex.species.name[int(rng.choice(learners))]))
    member.moves.append(str(dex.moves.name[move]))


@_change
def _moves_that_exclude_each_other(rng: np.random.Generator, team: list[Member]) -> None:
    dex = load_dex()
    species, first, second = (int(number) for number in rng.choice(dex.exclusive_moves))
    member = _any(rng, team)
    _replace(member, str(dex.species.name[species]))
    member.moves = [str(dex.moves.name[move]) for move in (first, second)]


@_change
def _uber(rng: np.random.Generator, team: list[Member]) -> None:
    _replace(_any(rng, team), str(rng.choice(["Mew", "Mewtwo"])))


@_change
def _same_species(rng: np.random.Generator, team: list[Member]) -> None:
    team.append(dataclasses.replace(_any(rng, team), nickname="Again"))


@_change
def _seven(rng: np.random.Generator, team: list[Member]) -> None:
    held = {member.number for member in team}
    free = [number for number in range(1, MAX_SPECIES - 1) if number not in held]
    while len(team) < 7:
        team.append(_member(rng, free[len(team)]))


@_change
def _item(rng: np.random.Generator, team: list[Member]) -> None:
    items = ["No Item", "no item", "Master Ball", "Leftovers", "Foo", "-", "Berry Juice"]
    _any(rng, team).item = str(rng.choice(items))


@_change
def _later_lines(rng: np.random.Generator, team: list[Member]) -> None:
    _any(rng, team).extra = [
        "Ability: Intimidate", "Shiny: Yes", "Happiness: 0", "Jolly Nature", "Pokeball: Premier Ball", "Role: sweeper",
        "Tera Type: Fire", "Trait: None", "Gigantamax: Yes",
    ][: int(rng.choice([1, 5, 8, 8, 9]))]  # fmt: skip


# ---- the three forms


def export(rng: np.random.Generator, team: list[Member], loose: bool) -> str:
    """Export text; ``loose`` adds blank lines, rules, marks and blanks as editors do."""
    separator = str(rng.choice(["\n\n", "\n---\n", "\n \n\n", "\n\n---\n\n"])) if loose else "\n\n"
    blocks = []
    for member in team:
        head = f"{member.nickname} ({member.species})" if member.nickname else member.species
        head += f" ({member.gender})" if member.gender else ""
        head += f" @ {member.item}" if member.item is not None else ""
        lines = [head]
        lines += [f"Level: {member.level}"] if member.level is not None else []
        lines += [f"EVs: {' / '.join(member.evs)}"] if member.evs else []
        lines += member.extra
        lines += [f"IVs: {' / '.join(member.ivs)}"] if member.ivs else []
        dash = str(rng.choice(["- ", "-", "~ "])) if loose else "- "
        lines += [f"{dash}{move}" for move in member.moves]
        blocks.append("\n".join(line + ("  " if loose else "") for line in lines))
    text = separator.join(blocks)
    if loose:
        text = str(rng.choice(["", "\ufeff", "\n\n", "=== [gen1ou] team ===\n\n"])) + text
        text = text.replace("\n", "\r\n") if rng.random() < 0.3 else text
    return text


def _numbers(parts: list[str] | None, default: int) -> dict[str, int] | None:
    if parts is None:
        return None
    ids = {"HP": "hp", "Atk": "atk", "Def": "def", "Spc": "spa", "Spe": "spe"}
    values: dict[str, int] = dict.fromkeys(("hp", "atk", "def", "spa", "spd", "spe"), default)
    for part in parts:
        number, _, name = part.partition(" ")
        if name in ids and number.lstrip("-").isdigit():
            values[ids[name]] = int(number)
    return values


def as_json(rng: np.random.Generator, team: list[Member], loose: bool) -> str:
    """JSON; numbers under names that are not Showdown's are left out."""
    rows = []
    for member in team:
        row: dict[str, Any] = {"name": member.nickname, "species": member.species, "moves": member.moves}
        row |= {"item": member.item} if member.item is not None else {}
        row |= {"level": int(member.level)} if member.level is not None else {}
        evs, ivs = _numbers(member.evs, 0), _numbers(member.ivs, 31)
        row |= {"evs": evs} if evs and any(evs.values()) else {}
        row |= {"ivs": ivs} if ivs else {}
        rows.append(row)
    return json.dumps(rows, indent=1 if loose else None, ensure_ascii=False)


def packed(rng: np.random.Generator, team: list[Member], loose: bool) -> str:
    """Packed text, as some client might write it: ids or names, with or without what is missing at the end."""

    def stats(values: dict[str, int] | None, default: int) -> str:
        if values is None or all(value == default for value in values.values()):
            return ""
        return ",".join("" if value == default else str(value) for value in values.values())

    def plain(name: str) -> str:
        return "".join(letter for letter in name if letter.isascii() and letter.isalnum()) if loose else name

    rows = []
    for member in team:
        # A client writes the species' id first, or leaves it to the name.
        name, species = (member.nickname, plain(member.species)) if member.nickname else (member.species, "")
        moves = ",".join(plain(move) for move in member.moves)
        evs, ivs = stats(_numbers(member.evs, 0), 0), stats(_numbers(member.ivs, 31), 31)
        item, level = plain(member.item or ""), member.level or ""
        level = "" if level == "100" else level
        rows.append(f"{name}|{species}|{item}||{moves}||{evs}|{member.gender}|{ivs}||{level}|")
    return "]".join(rows)


def make_texts(seed: int, count: int) -> list[Text]:
    """``count`` texts: one in eight sound, the others with one to three changes, every change equally often."""
    rng = np.random.default_rng(seed)
    names = list(CHANGES)
    texts = []
    for index in range(count):
        size = int(rng.choice([1, 2, 3, 6]))
        team = [_member(rng, int(number)) for number in rng.choice(np.arange(1, 150), size, replace=False)]
        chosen: list[str] = []
        if index % 8:
            # The first goes through the list, so that each is reached however few texts are made.
            chosen = [names[index % len(names)]]
            more = int(rng.choice([0, 0, 1, 2]))
            chosen += [name for name in rng.choice(names, more, replace=False).tolist() if name not in chosen]
        for name in chosen:
            CHANGES[name](rng, team)
        form = [export, export, export, packed, as_json][int(rng.integers(5))]
        # Showdown takes the sign off a name that it packs, as a client would; in JSON it then finds no such species.
        form = export if "sign of nidoran" in chosen else form
        loose = bool(rng.random() < 0.6)
        texts.append(Text(form(rng, team, loose), [*chosen, form.__name__, *(["loose"] if loose else [])]))
    return texts
