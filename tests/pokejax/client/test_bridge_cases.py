"""Battles that once told the verifier's tracker and the environment apart, and teams of one theme, through the bridge.

    uv run pytest -m sweep -s tests/pokejax/client/test_bridge_cases.py

compares 100 battles of each theme by each of two policies.
"""

from __future__ import annotations

import bridged
import pytest
import replayed

from families.pokejax_gen1.verify.themes import THEMES
from pokejax.client import Bridge
from references.showdown.workers import WorkerPool

WHOLE = (
    "bridge-pp-after-a-copy",
    "bridge-seen-moves-after-a-thaw",
    "charge-repeated-after-a-thaw",
    "disable-and-mimic-in-one-step",
    "own-move-after-a-copy-called-it",
    "release-of-a-move-of-another-pokemon",
    "trap-renewed-by-a-move-of-another-pokemon",
)


def compared(tally: bridged.Tally, played: replayed.Played, where: str) -> None:
    """Both seats at every decision; what differs where the bridge says that something is open is counted apart."""
    for number, seat in enumerate(bridged.SEATS):
        bridge = Bridge("gen1randombattle")
        for step, view in enumerate(played.views):
            seen = bridge.see(*view[number])
            truth = {name: played.outs[f"out.{seat}.obs.{name}"][step] for name in bridged.NAMES}
            found = bridged.differing(f"{where}, {seat}, decision {step}", seen, truth, bridge.open)
            tally.counts["observations"] += 1
            tally.counts["open"] += bool(bridge.open)
            tally.counts["open and other"] += bool(bridge.open and found)
            tally.differences += [] if bridge.open else found


@pytest.mark.parametrize("name", WHOLE)
def test_a_saved_battle(pool: WorkerPool, name: str) -> None:
    played, tally = replayed.saved(pool, name), bridged.Tally()
    compared(tally, played, name)
    assert not tally.differences, "\n".join(tally.differences)
    assert tally.counts["observations"] == 2 * (len(played.actions) + 1)


@pytest.mark.parametrize("theme", THEMES)
def test_a_few_battles_of_a_theme(pool: WorkerPool, theme: str, commit_seed: int) -> None:
    tally = bridged.Tally()
    for place, played in enumerate(replayed.battles(pool, commit_seed, 3, theme, "uniform")):
        compared(tally, played, f"battle {place}")
    assert not tally.differences, "\n".join(tally.differences[:10])
    assert tally.counts["observations"] > 50


@pytest.mark.sweep
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("policy", ["uniform", "guided"])
@pytest.mark.parametrize("theme", THEMES)
def test_many_battles_of_a_theme(pool: WorkerPool, theme: str, policy: str) -> None:
    tally = bridged.Tally()
    for place, played in enumerate(replayed.battles(pool, 7300, 100, theme, policy)):
        compared(tally, played, f"battle {place}")
    print(theme, policy, dict(tally.counts))
    assert not tally.differences, "\n".join(tally.differences[:10])
    assert tally.counts["observations"] > 5000
