"""The command that writes a family: its tests are green at once, and bad names leave nothing behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from compiled_quickly import compiled_quickly  # noqa: F401

import families
from families.__main__ import main
from families.new import NewFamilyError, create, write
from families.new.render import sort_imports

ROOT = Path(__file__).resolve().parents[2]
NAME = "lunar_rover"
LONGEST = "sixteen_letters1"


def ran(command: list[str], folder: Path, *path: Path) -> str:
    """Output of a Python command; an assertion with it where it failed."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path or (ROOT,)))}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this repository, without what the command does not need."""
    root = tmp_path_factory.mktemp("checkout") / "pokejax"
    left_out = shutil.ignore_patterns(".*", "__pycache__", "results", "node_modules", "evidence", "build", "dist")
    for folder in ("baselines", "families", "jaxenv", "jaxlanes", "leaderboard", "references", "verification"):
        shutil.copytree(ROOT / folder, root / folder, ignore=left_out)
    for folder in ("pokejax", "cheetahjax", "pongjax", "tcgjax"):
        shutil.copytree(ROOT / folder, root / folder, ignore=left_out)
    (root / ".ci").mkdir()
    for file in ("pyproject.toml", ".ci/run"):
        shutil.copy(ROOT / file, root / file)
    return root


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.timeout(1800)  # a whole suite in a process of its own, which a busy machine may be slow at
def test_a_package_of_its_own_is_green_at_once(tmp_path: Path) -> None:
    """Its tests verify it, find at least 95 % of at least 15 seeded bugs, bench, train and transfer it."""
    folder = tmp_path / NAME
    made = create(NAME, folder)
    assert set(made.files) == set(contents(folder)) and not made.changed
    told = ran(["pytest", "-q", "-p", "no:cacheprovider"], folder)
    assert "passed" in told and "failed" not in told and "skipped" not in told


@pytest.mark.timeout(1800)
def test_in_a_checkout_it_is_green_at_once(checkout: Path) -> None:
    before = contents(checkout)
    made = create(NAME, checkout)
    after = contents(checkout)
    assert set(after) - set(before) == set(made.files)
    assert {path for path in before if before[path] != after[path]} == {"jaxenv/builtin.py", "pyproject.toml"}
    tool = tomllib.loads(after["pyproject.toml"].decode())["tool"]
    assert NAME in tool["hatch"]["build"]["targets"]["wheel"]["only-include"]
    told = ran(["families", "show", f"{NAME}/LunarRover-v0"], checkout, checkout)
    assert f"verification  {NAME}/LunarRover-v0 = families.{NAME}.verify.plugin:plugin" in told
    tests = [f"tests/{NAME}", f"tests/families/{NAME}/test_{NAME}_verify.py"]
    plain = ["-q", "-n", "0", "-p", "no:cacheprovider", "-o", "testpaths=tests", "-o", "pythonpath=."]
    assert "5 passed" in ran(["pytest", *plain, *tests], checkout, checkout)
    with pytest.raises(NewFamilyError, match=rf"NAME '{NAME}': .*{NAME} exists already; choose another name"):
        create(NAME, checkout)
    assert ran(["ruff", "check", ".", "--no-cache"], checkout, checkout)
    assert ran(["ruff", "format", "--check", "--no-cache", "."], checkout, checkout)


@pytest.mark.parametrize("name", ["ab", LONGEST])
def test_every_length_of_name_is_formatted(name: str, tmp_path: Path) -> None:
    create(name, tmp_path / name)
    config = ["--no-cache", "--config", str(ROOT / "pyproject.toml")]
    ran(["ruff", "check", *config, "."], tmp_path / name)
    ran(["ruff", "format", "--check", *config, "."], tmp_path / name)
    left = [path for path, text in contents(tmp_path / name).items() if b"template" in text or b"Rover" in text]
    assert not left


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("class", "NAME 'class': it is a keyword of Python; choose another name"),
        ("match", "NAME 'match': it is a keyword of Python"),
        ("Rover", "in small letters, digits and single underscores"),
        ("9lives", "a letter first, as in 'lunar_rover'"),
        ("lunar-rover", "single underscores"),
        ("", "NAME ''"),
        ("../up", "single underscores"),
        (LONGEST + "x", "it has 17 letters, at most 16 fit; choose a shorter one"),
        ("pongjax", "there is a family of that name (PufferLib's puffer_pong)"),
        ("json", "a module of Python's own library"),
        ("numpy", "a module of that name is installed"),
        ("pluggy", "a module of that name is installed"),
    ],
)
def test_bad_names_are_refused_and_nothing_is_written(
    name: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", name]) == 2
    said = capsys.readouterr().err
    assert said.startswith("families new: NAME") and words in said
    assert not list(tmp_path.iterdir())


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes").write_text("keep")
    assert main(["new", NAME, "--out", str(tmp_path / "mine")]) == 2
    assert f"--out {tmp_path / 'mine'}: exists already; choose another folder" in capsys.readouterr().err
    assert contents(tmp_path) == {"mine/notes": b"keep"}
    assert main(["new", NAME, "--out", str(tmp_path / "mine" / "notes" / "below")]) == 2
    assert "cannot be written" in capsys.readouterr().err
    assert contents(tmp_path) == {"mine/notes": b"keep"}


def test_an_interrupt_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "old").write_text("before")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, "replace", interrupted)
        write.into(tmp_path, {"new/a": "a", "b": "b"}, {"old": "after"})
    assert contents(tmp_path) == {"old": b"before"} and [path.name for path in tmp_path.iterdir()] == ["old"]
    write.into(tmp_path, {"new/a": "a", "b": "b"}, {"old": "after"})
    assert contents(tmp_path) == {"old": b"after", "new/a": b"a", "b": b"b"}


def test_a_changed_table_is_refused_before_anything_is_written(checkout: Path, tmp_path: Path) -> None:
    root = tmp_path / "copy"
    shutil.copytree(checkout, root)
    (root / "jaxenv" / "builtin.py").write_text("BUILT_IN = dict()\n")
    before = contents(root)
    with pytest.raises(NewFamilyError, match=r"jaxenv/builtin.py: .* is not as expected"):
        create("moon_buggy", root)
    assert contents(root) == before


def test_imports_are_sorted_by_what_is_ones_own() -> None:
    text = "import os\nfrom zeta.b import c\nfrom alpha2 import e\nfrom alpha10 import d\n\nX = os\n"
    expected = "import os\n\nfrom alpha2 import e\nfrom alpha10 import d\n\nfrom zeta.b import c\n\nX = os\n"
    assert sort_imports(text, ("zeta",)) == expected


def test_the_list_names_every_family(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    told = capsys.readouterr().out
    for family in families.families():
        assert f"{family.name}: " in told
        assert all(f"  {id}\n" in told for id in (*family.environments, *family.plugins))
    assert main(["show", "pongjax"]) == 0
    assert "transfer      families.pongjax.transfer:TRANSFER" in capsys.readouterr().out
    assert main(["show", "ponjax"]) == 2
    assert "no family 'ponjax'; did you mean pongjax" in capsys.readouterr().err
    assert main(["show", "pongjax/pufer_pong"]) == 2
    assert "did you mean pongjax/puffer_pong" in capsys.readouterr().err
