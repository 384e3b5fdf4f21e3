"""Records of Generation 4: a battle that is made anew from its record plays on as the first one does.

The deep run is ``pytest -m sweep tests/references/showdown/test_showdown_modern.py``.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from references.showdown.scripts import run_script


def rebuilt(teams: str, battles: int, seed: int, every: int) -> dict[str, Any]:
    """Figures of `modern/rebuild.js`, which makes a battle anew about once in `every` decision points."""
    return json.loads(run_script("modern/rebuild.js", teams, str(battles), str(seed), str(every)))


@pytest.mark.parametrize(("teams", "battles"), [("random", 5), ("any", 6), ("own", 4)])
def test_a_battle_made_from_its_record_plays_on_alike(teams: str, battles: int) -> None:
    found = rebuilt(teams, battles, seed=1, every=3)
    assert found["different"] == []
    assert found["battles"] == battles and found["steps"] > 20 * battles
    assert found["rebuilt"] > 5 * battles, "records were read and written"
    assert found["between"] > 0, "also while a replacement is asked for"


@pytest.mark.sweep
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("teams", ["random", "any", "own"])
def test_thousands_of_battles_play_on_alike(teams: str) -> None:
    found = rebuilt(teams, 400, seed=20261130, every=4)
    assert found["different"] == [] and found["steps"] > 15_000 and found["queued"] > 20
