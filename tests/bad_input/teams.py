"""Teams: as text, packed, as JSON, as mappings, in files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bad_input.case import Case
from pokejax.common.pools import build_pool
from pokejax.common.team_text import read_file
from pokejax.gen1.teams_parse import parse_team
from pokejax.gen1.teams_validate import validate_team

TAUROS = "Tauros\n- Body Slam\n"
TEAM_OF_SEVEN = "\n".join(
    f"{name}\n- {move}\n"
    for name, move in (
        *(("Tauros", "Body Slam"), ("Chansey", "Soft-Boiled"), ("Snorlax", "Body Slam"), ("Starmie", "Surf")),
        *(("Alakazam", "Psychic"), ("Exeggutor", "Psychic"), ("Zapdos", "Thunderbolt")),
    )
)


def parsed(source: Any, player: str = "team") -> Any:
    return lambda folder: parse_team(source, player)


def judged(source: Any, format_id: str = "gen1ou") -> Any:
    return lambda folder: validate_team(parse_team(source, "player 2"), format_id, "player 2")


def in_file(content: bytes) -> Any:
    def call(folder: Path) -> Any:
        (folder / "teams.txt").write_bytes(content)
        return read_file(folder / "teams.txt")

    return call


def pool_of(*teams: Any, format_id: str = "gen1obtainable") -> Any:
    return lambda folder: build_pool(teams, folder / "x.npz", format_id)


def mapping(**changes: Any) -> list[dict[str, Any]]:
    return [{"species": "Tauros", "moves": ["Body Slam"], **changes}]


PACKED = "Tauros||||bodyslam|||||||"
CASES = [
    # reading text
    Case("level in words", parsed("Tauros\nLevel: high\n- Body Slam"), "'high'", "team, Pokémon 1", "a whole number"),
    Case("level with a point", parsed("Tauros\nLevel: 5.5\n- Surf", "p1"), "'5.5'", "p1, Pokémon 1", "a whole number"),
    Case("EVs in words", parsed(f"{TAUROS}\nJynx\nEVs: many HP"), "'many'", "Pokémon 2", "a whole number"),
    Case("a line that says nothing", parsed("Tauros\nBody Slam"), "'Body Slam'", "Pokémon 1", "starts with '- '"),
    Case(
        "a field in small letters", parsed("Tauros\nlevel: 50\n- Surf"), "'level: 50'", "Pokémon 1", "write 'Level: …'"
    ),
    Case("nickname with parentheses", parsed("A (b) (Tauros)\n- Surf"), "'A (b) (Tauros)'", "Pokémon 1", "parentheses"),
    Case("EVs in JSON's way", parsed("Tauros\nevs: 252 HP\n- Surf"), "'evs: 252 HP'", "Pokémon 1", "write 'EVs: …'"),
    # packed
    Case("packed, too few fields", parsed("Tauros|||bodyslam"), "4 fields", "Pokémon 1", "expected 12"),
    Case("packed, second too short", parsed(f"{PACKED}]Jynx|x"), "2 fields", "Pokémon 2", "expected 12"),
    Case("packed, closing bracket", parsed(f"{PACKED}]"), "']'", "Pokémon 1", "leave it out"),
    Case("packed level", parsed("Tauros||||bodyslam||||||x|"), "'x'", "level", "a whole number"),
    Case("packed EVs", parsed("Tauros||||bodyslam||1,b,3,4,5,6|||||"), "'b'", "EV", "a whole number"),
    # JSON and mappings
    Case("JSON cut off", parsed('[{"species": "Tauros",'), "Expecting", "team", "close"),
    Case("JSON of numbers", parsed("[1, 2]"), "1 is not a set", "Pokémon 1", "expected a mapping"),
    Case("a number", parsed(7), "int", "team", "give text, a list of sets or a Team"),
    Case("a mapping", parsed({"species": "Tauros"}), "dict", "team", "give text, a list of sets"),
    Case("moves as a text", parsed(mapping(moves="Surf")), "'Surf'", "Pokémon 1", "a list of texts"),
    Case("no species", parsed([{"moves": ["Surf"]}]), "['Surf']", "Pokémon 1", "needs 'species'"),
    Case("moves of numbers", parsed(mapping(moves=[1])), "[1]", "Pokémon 1", "a list of texts"),
    Case("EVs as a list", parsed(mapping(evs=[1])), "[1]", "EVs", "a mapping of stats to numbers"),
    Case("EVs as texts", parsed(mapping(evs={"hp": "9"})), "'9'", "hp EV", "a whole number"),
    Case("EVs of no stat", parsed(mapping(evs={"luck": 1})), "'luck'", "EV", "the stats are hp, atk"),
    Case("IVs that are true", parsed(mapping(ivs={"hp": True})), "True", "IV", "a whole number"),
    Case("DV too high", parsed(mapping(dvs={"atk": 16})), "16", "atk DV", "allowed are 0 to 15"),
    Case("level as a float", parsed(mapping(level=5.5)), "5.5", "level", "a whole number"),
    # what the rules forbid
    Case("empty team", judged(""), "empty", "player 2", "1 to 6"),
    Case("seven Pokémon", judged(TEAM_OF_SEVEN), "Zapdos", "Pokémon 7", "at most 6"),
    Case("unknown species", judged("Taurus\n- Surf"), "'Taurus'", "player 2, Pokémon 1", "did you mean Tauros"),
    Case("species of a later game", judged("Lugia\n- Surf"), "'Lugia'", "Pokémon 1", "Gen 1"),
    Case("unknown move", judged("Tauros\n- Bodyslap"), "'Bodyslap'", "(Tauros)", "did you mean Body Slam"),
    Case("move of a later game", judged("Tauros\n- Earth Power"), "'Earth Power'", "(Tauros)", "Gen 1"),
    Case("no moves", judged("Tauros"), "no moves", "(Tauros)", "1 to 4"),
    Case("five moves", judged("Mew\n- Surf\n- Cut\n- Fly\n- Bide\n- Rest"), "5 moves", "(Mew)", "at most 4"),
    Case("a move twice", judged("Mew\n- Surf\n- Surf"), "Surf twice", "(Mew)", "differ"),
    Case("Struggle", judged("Mew\n- Struggle"), "Struggle", "(Mew)", "choose another"),
    Case("level 0", judged("Mew\nLevel: 0\n- Surf"), "level 0", "(Mew)", "1 to 100"),
    Case("level 101", judged("Mew\nLevel: 101\n- Surf"), "level 101", "(Mew)", "1 to 100"),
    Case("negative IV", judged(mapping(ivs={"hp": -1})), "-1", "hp IV", "0 to 31"),
    Case("IV 32", judged(mapping(ivs={"spe": 32})), "32", "spe IV", "0 to 31"),
    Case("EV 256", judged(mapping(evs={"atk": 256})), "256", "atk EV", "0 to 255"),
    Case("an item", judged("Mew @ Leftovers\n- Surf"), "'Leftovers'", "(Mew)", "no items"),
    Case("Hidden Power", judged("Mew\nHidden Power: Fire\n- Surf"), "Fire", "(Mew)", "leave it out"),
    Case("below its level", judged("Dragonite\nLevel: 10\n- Surf"), "level 10", "(Dragonite)", "from level 55"),
    Case("a move that it never learns", judged("Tauros\n- Spore"), "Spore", "(Tauros)", "it can know"),
    Case("a move learned later", judged("Pidgey\nLevel: 5\n- Gust\n- Agility"), "Agility", "Pidgey", "at level"),
    Case("HP DV", judged(mapping(ivs={"hp": 2}), "gen1obtainable"), "HP DV 1", "(Tauros)", "set the HP IV to 30"),
    Case("Ubers", judged("Mewtwo\n- Psychic"), "Uber", "(Mewtwo)", "gen1ou bans Mewtwo"),
    Case("banned move", judged("Tauros\n- Double Team"), "Double Team is banned", "(Tauros)", "gen1ou bans"),
    Case("EVs forgotten", judged(mapping(evs={"hp": 0})), "EVs are 0", "(Tauros)", "add 1 to one of them"),
    Case("a species twice", judged(TAUROS + "\n" + TAUROS), "Pokémon 1", "Pokémon 2 (Tauros)", "Species Clause allows"),
    Case("another's name", judged("Jynx (Tauros)\n- Body Slam"), "'Jynx'", "Pokémon 1 (Tauros)", "may not bear it"),
    Case(
        "a nickname twice",
        judged("Bo (Tauros)\n- Body Slam\n\nBo (Jynx)\n- Psychic"),
        "'Bo'",
        "Pokémon 2 (Jynx)",
        "nicknames must differ",
    ),
    Case("a format that there is not", judged(TAUROS, "gen1uu"), "'gen1uu'", "format id", "did you mean 'gen1ou'"),
    # files and pools of teams
    Case("UTF-16", in_file("Tauros".encode("utf-16")), "UTF-16", "{folder}/teams.txt", "save it as UTF-8"),
    Case("Latin-1", in_file(b"Mew\nNidoran\xe9"), "0xe9", "{folder}/teams.txt: line 2", "save it as UTF-8"),
    Case("a pool of nothing", pool_of(), "no teams", "{folder}/x.npz", "at least one"),
    Case("a pool with a bad team", pool_of(TAUROS, "Taurus\n- Surf"), "'Taurus'", "team 2", "did you mean Tauros"),
    Case("a pool of a bad format", pool_of(TAUROS, format_id="gen9"), "'gen9'", "format id", "known are"),
]
