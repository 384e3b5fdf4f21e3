"""Verdicts on teams for gen4ou beside Showdown's validator.

More of them: ``pytest -m sweep -s tests/pokejax/modern/test_modern_legality.py``.
"""

from __future__ import annotations

import collections
import json
import re

import pytest
from changed_teams import CHANGES, changed_teams

from pokejax.common.pools import load_pool
from pokejax.common.team_text import TeamError
from pokejax.modern.teams import showdown_sets
from pokejax.modern.teams_parse import parse_team
from pokejax.modern.teams_validate import validate_team
from references.showdown.scripts import run_script

FROM_ONE_SOURCE = re.compile(
    r"incompatible|egg move combination|event-exclusive|from an event|from a Gen 3|only obtainable|can't be transferred"
)
"""The one thing not found out: moves that the species can know each, but not from one egg, event or game."""


def judged(text: str) -> str:
    try:
        validate_team(parse_team(text, 4), "gen4ou")
    except TeamError as error:
        return str(error)
    return ""


def verdicts(seed: int, count: int) -> tuple[collections.Counter[str], list[str], list[str]]:
    """Counts of each pair of verdicts, teams that we alone allow, and teams that we alone refuse."""
    teams = changed_teams(load_pool("gen4ou").teams, seed, count)
    texts = [json.dumps(showdown_sets(team, 4)) for _, team in teams]
    answers = json.loads(run_script("modern/describe_teams.js", "4", "gen4ou", stdin=json.dumps(texts)))
    found, lax, strict = collections.Counter(), [], []
    for (change, _), text, answer in zip(teams, texts, answers, strict=True):
        ours, theirs = judged(text), answer["problems"]
        found[f"{'refused' if ours else 'allowed'}, {'refused' if theirs else 'allowed'} by the reference"] += 1
        if ours and not theirs:
            strict.append(f"{change}: {ours}")
        if theirs and not ours:
            lax.append(f"{change}: {' '.join(theirs)}")
    return found, lax, strict


def check(seed: int, count: int) -> None:
    found, lax, strict = verdicts(seed, count)
    print(
        f"{sum(found.values())} teams: {dict(sorted(found.items()))}; {len(lax)} we alone allow; {len(strict)} refuse"
    )
    assert strict == []
    assert [line for line in lax if not FROM_ONE_SOURCE.search(line)] == []
    assert all(found[f"{verdict}, {verdict} by the reference"] > count / 5 for verdict in ("allowed", "refused"))


def test_verdicts_are_the_reference_s_but_for_moves_from_one_source() -> None:
    check(seed=5, count=10 * len(CHANGES))


@pytest.mark.sweep
@pytest.mark.timeout(3600)
def test_thousands_of_verdicts() -> None:
    check(seed=20261130, count=6000)
