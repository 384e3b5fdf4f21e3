"""A family of the tests' own is verified, benched, trained and transferred, and no core is changed for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import toy_family as toy
from compiled_quickly import compiled_quickly  # noqa: F401

import baselines.cli
import families
import jaxenv
import leaderboard.__main__
import verification.cli
from jaxenv.testing import check_env
from leaderboard import machine


@pytest.fixture(scope="module", autouse=True)
def known() -> None:
    toy.add()


def test_its_environment_keeps_the_contract() -> None:
    check_env(jaxenv.make(toy.ID), toy.StairsParams(max_steps_in_episode=8), steps=24, batch=4)


def test_it_is_found_by_its_id() -> None:
    assert families.family_of(toy.ID) is toy.FAMILY


@pytest.mark.parametrize("levels", ["0,1,2,3"])
def test_it_is_verified(levels: str, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    amounts = ["--episodes", "20", "--injected", "256", "--interactions", "64"]
    where = ["--failures", str(tmp_path), "--json", str(out)]
    assert verification.cli.main(["run", toy.ID, "--levels", levels, *amounts, *where]) == 0
    checks = [check for level in json.loads(out.read_text())["levels"] for check in level["checks"]]
    verdicts = {check["id"]: check["verdict"] for check in checks}
    assert set(verdicts.values()) == {"pass"}, verdicts
    assert {"L0/fresh-process", "L1/injected", "L3/episodes"} <= set(verdicts), "a process of its own knows it too"


def test_its_seeded_bugs_are_found(tmp_path: Path) -> None:
    amounts = ["--levels", "1,3", "--episodes", "20", "--injected", "1024", "--alarms", "4"]
    where = ["--failures", str(tmp_path), "--json", str(tmp_path / "mutants.json")]
    assert verification.cli.main(["mutants", toy.ID, *amounts, *where]) == 0
    assert json.loads((tmp_path / "mutants.json").read_text())["rate"] == 1


def test_it_is_benched(tmp_path: Path) -> None:
    """On one core: on a machine with more, that is a process of its own, which is told of the family."""
    out = tmp_path / "rows.json"
    small = ["--batch", "64", "--samples", "2", "--seconds", "0.05"]
    assert leaderboard.__main__.main(["bench", toy.ID, *small, "--json", str(out)]) == 0
    (row,) = json.loads(out.read_text())["rows"]
    assert row["reference"]["name"] == "stairs in numpy" and row["ratio"] > 0
    assert row["cores"] == 1 <= machine.cores()


def test_it_is_trained_and_transferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run, out = tmp_path / "run", tmp_path / "transfer.json"
    few = ["--steps", "40960", "--backend", "xla", "--eval-episodes", "64"]
    assert baselines.cli.main(["train", toy.ID, *few, "--out", str(run)]) == 0
    learned = json.loads((run / "result.json").read_text())["mean_return"]
    asked = ["--policies", "uniform", str(run), "--episodes", "64", "--json", str(out)]
    assert baselines.cli.main(["transfer", toy.ID, *asked]) == 0
    told = json.loads(out.read_text())
    assert learned > 0.9, "it climbs, and waits where the stair is slippery"
    assert {policy: sorted(sides) for policy, sides in told["policies"].items()} == {
        "uniform": ["candidate", "reference"],
        "run": ["candidate", "reference"],
    }
    assert all(sum(side["outcome"]) > 0.9 * 64 for side in told["policies"]["run"].values())


def test_a_process_of_its_own_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    jaxenv.register("toy/Again-v0", f"{toy.__name__}:Stairs", {"autoreset": "full"}, ("stairs",))
    for name, value in families.handed_on().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("families.lookup._registered", {})
    monkeypatch.setattr("jaxenv.registry._registered", {})
    assert families.find(toy.ID) is None and toy.ID not in jaxenv.list_envs()
    assert families.handed_on() == {}
    families.adopt()
    assert families.family_of(toy.ID) == toy.FAMILY and toy.ID in jaxenv.list_envs()
    assert jaxenv.list_envs("stairs") == ["toy/Again-v0"] and jaxenv.make("toy/Again-v0") == toy.Stairs()
