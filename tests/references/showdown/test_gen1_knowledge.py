"""The tracker of what a Gen 1 player could know, on messages written by hand."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from references.showdown import client
from references.showdown.gen1.knowledge import FIELDS, WIDTH, KnowledgeError, Names, Watcher, columns, row
from references.showdown.workers import WorkerPool

START = ["|teamsize|p1|1", "|teamsize|p2|2", "|switch|p1a: Ditto|Ditto|200/200", "|switch|p2a: Abra|Abra, L50|100/100"]


@pytest.fixture(scope="module")
def names(pool: WorkerPool) -> Names:
    return Names.of(client.names(pool))


def request(condition: str = "200/200", **more: Any) -> dict[str, Any]:
    """The own request of a Ditto with Tackle and Mimic."""
    moves = [("Tackle", "tackle", 56), ("Mimic", "mimic", 16)]
    listed = [{"move": name, "id": id_, "pp": pp, "maxpp": pp, "disabled": False} for name, id_, pp in moves]
    stats = {"atk": 1, "def": 2, "spa": 3, "spd": 3, "spe": 4}
    member = {"ident": "p1: Ditto", "details": "Ditto", "condition": condition, "active": True, "stats": stats}
    side = {"id": "p1", "pokemon": [{**member, "moves": ["tackle", "mimic"]}]}
    return {"active": [{"moves": listed, **more}], "side": side}


@pytest.fixture
def watcher(names: Names) -> Watcher:
    found = Watcher("p1", names)
    found.see([*START, "|turn|1"], request())
    return found


def seen(watcher: Watcher) -> dict[str, list[Any]]:
    return {name: values[0].tolist() for name, values in columns([row(watcher)]).items()}


def test_a_row_has_every_field(watcher: Watcher) -> None:
    assert len(row(watcher)) == WIDTH and set(columns([row(watcher)])) == set(FIELDS)
    found = seen(watcher)
    assert found["own_stats"][0] == [1, 2, 3, 4] and found["foe_team_size"] == 2 and found["turn"] == 1
    assert found["foe_species"] == [63, 0, 0, 0, 0, 0] and found["foe_level"][0] == 50
    assert found["legal_actions"] == [False] * 6 + [True, True] + [False] * 3


def test_the_foe_is_known_by_what_it_has_shown(watcher: Watcher) -> None:
    lines = ["|move|p2a: Abra|Psychic|p1a: Ditto", "|-damage|p1a: Ditto|90/200 ", "|-damage|p2a: Abra|31/100 par"]
    watcher.see([lines[0], "|-damage|p1a: Ditto|90/200", lines[2], "|turn|2"], request("90/200"))
    found = seen(watcher)
    assert found["foe_moves"][0] == [94, 0, 0, 0] and found["foe_pp"][0][0] == 15
    assert found["foe_hp_percent"][0] == 31 and found["own_hp"][0] == 90 and found["last_move"] == [0, 94]


def test_mimic_names_a_move_of_the_foe_unless_its_user_faints(watcher: Watcher) -> None:
    named = ["|move|p1a: Ditto|Mimic|p2a: Abra", "|-start|p1a: Ditto|Mimic|Teleport"]
    faints = copy.deepcopy(watcher)
    watcher.see([*named, "|turn|2"], request())
    assert seen(watcher)["foe_moves"][0] == [100, 0, 0, 0] and seen(watcher)["moves"][0][:2] == [33, 100]
    faints.see([*named, "|-damage|p1a: Ditto|0 fnt", "|faint|p1a: Ditto", "|win|p2"], None)
    assert seen(faints)["foe_moves"][0] == [0, 0, 0, 0]


def test_sleep_is_counted_until_it_ends(watcher: Watcher) -> None:
    watcher.see(["|-status|p2a: Abra|slp|[from] move: Rest", "|cant|p2a: Abra|slp"], request())
    assert seen(watcher)["foe_slept"][0] == 1 and seen(watcher)["foe_rests"][0]
    watcher.see(["|-curestatus|p2a: Abra|slp|[msg]"], request())
    assert seen(watcher)["foe_slept"][0] == 0 and not seen(watcher)["foe_rests"][0]


def test_what_is_under_way_ends_when_a_confused_pokemon_hurts_itself(watcher: Watcher) -> None:
    watcher.see(["|move|p2a: Abra|Dig|p1a: Ditto", "|-prepare|p2a: Abra|Dig"], request())
    assert seen(watcher)["charging_move"] == [0, 91]
    silent = copy.deepcopy(watcher)
    watcher.see(["|-activate|p2a: Abra|confusion", "|move|p2a: Abra|Dig|p1a: Ditto|[from] Dig", "|"], request())
    assert seen(watcher)["last_move"] == [0, 91]
    silent.see(["|-activate|p2a: Abra|confusion", "|", "|upkeep"], request())  # its Substitute took the blow
    assert seen(silent)["charging_move"] == [0, 0] and seen(silent)["last_move"] == [0, 0]


def test_what_does_not_fit_is_an_error(watcher: Watcher) -> None:
    with pytest.raises(KnowledgeError, match="'-terastallize' is not known to the tracker"):
        copy.deepcopy(watcher).see(["|-terastallize|p1a: Ditto|Fire"], request())
    with pytest.raises(KnowledgeError, match="Ditto has 12/200 by the request, 200 by the messages"):
        copy.deepcopy(watcher).see(["|turn|2"], request("12/200"))
    with pytest.raises(KnowledgeError, match="uses surf, which its request never named"):
        copy.deepcopy(watcher).see(["|move|p1a: Ditto|Surf|p2a: Abra"], request())
    with pytest.raises(KnowledgeError, match="before any"):
        Watcher("p1", watcher.names).see(["|-damage|p1a: Ditto|1/200"], request())
