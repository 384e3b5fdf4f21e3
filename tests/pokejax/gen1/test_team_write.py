"""Written teams are read back as they were, by us and by Showdown."""

from __future__ import annotations

import json
import warnings

import pytest
from team_texts import make_texts

from pokejax.common.team_text import TeamError, TeamWarning, TextSet, read_sets
from pokejax.common.team_write import export_team, pack_team
from pokejax.gen1.teams import battle_array, team_array
from pokejax.gen1.teams_parse import parse_team
from pokejax.gen1.teams_validate import validate_team
from pokejax.modern.names import spell
from references.showdown.scripts import run_script

TAUROS = TextSet("Tauros", ("Body Slam", "Hyper Beam"), name="Bull", level=88, evs={"hp": 4}, ivs={"atk": 2})


def test_export_text() -> None:
    assert export_team([TAUROS]) == "Bull (Tauros)\nLevel: 88\nEVs: 4 HP\nIVs: 2 Atk\n- Body Slam\n- Hyper Beam\n"


def test_packed_text() -> None:
    assert pack_team([TAUROS]) == "Bull|Tauros|||bodyslam,hyperbeam||4,,,,,||,2,,,,||88|"


@pytest.mark.parametrize("moves", [("Rest",), ("Frustration",)])
@pytest.mark.parametrize("happiness", ["", "0", "70", "255"])
def test_happiness_is_read_back(happiness: str, moves: tuple[str, ...]) -> None:
    given = TextSet("Tauros", moves, happiness=happiness)
    meant = happiness or "255"
    for text in (export_team([given]), pack_team([given])):
        (entry,) = read_sets(text)
        assert (entry.happiness or "255") == meant, text


def test_packed_names_are_spelled() -> None:
    packed = "Bull|mrmime|leftovers|soundproof|bodyslam,thunderpunch,hiddenpowerfire,unknown|adamant|||||88|70"
    (entry,) = (spell(entry, 4) for entry in read_sets(packed))
    told = (entry.name, entry.species, entry.item, entry.ability, entry.moves, entry.nature)
    moves = ("Body Slam", "Thunder Punch", "Hidden Power Fire", "unknown")
    assert told == ("Bull", "Mr. Mime", "Leftovers", "Soundproof", moves, "Adamant")


def test_no_effort_values_are_written_out() -> None:
    none = TextSet("Tauros", ("Rest",), evs=dict.fromkeys(("hp", "atk", "def", "spa", "spd", "spe"), 0))
    for text in (export_team([none]), pack_team([none])):
        (entry,) = read_sets(text)
        assert entry.evs is not None and not any(entry.evs.values()), text


def test_a_nickname_that_no_text_holds_is_refused() -> None:
    with pytest.raises(TeamError, match=r"nickname 'A\|B' cannot be written"):
        pack_team([TextSet("Tauros", ("Rest",), name="A|B")])


def test_showdown_reads_what_is_written() -> None:
    written, rows = [], []
    for text in make_texts(7, 200):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", TeamWarning)
            try:
                sets = read_sets(text.text)
                team = validate_team(parse_team(sets), "gen1ou")
                texts = [export_team(sets), pack_team(sets)]
            except TeamError:
                continue
        for one in texts:
            written.append(one)
            rows.append(battle_array(team_array(team))[: len(team)].tolist())
    answers = json.loads(run_script("read_teams.js", stdin=json.dumps(written)))
    assert len(written) > 80
    for text, row, answer in zip(written, rows, answers, strict=True):
        assert answer["packed"]["gen1ou"] == [], text
        assert [[s[0], s[1], *s[3]] for s in answer["packed"]["sets"]] == [[r[0], r[1], *r[6:]] for r in row], text
        assert [s[2] for s in answer["packed"]["sets"]] == [[m for m in r[2:6] if m] for r in row], text
