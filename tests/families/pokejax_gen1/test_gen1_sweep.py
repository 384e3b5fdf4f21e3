"""Whole battles against themselves: no false alarm, every planted difference found, faults survived."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from compiled_quickly import compiled_quickly  # noqa: F401 (a fixture)

from families.pokejax_gen1.verify import outcome
from families.pokejax_gen1.verify.battles import PlayedBattles
from families.pokejax_gen1.verify.fields import MODULES, specs
from families.pokejax_gen1.verify.lockstep import Plan, Sweep, describe, run
from families.pokejax_gen1.verify.play import SelfCheck
from families.pokejax_gen1.verify.sides import column_order
from references.showdown.client import POLICIES
from references.showdown.gen1.fields import field_names
from references.showdown.lcg import draws_between, state_of, step
from references.showdown.workers import WorkerPool
from verification import cases
from verification.cli import main

ENV = "self-check/gen1randombattle"


@pytest.mark.parametrize("teams", ["randbats", "allmoves", "ou", "mirror"])
def test_the_reference_equals_itself(pool: WorkerPool, tmp_path: Path, teams: str) -> None:
    sweep = run(SelfCheck(ENV, pool=pool), Plan(ENV, 12, 1, teams, POLICIES), pool, tmp_path)
    assert sweep.complete
    assert (sweep.episodes, len(sweep.failures), list(tmp_path.iterdir())) == (12, 0, [])
    assert sweep.result.stats["episodes_by_policy"] == dict.fromkeys(POLICIES, 2)
    assert sweep.steps > 100


@pytest.mark.parametrize("module", [name for name in MODULES if name != "teams"])  # nobody plays by wrong teams
def test_a_planted_difference_is_found_at_its_step(pool: WorkerPool, tmp_path: Path, module: str) -> None:
    played = (*field_names(), *outcome.paths())
    name = next(spec.path for spec in reversed(specs()) if spec.module == module and spec.path in played)
    sweep = run(SelfCheck(ENV, corrupt=(name, 3), pool=pool), Plan(ENV, 1, 2), pool, tmp_path)
    (failure,) = sweep.failures
    difference = next(one for one in failure.differences if one.name == name)
    # Who won follows from the record: so does who is rewarded.
    assert {one.module for one in failure.differences} == {module}
    right, wrong = np.asarray(difference.reference), np.asarray(difference.candidate)
    np.testing.assert_array_equal(wrong, ~right if right.dtype == bool else right + 1)
    assert failure.step == 3
    assert name in sweep.summary() and f"replay {failure.file}" in sweep.summary()


def test_a_saved_battle_is_played_again(pool: WorkerPool, tmp_path: Path) -> None:
    broken = SelfCheck(ENV, corrupt=("p1.team.0.hp", 2), pool=pool)
    (failure,) = run(broken, Plan(ENV, 1, 3), pool, tmp_path).failures
    saved = cases.load(Path(failure.file))
    assert len(saved.actions) == 2 and saved.options["teams"].shape == (2, 6, 16)
    assert main(["replay", failure.file]) == 0, "the reference against itself, without the planted difference"


def test_modules_are_reported_in_order_and_draws_are_counted(pool: WorkerPool, tmp_path: Path) -> None:
    class ThreeDrawsTooMany(SelfCheck):
        def _batch(self, seeds, teams, battles):
            played = super()._batch(seeds, teams, battles)
            words = played.records[:, 1, :2]
            for row in words:
                state = state_of(int(row[0]), int(row[1]))
                for _ in range(3):
                    state = step(state)
                row[:] = np.array([state >> 32, state & 0xFFFFFFFF], np.uint32).view(np.int32)
            played.records[:, 1, field_names().index("p2.legal")] ^= 1
            played.records[:, 1, field_names().index("turn")] += 1
            return played

    (failure,) = run(ThreeDrawsTooMany(ENV, pool=pool), Plan(ENV, 1, 4), pool, tmp_path).failures
    assert failure.draws == "+3 draws" and "draws: +3 draws" in describe(failure)
    assert [one.module for one in failure.differences] == ["prng", "prng", "turn", "legal"]


def test_an_action_the_reference_refuses_is_a_divergence(pool: WorkerPool, tmp_path: Path) -> None:
    class Illegal(SelfCheck):
        def play(self, seed: int, episodes: int, teams: str, policy: str) -> Iterator[PlayedBattles]:
            for played in super().play(seed, episodes, teams, policy):
                played.actions[:, 4, 0] = 10
                yield played

    (failure,) = run(Illegal(ENV, pool=pool), Plan(ENV, 1, 5, policies=("switch-averse",)), pool, tmp_path).failures
    assert failure.message.startswith("choice rejected") and not failure.differences
    assert failure.step == 5


def test_draws_between_counts_both_ways() -> None:
    start = state_of(0x00010002, 0x00030004)
    end = step(step(start))
    assert (draws_between(start, end), draws_between(end, start), draws_between(start, start)) == (2, -2, 0)
    assert draws_between(start, start ^ 1) is None
    assert state_of(-1, -2) == 0xFFFFFFFFFFFFFFFE


def test_generator_step_is_the_references(pool: WorkerPool) -> None:
    played = next(iter(SelfCheck(ENV, pool=pool).play(6, 1, "randbats", "uniform")))
    records = played.records[0, : int(played.lengths[0]) + 1]
    states = [state_of(int(high), int(low)) for high, low in records[:, :2]]
    gaps = [draws_between(a, b) for a, b in pairwise(states)]
    assert all(gap is not None and 0 <= gap <= 30 for gap in gaps)


def test_fields_must_be_all_of_the_references() -> None:
    names = list(field_names())
    np.testing.assert_array_equal(column_order(names[::-1]), np.arange(len(names))[::-1])
    with pytest.raises(ValueError, match=r"missing: \['turn'\], unknown: \['trun'\]"):
        column_order(["trun" if name == "turn" else name for name in names])


def test_a_policy_alone_repeats_its_part_of_a_run_over_all() -> None:
    every = {policy: seed for policy, seed, _ in Plan(ENV, 10, 9, policies=POLICIES).shares()}
    assert [episodes for _, _, episodes in Plan(ENV, 10, 9, policies=POLICIES).shares()] == [2, 2, 2, 2, 1, 1]
    assert Plan(ENV, 10, 9, policies=("max-damage",)).shares() == [("max-damage", every["max-damage"], 10)]


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hung"])
def test_a_killed_or_hung_worker_is_reported_and_survived(tmp_path: Path, stop: signal.Signals) -> None:
    struck: list[int] = []
    with WorkerPool(2, timeout=10.0) as workers:

        def strike(sweep: Sweep) -> None:
            if not struck:
                struck.append(workers.pids[0])
                os.kill(struck[0], stop)

        plan = Plan(ENV, 48, 7)  # more than one batch, so that work is left after the blow
        sweep = run(SelfCheck(ENV), plan, workers, tmp_path, on_progress=strike)
    assert struck
    assert sweep.complete and not sweep.failures and sweep.episodes == 48
    (fault,) = sweep.faults
    assert str(struck[0]) in fault["reason"]
    assert ("died" if stop == signal.SIGKILL else "no answer within 10 s") in fault["reason"]
    assert len(fault["seed"]) == 2 and fault["policy"] == "uniform"
    assert "in flight: seed" in sweep.summary()


def test_a_battle_that_no_worker_survives_is_never_green(tmp_path: Path) -> None:
    with WorkerPool(1, timeout=0.001) as workers:
        sweep = run(SelfCheck(ENV), Plan(ENV, 1, 8), workers, tmp_path)
    assert (sweep.unverified, len(sweep.faults)) == (1, 2)
    assert not sweep.complete


def test_command_line_writes_its_report(tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    command = ["run", ENV, "--levels", "3", "--episodes", "5", "--seed", "3", "--teams", "allmoves", "--json", str(out)]
    assert main(command) == 0
    data = json.loads(out.read_text())
    (level,) = data["levels"]
    assert (data["env"], data["verdict"], data["reference"]["version"]) == (ENV, "pass", "0.11.11")
    assert (level["level"], level["verdict"], level["episodes"], level["divergences"]) == ("L3", "pass", 5, 0)
    moves = [name for name in data["coverage"]["counts"] if name.startswith("move:")]
    assert len(moves) > 10 and level["steps"] > 50
    assert data["coverage"]["exercised"] > 50 and data["provenance"]["commit"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [(["--teams", "doubles"], "unknown teams 'doubles'"), (["--policy", "clever"], "unknown policy 'clever'")],
)
def test_what_cannot_run_says_so_and_is_not_green(tmp_path: Path, arguments: list[str], reason: str) -> None:
    out = tmp_path / "report.json"
    assert main(["run", ENV, "--levels", "3", *arguments, "--json", str(out)]) == 3
    data = json.loads(out.read_text())
    assert reason in data["reason"]
    assert data["verdict"] == "error" and data["levels"][0]["verdict"] == "not_run"


def test_an_interrupted_run_keeps_what_it_compared(tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    # A shell starts background jobs with SIGINT ignored, and children inherit that: the tests may run in one.
    listen = "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    listen += "runpy.run_module('verification', run_name='__main__')"
    command = [sys.executable, "-c", listen, "run", ENV, "--levels", "3"]
    command += ["--episodes", "100000", "--json", str(out)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 240
        while not out.exists() and time.monotonic() < deadline:
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
    finally:
        process.kill()  # no effect on one that has ended; its workers end with it
    (level,) = json.loads(out.read_text())["levels"]
    assert level["verdict"] == "not_run" and 0 < level["episodes"] < 100000
