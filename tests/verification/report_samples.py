"""Reports made through `verification.results`, one of each kind that a reader meets."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from references.protocol import CAPABILITIES, WITHOUT
from verification.results import CheckResult, FieldDifference, Finding, level_json, worst
from verification.statistics.equivalence import Equivalence

MOVES = ("tackle", "toxic", "substitute", "hyperbeam", "leechseed", "rest", "bide", "counter", "mimic", "haze")


def check(
    name: str, level: str, title: str, cases: int, unit: str, *, steps: int = 0, seconds: float = 1.5
) -> CheckResult:
    """A clean check, not concluded yet."""
    return CheckResult(name, level, title, cases=cases, unit=unit, planned=cases, steps=steps, seconds=seconds)


def report(results: list[CheckResult], **changes: Any) -> dict[str, Any]:
    """A whole report of concluded checks; `changes` replace top-level entries."""
    levels = [
        level_json(name, [result for result in results if result.level == name])
        for name in sorted({result.level for result in results})
    ]
    verdict = worst(level["verdict"] for level in levels)
    rng = np.random.default_rng(7)
    counts = {f"move:{name}": int(count) for name, count in zip(MOVES, rng.geometric(0.004, len(MOVES)), strict=True)}
    counts |= {f"effect:{k}": int(count) for k, count in enumerate(rng.geometric(0.02, 40))} | {"branch:sub_break": 1}
    never = ["branch:struggle_recoil", "branch:partial_trap_switch"]
    have = dict.fromkeys(CAPABILITIES, True)
    made = {
        "schema": "verification.report/1",
        "env": "pokejax/gen1randombattle",
        "verdict": verdict,
        "complete": verdict != "not_run",
        "interrupted": False,
        "reason": "",
        "reference": {"name": "pokemon-showdown", "version": "0.11.11"},
        "candidate": {"name": "pokejax", "version": "0.1.0"},
        "capabilities": {
            "reference": have | {"Covered": False},
            "candidate": have | {"Covered": False},
            "missing": [
                {"side": "reference", "capability": "Covered", "means": WITHOUT["Covered"]},
                {"side": "candidate", "capability": "Covered", "means": WITHOUT["Covered"]},
            ],
        },
        "levels": levels,
        "coverage": {
            "declared": len(counts) + len(never),
            "exercised": len(counts),
            "never": never,
            "counts": counts,
            "unseen_mass": 0.000031,
            "unseen_mass_se": 0.000012,
        },
        "mutants": None,
        "tost": [],
        "ignored_fields": [{"path": "out.info.log", "why": "text for people, which no rule reads"}],
        "tolerances": [],
        "blind_spots": ["With shared random numbers a candidate's own generator is not tested: see level 3d."],
        "plan": {"levels": [level["level"] for level in levels], "episodes": 200, "seed": 7, "injected": 20000},
        "provenance": {
            "commit": "d602bfa0c1f0",
            "uncommitted_changes": False,
            "seeds_hash": "9f2c44",
            "verifier_hash": "51aa0e",
            "platform": "Linux-6.1-x86_64",
            "python": "3.11.9",
            "jax": "0.10.2",
            "numpy": "2.3.1",
            "cpus": 2,
            "started": "2026-11-22T20:04:11Z",
            "seconds": 142.5,
        },
        "command": "uv run python -m verification run pokejax/gen1randombattle --episodes 200 --seed 7",
    }
    return made | copy.deepcopy(changes)


def _contract() -> list[CheckResult]:
    titles = {"determinism": "the same seed gives the same episode in a fresh process", "vmap": "a batch equals single"}
    return [check(f"L0/{name}", "L0", title, 64, "checks").conclude() for name, title in titles.items()]


def clean() -> dict[str, Any]:
    """Everything passed."""
    injected = check("L1/injected", "L1", "injected states, one step", 20_000, "steps", steps=20_000, seconds=41.0)
    injected.notes.append("12 cases were replaced because the reference could not be put into them")
    law = check("L1/properties", "L1", "laws of one step", 20_000, "steps", seconds=2.0)
    pairs = check("L2/pairs", "L2", "pairs of behaviours", 1024, "episodes", steps=4096, seconds=11.0)
    episodes = check("L3/episodes", "L3", "whole episodes", 200, "episodes", steps=21_034, seconds=77.0)
    draws = check("L3d/draws", "L3d", "the law of each draw", 4096, "draws", seconds=4.0)
    return report(_contract() + [result.conclude() for result in (injected, law, pairs, episodes, draws)])


def divergence(step: int = 1, first: str = "p1.team.0.hp", **changes: Any) -> Finding:
    """A finding with three fields and a command that needs escaping."""
    differences = (
        FieldDifference(first, "damage", 110, 113),
        FieldDifference("p1.active.volatile.substitute", "volatiles", True, False),
        FieldDifference("p2.legal", "choices", [1, 1, 1, 1, 0, 0, 1, 1, 0, 1], [1, 1, 1, 1, 0, 0, 1, 1, 1, 1]),
    )
    settings: dict[str, Any] = {
        "event": "move 2 of 2: Hyper Beam",
        "draws": "the candidate made 1 draw more than the reference",
        "suspects": (("pokejax/gen1/damage.py:88", 0.91), ("pokejax/gen1/hit.py:140", 0.37)),
        "case": {"seed": 7, "policy": "uniform", "mutation": "hp := 1"},
        "file": "out/divergences/steps-inject-0.json",
        "repro": "uv run python -m verification replay 'out/a & b/<steps>-inject-0.json'",
        "shrunk_steps": 1,
    }
    return Finding(step, differences, **(settings | changes))


def failing() -> dict[str, Any]:
    """Divergences at level 1 and 3, among them one of the reference's own and one with many fields."""
    injected = check("L1/injected", "L1", "injected states, one step", 20_000, "steps", steps=20_000)
    injected.add(divergence())
    injected.add(divergence(first="p2.team.3.pp", draws="", event="", shrunk_steps=None))
    wide = tuple(FieldDifference(f"p1.team.{k // 8}.slot.{k % 8}", "party", k, -k) for k in range(1, 40))
    injected.add(Finding(1, wide, repro="uv run python -m verification replay out/wide.json"))
    episodes = check("L3/episodes", "L3", "whole episodes", 200, "episodes", steps=21_034)
    rng = np.random.default_rng(0)
    fields = ("p1.team.0.hp", "p1.active.volatile.partiallytrapped", "prng", "p2.active.stats.spe")
    for k in range(60):
        name = fields[min(int(rng.geometric(0.5)) - 1, len(fields) - 1)]
        repro = f"uv run python -m verification replay out/episode-{k}.json"
        episodes.add(divergence(int(rng.geometric(0.03)), name, repro=repro))
    refused = Finding(
        12, (), message="the reference refused the action: [Invalid choice] <Can't move>", repro="replay 9"
    )
    episodes.add(refused)
    draws = check("L3d/draws", "L3d", "the law of each draw", 4096, "draws")
    return report(_contract() + [result.conclude() for result in (injected, episodes, draws)])


def _mutant(name: str, module: str, changes: str, levels: dict[str, bool], explanation: str = "") -> dict[str, Any]:
    killed = [level for level, found in levels.items() if found]
    return {
        "id": name,
        "module": module,
        "changes": changes,
        "expected": "L1",
        "killed_by": levels,
        "first_kill": {level: {"cases": 17, "seconds": 0.4, "field": "p1.team.0.hp"} for level in killed},
        "suspects": ["pokejax/gen1/damage.py:88"] if killed else [],
        "rank": 1 if killed else None,
        "shrunk_steps": 1 if killed else None,
        "explanation": explanation,
    }


def with_mutants() -> dict[str, Any]:
    """Seeded bugs, two of which survive: one explained, one not."""
    levels = ("L1", "L2", "L3")
    rows = [
        _mutant("P1 crit_x2", "damage", "a critical hit doubles the damage", dict.fromkeys(levels, True)),
        _mutant("P6 sleep_off_by_one", "status", "sleep lasts one turn longer", {"L1": True, "L2": True, "L3": False}),
        _mutant(
            "P17 lock_kept", "volatiles", "Choice lock <survives> a switch", {"L1": False, "L2": True, "L3": False}
        ),
        _mutant("P21 swap_args", "stats", "min(a, b) becomes min(b, a)", dict.fromkeys(levels, False), "equivalent"),
        _mutant("P22 tie_order", "turn", "the speed tie goes to player 1", dict.fromkeys(levels, False)),
    ]
    by_level = {
        "L1": {"killed": 2, "of": 5, "rate": 0.4, "ci95": [0.118, 0.769], "unique": []},
        "L2": {"killed": 3, "of": 5, "rate": 0.6, "ci95": [0.231, 0.882], "unique": ["P17 lock_kept"]},
        "L3": {"killed": 1, "of": 5, "rate": 0.2, "ci95": [0.036, 0.624], "unique": []},
    }
    mutants = {
        "mutants": 5,
        "killed": 3,
        "rate": 0.6,
        "rate_ci95": [0.231, 0.882],
        "by_level": by_level,
        "false_alarms": 0,
        "false_alarm_episodes": 1000,
        "localisation": {"top1": 2 / 3, "top3": 1.0},
        "median_shrunk_steps": 1.0,
        "rows": rows,
        "seconds": 212.0,
        "compile_seconds": 48.0,
    }
    return clean() | {"mutants": mutants}


def mutants_only() -> dict[str, Any]:
    """A report of `verification mutants`: no level, the verifier's own figures."""
    return with_mutants() | {"levels": [], "verdict": "fail", "tost": []}


def _tost(metric: str, verdict: Any, difference: float, half90: float, margin: float) -> dict[str, Any]:
    found = Equivalence(
        method="Welch over policies",
        n=(5, 5),
        k=5,
        difference=difference,
        standard_error=half90 / 2,
        ci90=(difference - half90, difference + half90),
        ci95=(difference - 1.25 * half90, difference + 1.25 * half90),
        p_low=0.0004,
        p_high=0.013,
        margin=margin,
        margin_reason="5 % of the span from random to trained",
        verdict=verdict,
        power_at_zero=0.91,
        power_at_quarter=0.83,
        n_needed=13_529 if verdict == "inconclusive" else None,
        unit="policies",
        degenerate=False,
        alpha=0.05,
        notes=("the trimmed test fails",) if verdict == "inconclusive" else (),
    )
    return {"metric": metric, **found.to_json()}


def with_tost() -> dict[str, Any]:
    """Level 4 with every verdict, one interval wider than the plot; error curves, and figures of other shapes."""
    transfer = check("L4/transfer", "L4", "policy transfer", 4000, "episodes", seconds=900.0).conclude()
    transfer.verdict, transfer.reason = "inconclusive", "at least one metric is not shown to be equivalent"
    x = list(range(0, 200, 4))
    grown = {"x": x, "y": [1e-7 * 1.06**k for k in x], "limit": 0.5}
    floor = {"x": x, "y": [0.7e-7 * 1.055**k for k in x], "limit": 0.5}
    flat = {"x": x, "y": [None if k == 40 else 0.2 + 0.1 * float(np.sin(k / 9)) for k in x], "limit": None}
    free = check("L3/free-run", "L3", "error curves", 64, "episodes", steps=12_800, seconds=30.0)
    free.stats["curves"] = {"qpos.0, candidate": grown, "qpos.0, rounding alone": floor, "qvel": flat}
    free.stats["decided_by_rounding"] = 3
    free.stats["fields"] = {"qpos.0": {"scale": 0.5, "crossing": 180}, "qvel.0": {"scale": 2.0, "crossing": None}}
    free.notes.append('Traceback (most recent call last):\n  File "x.py", line 1\nValueError: <bad>')
    tests = [
        _tost("return", "equivalent", 0.004, 0.011, 0.05),
        _tost("episode length", "equivalent but biased", 1.2, 0.6, 3.0),
        _tost("win rate", "inconclusive", 0.01, 0.4, 0.02),
        _tost("draw rate", "different", -0.09, 0.02, 0.05),
    ]
    tolerances = [{"path": "qpos.*", "atol": 0.0, "rtol": 1e-5, "ulp": 0, "why": "float32 rounding, measured"}]
    return report([*_contract(), free.conclude(), transfer], tost=tests, tolerances=tolerances)


def interrupted() -> dict[str, Any]:
    """Stopped at 120 of 200 episodes, all clean."""
    episodes = check("L3/episodes", "L3", "whole episodes", 120, "episodes", steps=12_000)
    episodes.planned = 200
    return report([*_contract(), episodes.conclude()], interrupted=True, complete=False)


def could_not_run() -> dict[str, Any]:
    """Nothing started."""
    nothing = {"declared": 0, "exercised": 0, "never": [], "counts": {}, "unseen_mass": None}
    reason = "OSError: node is not installed; see docs/verification.md"
    checks = [CheckResult(f"{level}/none", level, "nothing was run", reason=reason) for level in ("L0", "L1")]
    unknown = {"name": "unknown", "version": "unknown"}
    gone = {"reference": unknown, "candidate": unknown, "coverage": nothing}
    return report(checks, verdict="error", complete=False, reason=reason, **gone)


_SAMPLES = (clean, failing, with_mutants, mutants_only, with_tost, interrupted, could_not_run)
ALL = {sample.__name__: sample for sample in _SAMPLES}
