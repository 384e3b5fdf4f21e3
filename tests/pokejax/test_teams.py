"""Teams: the reference's formats, stats and legality, and errors that name player, place, value and what is allowed."""

import json

import numpy as np
import pytest

from pokejax.common.team_text import TeamError
from pokejax.gen1.dex import load_dex
from pokejax.gen1.team_sampling import random_teams
from pokejax.gen1.teams import PokemonSet, Team, battle_array, showdown_sets, team_array, team_from_array
from pokejax.gen1.teams_parse import parse_team, parse_teams
from pokejax.gen1.teams_validate import validate_team
from references.showdown.scripts import run_script

EXPORT = """\
Bertha (Chansey) (F)
Ability: No Ability
EVs: 252 HP / 252 Def / 252 SpA / 252 SpD / 252 Spe
Serious Nature
IVs: 2 Atk
- Ice Beam
- Thunderbolt
- Thunder Wave
- Soft-Boiled

Tauros
Level: 68
- Body Slam
- Hyper Beam
- Blizzard
- Earthquake
"""


def describe(teams):
    """The reference's reading of each team; see describe_teams.js."""
    text = run_script("describe_teams.js", stdin=json.dumps([showdown_sets(team) for team in teams]))
    return json.loads(text)


@pytest.fixture(scope="module")
def random_wire():
    return random_teams(np.random.default_rng(20261122), 250)


@pytest.fixture(scope="module")
def described(random_wire):
    return describe([team_from_array(wire) for wire in random_wire])


def test_stats_and_pp_equal_the_reference(random_wire, described):
    battle = battle_array(random_wire)
    max_pp = load_dex().moves.max_pp
    for team, answer in zip(battle, described, strict=True):
        for row, stats, pp in zip(team, answer["stats"], answer["pp"], strict=False):
            assert row[6:].tolist() == [stats[name] for name in ("hp", "atk", "def", "spa", "spe")]
            assert stats["spa"] == stats["spd"]
            assert max_pp[row[2:6]][: len(pp)].tolist() == pp


def test_extreme_stats_equal_the_reference():
    spreads = [(0,) * 5, (31,) * 5, (1, 2, 29, 30, 31)]
    efforts = [(0,) * 5, (255,) * 5, (1, 3, 4, 254, 252)]
    species = ["Chansey", "Diglett", "Mewtwo", "Magikarp", "Cloyster", "Abra"]
    teams = [
        Team(tuple(PokemonSet(name, ("Tackle",), level, ivs, evs) for name in species))
        for level in (1, 2, 49, 99, 100)
        for ivs in spreads
        for evs in efforts
    ]
    battle = battle_array(np.stack([team_array(team) for team in teams]))
    expected = [
        [[stats[name] for name in ("hp", "atk", "def", "spa", "spe")] for stats in answer["stats"]]
        for answer in describe(teams)
    ]
    np.testing.assert_array_equal(battle[..., 6:], expected)


def test_packed_and_export_text_of_the_reference_are_read_back(random_wire, described):
    for wire, answer in zip(random_wire, described, strict=True):
        np.testing.assert_array_equal(team_array(parse_team(answer["packed"])), wire)
        np.testing.assert_array_equal(team_array(parse_team(answer["exported"])), wire)


def test_ou_verdicts_agree_with_the_reference():
    """We refuse nothing the reference allows; at level 100 it refuses more only for combinations of moves."""
    rng, dex = np.random.default_rng(7), load_dex()
    teams = []
    for _ in range(400):
        sets = []
        for species in rng.integers(1, 152, size=2):
            known = np.flatnonzero(dex.species.learnset[species])
            moves = set(rng.choice(known, size=min(len(known), 3), replace=False).tolist())
            moves |= {int(rng.integers(1, 165))} if rng.random() < 0.1 else set()
            ivs = (30, 30, 30, 30, 30) if rng.random() < 0.9 else (30, 28, 30, 30, 30)
            names = tuple(str(dex.moves.name[move]) for move in moves)
            sets.append(PokemonSet(str(dex.species.name[species]), names, 100, ivs))
        teams.append(Team(tuple(sets)))
    verdicts = {True: 0, False: 0}
    for team, answer in zip(teams, describe(teams), strict=True):
        try:
            validate_team(team, "gen1ou")
        except TeamError as error:
            assert answer["problems"], error
            verdicts[False] += 1
        else:
            assert all("combination" in text or "event" in text for text in answer["problems"]), answer["problems"]
            verdicts[True] += 1
    assert min(verdicts.values()) > 50


def test_export_text():
    chansey, tauros = parse_team(EXPORT)
    assert chansey == PokemonSet(
        "Chansey",
        ("Ice Beam", "Thunderbolt", "Thunder Wave", "Soft-Boiled"),
        100,
        (31, 2, 31, 31, 31),
        (252, 0, 252, 252, 252),
        nickname="Bertha",
    )
    assert (tauros.level, tauros.evs) == (68, (252,) * 5)
    validate_team(Team((chansey, tauros)), "gen1ou")


def test_mappings_and_dvs():
    team = parse_team([{"species": "Jynx", "moves": ["Lovely Kiss"], "dvs": {"atk": 14, "spc": 13}, "evs": {"spe": 8}}])
    (jynx,) = team
    assert jynx.ivs == (14, 28, 30, 26, 30)  # HP DV = 0·8 + 1·4 + 1·2 + 1
    assert jynx.evs == (0, 0, 0, 0, 8)
    validate_team(team, "gen1ou")
    assert parse_team(json.dumps(showdown_sets(team))) == team


def test_many_teams_in_one_text():
    assert [len(team) for team in parse_teams(f"=== [gen1ou] one ===\n\n{EXPORT}\n\n=== two ===\n{EXPORT}")] == [2, 2]
    assert [len(team) for team in parse_teams("Mew||||pound|||||||\nMew||||pound||||||5|]Abra||||teleport|||||||")] == [
        1,
        2,
    ]
    assert len(parse_teams(EXPORT)) == 1
    assert parse_teams("\n") == []


def test_a_team_survives_its_wire_form(random_wire):
    for wire in random_wire[:50]:
        np.testing.assert_array_equal(team_array(team_from_array(wire)), wire)


ABRA = {"species": "Abra", "moves": ["Teleport"]}
BAD = {
    "unknown species": ([{**ABRA, "species": "Abro"}], r"p1, Pokémon 1 \(Abro\): unknown .* 'Abro'; did you mean Abra"),
    "later species": (
        [ABRA, {**ABRA, "species": "Togepi"}],
        r"p1, Pokémon 2 \(Togepi\): unknown Gen 1 species 'Togepi'",
    ),
    "unknown move": ([{**ABRA, "moves": ["Telport"]}], r"unknown Gen 1 move 'Telport'; did you mean Teleport"),
    "later move": ([{**ABRA, "moves": ["Scald"]}], r"Pokémon 1 \(Abra\): unknown Gen 1 move 'Scald'"),
    "struggle": ([{**ABRA, "moves": ["Struggle"]}], "Struggle is not a move that a Pokémon can know"),
    "duplicate move": ([{**ABRA, "moves": ["Teleport", "teleport"]}], "the move teleport twice"),
    "five moves": ([{**ABRA, "moves": ["Toxic", "Bide", "Rest", "Rage", "Counter"]}], r"5 moves \(Toxic.* at most 4"),
    "no moves": ([{**ABRA, "moves": []}], "no moves; a Pokémon has 1 to 4"),
    "seventh": ([ABRA] * 7, r"p1, Pokémon 7 \(Abra\): a team has at most 6"),
    "empty": ([], "p1: the team is empty; a team has 1 to 6"),
    "level 0": ([{**ABRA, "level": 0}], "level 0; allowed are 1 to 100"),
    "level 101": ([{**ABRA, "level": 101}], "level 101; allowed are 1 to 100"),
    "iv": ([{**ABRA, "ivs": {"atk": 32}}], "atk IV 32; allowed are 0 to 31"),
    "dv": ([{**ABRA, "dvs": {"atk": 16}}], "p1, Pokémon 1: atk DV 16; allowed are 0 to 15"),
    "ev": ([{**ABRA, "evs": {"spe": 256}}], r"spe EV \(stat experience\) 256; allowed are 0 to 255"),
    "negative ev": ([{**ABRA, "evs": {"hp": -1}}], r"hp EV \(stat experience\) -1"),
    "unknown stat": ([{**ABRA, "evs": {"luck": 1}}], "EV of unknown stat 'luck'; the stats are"),
    "item": ([{**ABRA, "item": "Leftovers"}], "holds 'Leftovers'; Gen 1 has no items"),
    "level text": ([{**ABRA, "level": "high"}], "p1, Pokémon 1: level is 'high'; expected a whole number"),
    "no species": ([{"moves": ["Teleport"]}], "needs 'species'"),
    "not a set": ([7], "p1, Pokémon 1: 7 is not a set"),
    "json": ("[{", "p1: not valid JSON"),
    "short packed": ("Abra|||teleport", "packed set 'Abra|||teleport' has 4 fields"),
    "odd line": ("Abra\nTeleport", "cannot read the line 'Teleport'; a move starts with '- '"),
    "not a team": (7, "p1: cannot read a team from int"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_teams_are_refused_in_every_format(case):
    source, message = BAD[case]
    with pytest.raises(TeamError, match=message):
        validate_team(parse_team(source, "p1"), "free", "p1")


OU_BAD = {
    "uber": (
        [{"species": "Mewtwo", "moves": ["Psychic"]}],
        r"p2, Pokémon 1 \(Mewtwo\): is Uber; gen1ou bans Mewtwo, Mew",
    ),
    "species clause": ([ABRA, ABRA], r"p2, Pokémon 2 \(Abra\): also Pokémon 1; the Species Clause"),
    "ohko": ([{"species": "Tauros", "moves": ["Horn Drill"]}], "Horn Drill is banned; gen1ou bans .*Fissure"),
    "evasion": ([{"species": "Chansey", "moves": ["Double Team"]}], "Double Team is banned"),
    "dig": ([{"species": "Dugtrio", "moves": ["Dig"]}], "Dig is banned"),
    "fly": ([{"species": "Zapdos", "moves": ["Fly"]}], "Fly is banned"),
    "learnset": ([{"species": "Abra", "moves": ["Surf"]}], r"cannot know Surf in Gen 1; it can know .*Teleport"),
    "hp dv": ([{**ABRA, "ivs": {"atk": 0}}], "HP DV 15, but its other DVs give it HP DV 7; set the HP IV to 14"),
}


@pytest.mark.parametrize("case", OU_BAD)
def test_ou_refuses_what_free_allows(case):
    source, message = OU_BAD[case]
    team = parse_team(source, "p2")
    validate_team(team, "free", "p2")
    with pytest.raises(TeamError, match=message):
        validate_team(team, "gen1ou", "p2")


def test_all_problems_are_listed_at_once():
    with pytest.raises(TeamError) as error:
        validate_team(parse_team([{"species": "Abro", "moves": ["Telport"], "level": 0}]))
    assert len(error.value.problems) == 3


def test_an_unknown_format_is_refused():
    with pytest.raises(ValueError, match=r"unknown format id 'gen1uo'; known are .*did you mean 'gen1ou'"):
        validate_team(parse_team([ABRA]), "gen1uo")
