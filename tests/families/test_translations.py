"""Translation projects of the families: a plan from an empty candidate and the unmodified reference, without a model.

PREFLIGHT of all of them takes minutes: `uv run pytest -n 0 -m sweep tests/families/test_translations.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from families import lookup
from translator import project as projects
from translator.cli import main
from translator.sources import source_files

ROOT = Path(__file__).resolve().parents[2]
ON_HOST = {"emurust"}
"""Written in Rust already: the translator's target is JAX."""
FAMILIES = ("cartpole", "cheetahjax", "pokejax_gen1", "pongjax", "tcgjax")


def test_every_family_with_a_verified_environment_has_a_translation() -> None:
    found = {path.parent.name for path in (ROOT / "families").glob("*/translation.toml")}
    verified = {path.parents[1].name for path in (ROOT / "families").glob("*/verify/plugin.py")}
    assert found == verified - ON_HOST == set(FAMILIES)
    named = {family.name: family.translation for family in lookup.families() if family.translation}
    assert named == dict.fromkeys(FAMILIES, projects.FILE)


@pytest.mark.parametrize("name", FAMILIES)
def test_plan_passes_without_a_model(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    folder = ROOT / "families" / name
    project = projects.load(folder)
    assert project.project.name == name and project.sandbox.kind == "bwrap"
    assert all(path.stat().st_size for path in source_files(project, folder).values())
    assert main(["plan", str(folder)]) == 0
    said = capfd.readouterr().out
    for module in project.module:
        assert f"\n{module.name}: " in f"\n{said}"
    assert f"budget: {project.budget.usd} USD" in said


@pytest.mark.sweep
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", FAMILIES)
def test_preflight_passes_without_a_model(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--preflight", str(ROOT / "families" / name)]) == 0
    said = capfd.readouterr().out
    assert "steps of the reference against itself: " in said and "seeded bugs found: " in said
