"""The bridge's observations are the environment's: battles of the environment, played again in Showdown with the same
seed, seen through Showdown's messages to each player.

    uv run pytest -m sweep -s tests/pokejax/client/test_bridge_lockstep.py

compares 600 battles a format and writes docs/evidence/gen1-bridge.json.
"""

from __future__ import annotations

import bridged
import evidence
import pytest

from references.showdown.workers import WorkerPool

COMMAND = "uv run pytest -m sweep -s tests/pokejax/client/test_bridge_lockstep.py"


def test_observations_are_the_environments(pool: WorkerPool, commit_seed: int) -> None:
    tally = bridged.Tally()
    for played, index, views in bridged.battles(pool, "pokejax/gen1randombattle", commit_seed, 6, "randbats", "guided"):
        bridged.compare(tally, played, index, views)
    assert not tally.differences, "\n".join(tally.differences[:10])
    assert tally.counts["observations"] > 200
    assert tally.counts["observations of poke-env"] > 150


@pytest.mark.sweep
@pytest.mark.timeout(7200)
@pytest.mark.parametrize(("env", "teams"), [("pokejax/gen1randombattle", "randbats"), ("pokejax/gen1ou", "ou")])
def test_many_battles(pool: WorkerPool, env: str, teams: str) -> None:
    tally = bridged.Tally()
    for place, policy in enumerate(("uniform", "max-damage", "status-first", "switch-averse", "guided")):
        for played, index, views in bridged.battles(pool, env, 4100 + place, 120, teams, policy):
            bridged.compare(tally, played, index, views)
            tally.counts["battles"] += 1
        print(env, policy, dict(tally.counts), len(tally.differences), flush=True)
    found = {**tally.counts, "differences": len(tally.differences), "examples": tally.differences[:10]}
    evidence.record("gen1-bridge.json", f"{env}, {teams}", found, COMMAND)
    assert not tally.differences, "\n".join(tally.differences[:10])
    assert tally.counts["battles"] >= 500 and tally.counts["both replace a fainted"] > 0
