"""Texts of teams beside Showdown's own import and validator: the same verdict, Pokémon and stats.

A text goes the way that it takes into a battle of the reference; see references/showdown/read_teams.js. More of them:
``pytest -m sweep tests/pokejax/gen1/test_teams_differential.py``.
"""

from __future__ import annotations

import collections
import json
import warnings
from typing import Any

import pytest
from team_texts import CHANGES, Text, make_texts

from pokejax.common.team_text import TeamError, TeamWarning
from pokejax.gen1.teams import battle_array, team_array
from pokejax.gen1.teams_parse import parse_team
from pokejax.gen1.teams_validate import validate_team
from references.showdown.scripts import run_script

FORMATS = {"gen1ou": "gen1ou", "obtainable": "gen1obtainable"}
SEED = 20261128


def reference(texts: list[str]) -> list[dict[str, Any]]:
    """The reference's reading of each text."""
    return json.loads(run_script("read_teams.js", stdin=json.dumps(texts)))


def ours(text: str, format_id: str) -> tuple[list[Any] | None, str]:
    """The sets of a team that we accept, as the reference writes them, or None and why not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TeamWarning)
        try:
            team = validate_team(parse_team(text), format_id)
        except TeamError as error:
            return None, str(error)
    rows = battle_array(team_array(team))[: len(team)]
    return [[row[0], row[1], [move for move in row[2:6] if move], row[6:]] for row in rows.tolist()], ""


def theirs(answer: dict[str, Any] | None, name: str) -> list[Any] | None:
    """The sets of a team that the reference accepts in a format."""
    if answer is None or answer[name]:
        return None
    sets = answer["sets"]
    # Custom Game, to which Obtainable is added, lets in what no battle of Gen 1 has room for.
    fits = len(sets) <= 6 and all(level <= 100 and len(moves) <= 4 for _, level, moves, _ in sets)
    return sets if fits else None


def differences(texts: list[Text]) -> tuple[list[str], collections.Counter[str]]:
    """One line for each verdict or set that differs; and how often each verdict was given."""
    found, verdicts = [], collections.Counter()
    for text, answer in zip(texts, reference([text.text for text in texts]), strict=True):
        for name, format_id in FORMATS.items():
            expected = theirs(answer["packed"], name)
            got, why = ours(text.text, format_id)
            verdicts[f"{name} {'refused' if expected is None else 'accepted'}"] += 1
            if got != expected:
                told = answer["packed"] and answer["packed"][name]
                found.append(f"{format_id} {text.changes}: {text.text!r}\n ours {got} {why}\n theirs {expected} {told}")
    return found, verdicts


def check(texts: list[Text]) -> None:
    found, verdicts = differences(texts)
    print(f"{len(texts)} texts: {dict(sorted(verdicts.items()))}")
    assert not found, f"{len(found)} of {2 * len(texts)}:\n" + "\n".join(found[:5])
    assert min(verdicts.values()) > len(texts) // 10 and len(verdicts) == 4


def test_verdicts_and_stats_equal_showdowns() -> None:
    texts = make_texts(SEED, 400)
    assert {change for text in texts for change in text.changes} > set(CHANGES)
    check(texts)


KNOWN = {
    "a line without a dash": ("Tauros\n- Rest\nBody Slam", "accepted", "refused"),
    "a keyword without its blank": ("Tauros\nLevel:99\n- Rest", "accepted", "refused"),
    "a level in words": ("Tauros\nLevel: high\n- Rest", "accepted", "refused"),
    "a fraction": ("Tauros\nLevel: 90.5\n- Rest", "accepted", "refused"),
    "level 0": ("Tauros\nLevel: 0\n- Rest", "accepted", "refused"),
    "EVs in words": ("Tauros\nEVs: 4 HP / many Atk\n- Rest", "accepted", "refused"),
    "IVs beyond 31": ("Tauros\nIVs: 62 Atk\n- Rest", "accepted", "refused"),
    "a second species in parentheses": ("A (Tauros) (Abra)\n- Rest", "accepted", "refused"),
    "JSON's numbers in quotes": ('[{"species": "Abra", "moves": ["Rest"], "evs": {"hp": "4"}}]', "accepted", "refused"),
    "JSON's other keys": ('[{"species": "Abra", "moves": ["Rest"], "evs": {"luck": 4}}]', "accepted", "refused"),
    "Hidden Power": ("Tauros\nHidden Power: Dark\n- Rest", "accepted", "refused"),
    "JSON's sign of Nidoran": ('[{"name": "A", "species": "Nidoran♀", "moves": ["Rest"]}]', "refused", "accepted"),
    "a mark before JSON": ('\ufeff[{"species": "Tauros", "moves": ["Rest"]}]', "refused", "accepted"),
    "happiness in words": ("Tauros\nHappiness: high\n- Rest", "refused", "accepted"),
    "a bar in a nickname": ("A|B (Tauros)\n- Rest", "refused", "accepted"),
}
"""Texts that we judge otherwise on purpose: the reference's verdict, then ours. docs/pokejax_gen1.md says why."""


def test_known_differences_are_as_they_are_told() -> None:
    answers = reference([text for text, *_ in KNOWN.values()])
    for (name, (text, reference_says, we_say)), answer in zip(KNOWN.items(), answers, strict=True):
        expected = theirs(answer["packed"], "obtainable")
        got, why = ours(text, "gen1obtainable")
        words = {True: "refused", False: "accepted"}
        assert (words[expected is None], words[got is None]) == (reference_says, we_say), (name, answer, got, why)


def test_evs_of_zero() -> None:
    """Packed as nothing, they would come back as 252. We keep the zeros that are written, which OU then refuses, as
    Showdown's validator does where a client writes them."""
    text = "Tauros\nEVs: 0 HP / 0 Spe\n- Rest"
    (answer,) = reference([text])
    assert not answer["packed"]["gen1ou"]
    assert "has exactly 0 EVs" in answer["imported"]["gen1ou"][0]
    assert "all EVs are 0" in ours(text, "gen1ou")[1]
    assert ours(text, "gen1obtainable")[0] == [[128, 100, [156], [290, 235, 225, 175, 255]]]


@pytest.mark.sweep
def test_verdicts_and_stats_equal_showdowns_in_many_texts() -> None:
    check(make_texts(SEED + 1, 20_000))
