"""Teams of Generation 4 beside the reference: stats, texts in every form, and refusals that name what is wrong."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from modern_sets import any_teams

from pokejax.common import formats, generations
from pokejax.common.team_text import TeamError
from pokejax.modern import wire
from pokejax.modern.names import number
from pokejax.modern.tables import load_tables
from pokejax.modern.teams import (
    BATTLE_COLUMNS,
    WIRE_COLUMNS,
    PokemonSet,
    Team,
    battle_array,
    showdown_sets,
    team_array,
    team_from_array,
)
from pokejax.modern.teams_parse import parse_team
from pokejax.modern.teams_validate import validate_team
from references.showdown.scripts import run_script

TEAMS = any_teams(seed=20261130, teams=60)


def reference(teams: list[Any], format_id: str = "gen4ou") -> list[Any]:
    return json.loads(run_script("modern/describe_teams.js", "4", format_id, stdin=json.dumps(teams)))


@pytest.fixture(scope="module")
def described() -> list[Any]:
    return reference([showdown_sets(team, 4) for team in TEAMS])


def test_a_battle_starts_with_the_reference_s_numbers(described: list[Any]) -> None:
    nature = BATTLE_COLUMNS.index("nature")
    compared = 0
    for team, answer in zip(TEAMS, described, strict=True):
        ours = battle_array(team_array(team, 4), 4)[: len(team)]
        theirs = np.array(answer["rows"])
        theirs[:, nature] = ours[:, nature]  # not kept by a battle but in its stats
        np.testing.assert_array_equal(ours, theirs)
        tables = load_tables(4)
        for row, pp in zip(ours, answer["pp"], strict=True):
            moves = [move for move in row[9:13] if move]
            assert tables.moves.max_pp[moves].tolist() == pp
        compared += len(team)
    assert compared == 360


@pytest.mark.parametrize("form", ["packed", "exported"])
def test_texts_of_the_reference_are_read_back(described: list[Any], form: str) -> None:
    for team, answer in zip(TEAMS, described, strict=True):
        read = parse_team(answer[form], 4)
        again = team_array(validate_team(read, "gen4free"), 4)
        expected = team_array(validate_team(parse_team(showdown_sets(team, 4), 4), "gen4free"), 4)
        np.testing.assert_array_equal(again, expected)


def test_wire_and_readable_form_are_each_other_s_inverse() -> None:
    for team in TEAMS:
        row = team_array(team, 4)
        np.testing.assert_array_equal(team_array(team_from_array(row, 4), 4), row)
    teams = np.stack([team_array(team, 4) for team in TEAMS])
    wire.check_teams(teams, "x")
    assert teams.shape[1:] == (6, len(WIRE_COLUMNS)) and battle_array(teams, 4).shape[1:] == (6, len(BATTLE_COLUMNS))


def test_a_text_gives_what_it_leaves_out() -> None:
    (first, second, third) = parse_team(
        "Arceus @ Flame Plate\n- Judgment\n\nMew (F)\n- Hidden Power [Fire]\n\nCastform-Sunny\n- Frustration\n", 4
    )
    assert (first.species, first.ability, first.level, first.happiness) == ("Arceus-Fire", "Multitype", 100, 255)
    assert second.ivs == (31, 30, 31, 30, 31, 30) and not second.nature
    assert (third.species, third.happiness, third.ability) == ("Castform", 0, "Forecast")
    rows = team_array(Team((first, second, third)), 4)
    columns = dict(zip(WIRE_COLUMNS, rows[1].tolist(), strict=True))
    assert columns["gender"] == 3 and columns["hidden_power_type"] == number("type", "Fire", 4)


def test_a_gender_that_a_battle_draws_stays_unset() -> None:
    rows = team_array(Team((PokemonSet("Pikachu", ("Surf",)), PokemonSet("Chansey", ("Pound",)))), 4)
    assert rows[:3, 4].tolist() == [0, 2, 0]


WRONG = {
    "species": ({"species": "Pikachoo"}, r"unknown Gen 4 species 'Pikachoo'; did you mean Pikachu"),
    "a later species": ({"species": "Hydreigon"}, "unknown Gen 4 species 'Hydreigon'"),
    "move": ({"moves": ["Surff"]}, "unknown Gen 4 move 'Surff'; did you mean Surf"),
    "item": ({"item": "Leftover"}, "unknown Gen 4 item 'Leftover'; did you mean Leftovers"),
    "ability": ({"ability": "Statik"}, "unknown Gen 4 ability 'Statik'; did you mean Static"),
    "nature": ({"nature": "Brav"}, "unknown Gen 4 nature 'Brav'; did you mean Brave"),
    "level": ({"level": 101}, "level 101; allowed are 1 to 100"),
    "happiness": ({"happiness": 256}, "happiness 256; allowed are 0 to 255"),
    "no number": ({"happiness": "much"}, "happiness is 'much'; expected a whole number"),
    "IV": ({"ivs": {"atk": 32}}, "atk IV 32; allowed are 0 to 31"),
    "EV": ({"evs": {"spe": 256}}, "spe EV 256; allowed are 0 to 255"),
    "gender": ({"gender": "X"}, "gender 'X'; allowed are M, F, N, or none"),
    "no gender": ({"gender": "N"}, "gender N; Pikachu is M or F; leave it out to have it drawn"),
    "Hidden Power": ({"hpType": "Normal"}, "Hidden Power: Normal; allowed are Electric, Ghost"),
    "two types": (
        {"hpType": "Ice", "moves": ["Hidden Power Fire"]},
        "Hidden Power: Ice, but its move is Hidden Power Fire",
    ),
    "no moves": ({"moves": []}, "no moves; a Pokémon has 1 to 4"),
    "five moves": ({"moves": ["Surf", "Fly", "Cut", "Dig", "Pound"]}, r"5 moves \(Surf, Fly"),
    "a move twice": ({"moves": ["Surf", "surf"]}, "the move surf twice"),
    "Struggle": ({"moves": ["Struggle"]}, "Struggle is not a move that a Pokémon can know"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_refusal_names_player_place_value_and_what_is_allowed(case: str) -> None:
    change, message = WRONG[case]
    good = {"species": "Pikachu", "moves": ["Thunderbolt"], "ability": "Static"}
    format = formats.find("gen4free")
    generations.wire(format).read_team([good, good], format.id, "player 2")
    with pytest.raises(TeamError, match=rf"player 2, Pokémon 2(?: \(\w+\))?: {message}"):
        generations.wire(format).read_team([good, {**good, **change}], format.id, "player 2")


def test_an_effect_that_the_engine_does_not_have_is_refused_by_name() -> None:
    team = Team((PokemonSet("Pikachu", ("Surf", "hpice"), item="Leftovers", ability="Static"),))
    for kind, name in (("move", "surf"), ("ability", "static"), ("item", "leftovers"), ("move", "hiddenpower")):
        missing = {"move": frozenset(), "ability": frozenset(), "item": frozenset()} | {kind: frozenset([name])}
        with pytest.raises(TeamError, match=rf"Pokémon 1 \(Pikachu\): the {kind} .* is not in this engine yet"):
            validate_team(team, "gen4free", missing=missing)
    validate_team(team, "gen4free", missing={"move": frozenset(), "ability": frozenset(), "item": frozenset()})


def test_a_generation_that_has_teams_alone_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(generations._PACKAGES, 4, "jaxenv.commands")
    with pytest.raises(formats.UnknownFormatError, match="'gen4ou' has teams, but Generation 4 cannot be played yet"):
        generations.engine(formats.find("gen4ou"))
