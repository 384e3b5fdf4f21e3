"""Small runs of Pong's plugin, and what is expected of any of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from families.pongjax.verify import bulk, checks
from families.pongjax.verify.cases import ADDITIONS, KINDS
from references.puffer_pong.install import ReferenceUnavailableError
from references.puffer_pong.library import library
from verification.levels.context import Plan
from verification.registry import load_plugin
from verification.runner import Run, execute

EXPECTED = {
    "L0": ("declaration", "fresh-process", "restore", "batch", "declared", "check-env", "step-env"),
    "L1": ("injected", "properties", "compiled-in"),
    "L2": ("pairs", "relations", "state-machine"),
    "L3": ("lockstep", "bulk"),
}


def need_reference() -> None:
    """Skip, and say why, where the C cannot be fetched or compiled."""
    try:
        library()
    except ReferenceUnavailableError as error:
        pytest.skip(str(error))


def small_run(env: str, levels: tuple[str, ...], seed: int, failures: Path) -> Run:
    """A run of a few seconds."""
    need_reference()
    plan = Plan(
        levels=levels,
        injected=2048,
        interactions=1024,
        episodes=16,
        seed=seed,
        failures=failures,
        options={"steps": "20000"},
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checks, "HORIZON", 512)
        patch.setattr(bulk, "LANES", 512)
        return execute(Run(load_plugin(env), plan))


def expect_everything(run: Run) -> None:
    """Every check of the run's levels passed, and compared what it says it compares."""
    found = {result.id: (result.verdict, result.reason, result.findings[:1]) for result in run.results}
    assert run.verdict == "pass", found
    assert list(found) == [f"{level}/{name}" for level in run.plan.levels for name in EXPECTED[level]]
    stats = {result.id: result.stats for result in run.results}
    relations = {relation.name: stats["L2/relations"][relation.name] for relation in run.plugin.laws.relations}
    assert len(relations) == 4 and min(relations.values()) >= 3, relations
    assert set(stats["L1/injected"]["made_by"]) == {"played", "illegal action", *KINDS, *ADDITIONS}
    assert run.coverage is not None and run.coverage["never"] == []
    assert stats["L3/lockstep"]["mean_length"] > 50
    _expect_observations(run, stats["L3/bulk"])


def _expect_observations(run: Run, stats: dict) -> None:
    """Bitwise equal with params as data, within an ulp with params compiled in."""
    kind = "continuous" if run.plugin.env.endswith("continuous") else "discrete"
    assert set(stats) == {
        f"{kind}, frame skip {skip}, params {params}" for skip in (1, 8) for params in ("compiled in", "by lane")
    }
    for name, one in stats.items():
        seen = one["observations"]
        assert one["steps"] >= 20_000 and one["games_differing"] == seen["further"] == 0
        assert seen["bitwise equal"] > 1e5 and (seen["within 1 ulp"] == 0 or name.endswith("compiled in"))
