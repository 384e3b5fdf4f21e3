"""Project files: what is refused names the value, the place and the remedy."""

from __future__ import annotations

import subprocess
from pathlib import Path

import msgspec
import pytest
import toy_translation as toy

from translator import project as projects
from translator import starting
from translator.errors import ProjectError, TranslationError
from translator.project import Module, load, order, owners
from translator.sources import source_files

ROOT = Path(__file__).resolve().parents[2]


def held() -> Path:
    """The folder of a reference that a function fetches."""
    return Path(__file__).resolve().parent


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('fields = ["state.points"]', 'fields = ["state.*"]', "'state.*' of module 'points' is owned by 'place' too"),
        (
            'fields = ["state.points"]',
            'fields = ["state.place"]',
            "'state.place' of module 'points' is owned by 'place'",
        ),
        ('needs = ["place"]', 'needs = ["end"]', "in a circle: points → end → points"),
        ('needs = ["place"]', 'needs = ["plaice"]', "needs 'plaice', which there is not; there are place, points, end"),
        ('name = "end"', 'name = "place"', "two modules are called 'place': rename one"),
        ('fields = ["out.*"]', "fields = []", "module 'end' owns no fields"),
        ("strikes = 2", "usd = 0.0", "budget.usd is 0.0: nothing could be done with it"),
        ("strikes = 2", "usd = 1.0", "budget.per_call_usd 1.5 is more than budget.usd 1.0"),
        ("strikes = 2", "iterations = -1", "budget.iterations is -1"),
        ("strikes = 2", "strikes = 'two'", "strikes is 'two', not a whole number"),
        ('target = "jax"', 'target = "cobol"', "project.target is 'cobol', known are jax"),
        ('entry = "port.rules:Toy"', 'entry = "rules.py"', "candidate.entry 'rules.py': write module:Class"),
        ('sources = ["game.py"]', "source = 1", "source is not a field"),
        ('kind = "auto"', 'kind = "none"', "sandbox.kind is 'none', known are auto, bwrap, process only"),
    ],
)
def test_a_project_that_could_not_be_done_is_refused(old: str, new: str, told: str, tmp_path: Path) -> None:
    assert old in toy.TOML
    folder = toy.make_project(tmp_path, toy.TOML.replace(old, new, 1))
    with pytest.raises(ProjectError) as refused:
        load(folder)
    assert told in str(refused.value) and str(folder / "translation.toml") in str(refused.value)


def test_no_project_and_no_toml(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="there is no such file; `python -m translator init` makes a project"):
        load(tmp_path)
    (tmp_path / "translation.toml").write_text("[project")
    with pytest.raises(ProjectError, match="is no TOML"):
        load(tmp_path)


def test_modules_come_after_what_they_need() -> None:
    modules = [Module("c", ("c",), ("a", "b")), Module("a", ("a",)), Module("b", ("b",), ("a",))]
    assert [module.name for module in order(modules)] == ["a", "b", "c"]


def test_every_path_has_one_owner(tmp_path: Path) -> None:
    project = load(toy.make_project(tmp_path))
    assert owners(project, ["state.place", "out.reward"]) == {"state.place": "place", "out.reward": "end"}
    with pytest.raises(ProjectError, match=r"field 'state.time' is owned by no module: add it to the fields of one"):
        owners(project, ["state.time"])


def test_sources_of_a_package_and_of_the_project(tmp_path: Path) -> None:
    project = load(toy.make_project(tmp_path))
    assert source_files(project, tmp_path) == {"game.py": tmp_path / "game.py"}

    def sources(*names: str) -> projects.Project:
        return msgspec.structs.replace(project, reference=msgspec.structs.replace(project.reference, sources=names))

    (found,) = source_files(sources("jaxenv:spaces.py"), tmp_path).items()
    assert found == ("spaces.py", ROOT / "jaxenv/spaces.py")
    assert set(source_files(sources("jaxenv:sp*.py"), tmp_path)) == {"spaces.py", "specs.py"}
    held = source_files(sources("test_project:held()/*.py"), tmp_path)
    assert held["test_project.py"] == Path(__file__).resolve()
    with pytest.raises(ProjectError, match=r"two files are called __init__.py; leave one of them out"):
        source_files(sources("jaxenv:__init__.py", "translator:__init__.py"), tmp_path)
    with pytest.raises(ProjectError, match=r"'test_project:gone\(\)/x.py': module 'test_project' has no attribute"):
        source_files(sources("test_project:gone()/x.py"), tmp_path)
    with pytest.raises(ProjectError, match=r"'none.py': there is no file .*none.py; mend the entry"):
        source_files(sources("none.py"), tmp_path)
    with pytest.raises(ProjectError, match=r"package 'no_such' of 'no_such:x.py' is not installed"):
        source_files(sources("no_such:x.py"), tmp_path)


def test_changes_of_ones_own_are_refused_unless_asked(tmp_path: Path) -> None:
    folder = toy.make_project(tmp_path / "project")

    def git(*words: str) -> None:
        who = ["-c", "user.name=x", "-c", "user.email=x@x"]
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "x")
    starting.prepare(folder, tmp_path / "one", "scripted:perfect", 0, {})
    (folder / "rules.py").write_text("x = 1\n")
    with pytest.raises(ProjectError, match=r"changes that are not committed \(project/rules.py\): commit"):
        starting.prepare(folder, tmp_path / "two", "scripted:perfect", 0, {})
    starting.prepare(folder, tmp_path / "two", "scripted:perfect", 0, {}, own_changes=True)
    with pytest.raises(TranslationError, match=r"a run is there already; go on with it by `.*resume"):
        starting.prepare(folder, tmp_path / "two", "scripted:perfect", 0, {}, own_changes=True)
    with pytest.raises(TranslationError, match="is not empty; choose another folder with --out"):
        starting.prepare(folder, folder, "scripted:perfect", 0, {}, own_changes=True)


def test_a_missing_sandbox_is_refused_for_real_agents_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "bwrap_works", lambda: False)
    project = load(toy.make_project(tmp_path, toy.TOML.replace('"auto"', '"bwrap"')))
    with pytest.raises(ProjectError, match=r"sandbox.kind 'bwrap': bubblewrap is not installed"):
        starting.settled(project, {}, scripted=False)
    assert starting.settled(project, {"sandbox": "process only"}, scripted=False).sandbox.kind == "process only"
    assert starting.settled(project, {}, scripted=True).sandbox.kind == "auto"
    assert starting.settled(project, {"usd": 0.5}, scripted=True).budget.per_call_usd == 0.5
