"""Texts of teams as people have them, each read as Showdown reads it. A differential test of many stands in gen1/."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pokejax.common import pools
from pokejax.common.team_text import TeamError, TeamWarning, TextSet, read_file, read_sets, split_teams, stat_id
from pokejax.gen1.dex import move_number, species_number
from pokejax.gen1.teams import battle_array, team_array
from pokejax.gen1.teams_parse import parse_team
from pokejax.gen1.teams_validate import validate_team

TAUROS = "Tauros\n- Body Slam\n- Blizzard"


def stats(text: str) -> list[int]:
    """HP, Attack, Defense, Special and Speed of the first Pokémon."""
    return battle_array(team_array(validate_team(parse_team(text), "gen1ou")))[0, 6:].tolist()


def test_spd_is_speed() -> None:
    """Showdown takes exactly these letters for Speed: Electrode then has 378, not 315."""
    lines = "Electrode\nEVs: 252 HP / 252 {}\n- Thunderbolt"
    assert stats(lines.format("Spd"))[4] == stats(lines.format("Spe"))[4] == 378
    for special_defense in ("SpD", "spd", "SPD"):
        assert stats(lines.format(special_defense))[4] == 315
    # DVs of 14 in Speed leave HP without one of its bits.
    assert stats("Electrode\nIVs: 26 HP / 28 Spd\n- Thunderbolt")[4] == 376
    assert (stat_id("Spd"), stat_id("spd"), stat_id("Spc"), stat_id("Sp. Atk"), stat_id("SAtk")) == (
        "spe",
        "spd",
        "spa",
        "spa",
        None,
    )


def test_a_stat_that_showdown_does_not_know_is_passed_over_with_a_warning() -> None:
    with pytest.warns(
        TeamWarning, match=r"team, Pokémon 1: EVs of 'SAtk' are passed over, as Showdown does; the stats"
    ):
        (jolteon,) = parse_team("Jolteon\nEVs: 252 HP / 252 SAtk\n- Thunderbolt")
    assert jolteon.evs == (252, 0, 0, 0, 0)


@pytest.mark.parametrize(
    "text",
    [
        f"\ufeff{TAUROS}",
        TAUROS.replace("\n", "\r\n"),
        TAUROS.replace("\n", "  \n"),
        f"=== [gen1ou] mine ===\n\n{TAUROS}\n",
        "[X] Bull (Tauros)\n- Body Slam\n- Blizzard",
        "[1] Bull (Tauros) (M) @ No Item\n- Body Slam\n- Blizzard",
        "Tauros @ no item\nAbility: No Ability\nShiny: Yes\nSerious Nature\n- Body Slam\n- \n-\n- Blizzard",
        "Tauros @ Master Ball\n~ bodyslam\n-Blizzard\n- (—)",
        "[X] Bull|tauros|||bodyslam,,blizzard|||||||",
        "Tauros||||Body Slam,Blizzard|||M||S||255,,,,,Fire",
        json.dumps([{"name": "[X] Bull", "species": "bull", "moves": ["Body Slam", "", "Blizzard"], "evs": {}}]),
    ],
)
def test_one_team_written_in_many_ways(text: str) -> None:
    assert team_array(validate_team(parse_team(text), "gen1ou")).tolist() == team_array(parse_team(TAUROS)).tolist()


@pytest.mark.parametrize("between", ["\n\n", "\n---\n", "\n  \n", "\n\n---\n\n"])
def test_what_stands_between_two_pokemon(between: str) -> None:
    team = parse_team(f"{TAUROS}{between}Chansey\n- Soft-Boiled")
    assert [member.species for member in team] == ["Tauros", "Chansey"]


def test_names_that_the_reference_knows() -> None:
    species = {"Nidoran♀": 29, "Nidoran ♂": 32, "Nidoran-F": 29, "nidoranmale": 32, "zam": 65, "Snorlax-Gmax": 143}
    assert {name: species_number(name) for name in species} == species
    moves = {"ViceGrip": 11, "Vise Grip": 11, "Hi Jump Kick": 136, "High Jump Kick": 136, "twave": 86}
    assert {name: move_number(name) for name in moves} == moves
    export = parse_team("Kingler\n- ViceGrip\n\nHitmonlee\n- Hi Jump Kick\n\nNidoran♀ (F)\n- Tackle")
    packed = parse_team("Kingler||||vicegrip|||||||]Hitmonlee||||hijumpkick|||||||]Nidoran-F||||tackle|||F||||")
    assert team_array(validate_team(export)).tolist() == team_array(validate_team(packed)).tolist()


REFUSED_BY_OU = {
    "equal nicknames": ("A (Tauros)\n- Rest\n\nA (Chansey)\n- Rest", "Pokémon 2 .*nickname 'A' is also Pokémon 1's"),
    "equal once they are cleaned": ("[A] (Tauros)\n- Rest\n\nA (Chansey)\n- Rest", "nickname 'A' is also Pokémon 1's"),
    "another species' name": (
        "Mewtwo (Tauros)\n- Rest",
        r"nickname 'Mewtwo' is another species' name; a Tauros may not",
    ),
    "a later species' name": ("lucario (Tauros)\n- Rest", r"nickname 'lucario' is another species' name"),
    "510 EVs": (
        "Tauros\nEVs: 252 HP / 252 Atk / 6 Spe\n- Rest",
        "EVs come to 510, the limit of later .*; add 1 to one",
    ),
    "508 EVs": ("Tauros\nEVs: 252 HP / 252 Atk / 4 Spe\n- Rest", "EVs come to 508"),
    "no EVs": ("Tauros\nEVs: 0 HP\n- Rest", "all EVs are 0, which Showdown takes for forgotten; add 1"),
    "level 50": ("Tauros\nLevel: 50\n- Rest", "level 50, as other games ask for, with EVs that come to 1512, which 4"),
}


@pytest.mark.parametrize("case", REFUSED_BY_OU)
def test_what_ou_alone_refuses(case: str) -> None:
    text, message = REFUSED_BY_OU[case]
    validate_team(parse_team(text), "gen1obtainable")
    with pytest.raises(TeamError, match=message):
        validate_team(parse_team(text), "gen1ou")


def test_what_showdown_takes_for_meant() -> None:
    for evs in ("252 HP / 252 Atk / 7 Spe", "1 HP"):
        validate_team(parse_team(f"Tauros\nEVs: {evs}\n- Rest"), "gen1ou")
    validate_team(parse_team("Tauros\nLevel: 50\nEVs: 253 HP\n- Rest"), "gen1ou")
    validate_team(parse_team("tauros (Tauros)\n- Rest\n\nMoo (Chansey)\n- Rest"), "gen1ou")


OBTAINABLE_BAD = {
    "move": ("Tauros\n- Surf", "cannot know Surf in Gen 1; it can know "),
    "move of an event in Japan": ("Magikarp\n- Dragon Rage", "cannot know Dragon Rage in Gen 1"),
    "move at a level": ("Tauros\nLevel: 28\n- Leer", "cannot know Leer at level 28 .*; it learns it at level 35"),
    "level": ("Dragonite\nLevel: 54\n- Agility", "level 54; in Gen 1 it is had from level 55 on"),
    "two moves": ("Nidoking\n- Thrash\n- Fury Attack", "cannot know both Fury Attack and Thrash in Gen 1"),
    "DVs": ("Tauros\nIVs: 0 HP\n- Rest", "HP DV 0, but its other DVs give it HP DV 15; set the HP IV to 30"),
    "nickname": (f"{'x' * 19} (Tauros)\n- Rest", "the nickname 'x{19}' has 19 characters; allowed are 18"),
}


@pytest.mark.parametrize("case", OBTAINABLE_BAD)
def test_what_gen1_cannot_have(case: str) -> None:
    text, message = OBTAINABLE_BAD[case]
    validate_team(parse_team(text), "free")
    for format_id in ("gen1obtainable", "gen1ou"):
        with pytest.raises(TeamError, match=message):
            validate_team(parse_team(text), format_id)


UNREADABLE = {
    "no dash": ("Tauros\nBody Slam", "cannot read the line 'Body Slam'; a move starts with '- '"),
    "no blank": ("Tauros\nLevel:50\n- Rest", "cannot read the line 'Level:50'; write 'Level: …', as Showdown does"),
    "other case": ("Tauros\nevs: 252 HP\n- Rest", "cannot read the line 'evs: 252 HP'; write 'EVs: …'"),
    "level": ("Tauros\nLevel: high\n- Rest", "level is 'high'; expected a whole number"),
    "fraction": ("Tauros\nLevel: 50.5\n- Rest", "level is '50.5'; expected a whole number"),
    "EV": ("Tauros\nEVs: many HP\n- Rest", "EV is 'many'; expected a whole number"),
    "parentheses": ("A (b) (Tauros)\n- Rest", r"cannot read 'A \(b\) \(Tauros\)'; a nickname has no parentheses"),
    "packed EV": ("Tauros||||rest||x|||||", "EV is 'x'; expected a whole number"),
    "packed end": ("Tauros||||rest|||||||]", "the packed team ends with ']', which begins another Pokémon"),
    "JSON text": (
        '[{"species": "Tauros", "moves": ["Rest"], "evs": {"hp": "1"}}]',
        "hp EV is '1'; expected a whole number",
    ),
    "JSON stats": (
        '[{"species": "Tauros", "moves": ["Rest"], "evs": 252}]',
        "EVs are 252; expected a mapping of stats",
    ),
    "JSON Spd": (
        '[{"species": "Tauros", "moves": ["Rest"], "evs": {"Spd": 1}}]',
        "EV of unknown stat 'Spd'; the stats",
    ),
    "JSON true": (
        '[{"species": "Tauros", "moves": ["Rest"], "level": true}]',
        "level is True; expected a whole number",
    ),
    "JSON moves": ('[{"species": "Tauros", "moves": 3}]', ".* needs 'species' .* and 'moves'"),
    "later": ("Tauros\nHidden Power: Ice\n- Rest", "has Hidden Power: Ice, which Gen 1 does not have; leave it out"),
    "Gigantamax": ("Tauros\nGigantamax: Yes\n- Rest", "has Gigantamax, which Gen 1 does not have; leave it out"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_cannot_be_read_is_named(case: str) -> None:
    text, message = UNREADABLE[case]
    with pytest.raises(TeamError, match=f"mine, Pokémon 1.*: {message}"):
        validate_team(parse_team(text, "mine"), "free", "mine")


def test_a_set_keeps_all_that_a_later_generation_needs() -> None:
    head = "Bo (Blissey) (F) @ Leftovers\nAbility: Natural Cure\nLevel: 99\nShiny: Yes\nEVs: 4 Spd\nBold Nature"
    (entry,) = read_sets(f"{head}\nIVs: 0 Atk\nHidden Power: Ice\n- Wish\n- Hidden Power [Ice]")
    zeros, ones = dict.fromkeys(("hp", "atk", "def", "spa", "spd", "spe"), 0), dict.fromkeys(("hp", "def"), 31)
    assert entry == TextSet(
        species="Blissey",
        moves=("Wish", "Hidden Power [Ice]"),
        name="Bo",
        item="Leftovers",
        ability="Natural Cure",
        nature="Bold",
        gender="F",
        level=99,
        evs=zeros | {"spe": 4},
        ivs=zeros | ones | {"spa": 31, "spd": 31, "spe": 31},
        shiny=True,
        hidden_power="Ice",
    )


def test_packed_values_that_are_missing_at_the_end() -> None:
    (entry,) = read_sets("Tauros||||rest||1,2||,2|||")
    assert entry.evs == {"hp": 1, "atk": 2, "def": 0, "spa": 0, "spd": 0, "spe": 0}
    assert entry.ivs == {"hp": 31, "atk": 2, "def": 0, "spa": 0, "spd": 0, "spe": 0}


def test_many_teams_with_marks() -> None:
    text = f"\ufeff=== a ===\n{TAUROS}\n\ufeff=== b ===\n{TAUROS}"
    assert [len(parse_team(part)) for part in split_teams(text)] == [1, 1]


def test_files_in_other_encodings_are_named_with_a_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "teams.txt", tmp_path / "out.npz"
    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        path.write_bytes(TAUROS.encode(encoding))
        assert pools.main(["build", str(path), str(out)]) == 2
        error = capsys.readouterr().err
        assert f"{path}: is UTF-16 text; save it as UTF-8" in error and "Traceback" not in error
    path.write_bytes("Tauros\n- Body Slam\n\nFarfetch’d\n- Peck".encode("cp1252"))
    with pytest.raises(TeamError, match=r"teams\.txt: line 4: byte 0x92 is not UTF-8; save it as UTF-8"):
        read_file(path)
    path.write_bytes(TAUROS.encode("utf-8-sig"))
    assert pools.main(["build", str(path), str(out)]) == 0
    assert read_file(path) == TAUROS
