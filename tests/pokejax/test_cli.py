"""The command line: options, missing parts, exit statuses. Its two commands run with the reference as the engine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import jaxenv
from families.pokejax_gen1.quickstart import command as quickstart
from families.pokejax_gen1.quickstart.findings import Compared, Findings
from families.pokejax_gen1.verify.play import SelfCheck
from jaxenv import registry
from pokejax import cli
from pokejax.cli import checkout
from pokejax.common.formats import TEAM_KINDS
from references.showdown import install
from references.showdown.gen1.fields import field_names
from references.showdown.workers import WorkerPool

sys.path.insert(0, str(Path(__file__).parents[1] / "jaxenv"))
from toys import Duel


@pytest.fixture(autouse=True)
def _no_compilation_cache(monkeypatch):
    """The cache is a setting of the whole process: tests leave it as it is."""
    monkeypatch.setattr(quickstart, "keep_compiled_programs", lambda: None)


@pytest.fixture(scope="module")
def workers():
    with WorkerPool(1) as pool:
        yield pool


@pytest.fixture
def toy_engine(monkeypatch, workers):
    """A toy environment plays, and the reference is its own candidate: nothing of the engine is compiled."""
    monkeypatch.setitem(registry._registered, "toy/duel", registry.Entry("toys:Duel"))
    monkeypatch.setattr(quickstart, "ENV", "toy/duel")
    itself = SelfCheck("self-check/gen1randombattle", pool=workers)
    monkeypatch.setattr("families.pokejax_gen1.verify.play.load", lambda env: itself)
    monkeypatch.setattr("families.pokejax_gen1.verify.plugin.reference_format", lambda env: "gen1randombattle")
    monkeypatch.setattr(quickstart, "FORMAT", "gen1randombattle")
    assert isinstance(jaxenv.make("toy/duel"), Duel)


def arguments(out: Path) -> list[str]:
    short = ["--episodes", "50", "--sample", "3", "--seconds", "0.5", "--train", "0"]
    return ["quickstart", *short, "--out", str(out)]


def test_quickstart_tells_the_whole_story(toy_engine, tmp_path, capsys):
    assert cli.main(arguments(tmp_path)) == 0
    found = json.loads((tmp_path / "quickstart.json").read_text())
    assert found["battles"] >= 50 and found["steps"] > 0 and found["not_done"] == []
    assert found["trained"] is None
    assert found["compared"]["battles"] == 3 and found["compared"]["divergences"] == 0
    assert found["compared"]["points"] > 100 and found["compared"]["fields"] == len(field_names())
    assert len(found["ours"]) == len(found["reference"]) == quickstart.SAMPLES
    assert found["ratio"] > 0 and found["ratio_per_reference_core"] == pytest.approx(found["ratio"] * found["cores"])
    assert {path.name for path in tmp_path.iterdir()} == {
        "quickstart.json",
        *(f"replay.{kind}" for kind in ("html", "txt", "log", "svg")),
    }
    assert {Path(path).name for path in found["written"]} == {path.name for path in tmp_path.iterdir()}
    shown = capsys.readouterr().out
    assert "divergences" in shown and "leaderboard bench" in shown


def test_quickstart_says_where_the_two_differ(toy_engine, workers, monkeypatch, tmp_path, capsys):
    wrong = SelfCheck("self-check/gen1randombattle", corrupt=("turn", 2), pool=workers)
    monkeypatch.setattr("families.pokejax_gen1.verify.play.load", lambda env: wrong)
    assert cli.main(arguments(tmp_path)) == 1
    found = json.loads((tmp_path / "quickstart.json").read_text())
    assert found["compared"]["divergences"] == 3
    assert len(list((tmp_path / "divergences").iterdir())) == 3
    assert "python -m verification replay" in capsys.readouterr().err


def test_quickstart_without_the_reference(toy_engine, monkeypatch, tmp_path, capsys):
    def missing(self):
        raise install.ReferenceUnavailableError("no Node. Remedy: install it")

    monkeypatch.setattr("references.showdown.workers.WorkerPool.__enter__", missing)
    assert cli.main(arguments(tmp_path)) == 2
    found = json.loads((tmp_path / "quickstart.json").read_text())
    assert found["compared"] is None and found["reference"] == [] and found["ratio"] is None
    assert found["battles"] >= 50 and len(found["ours"]) == quickstart.SAMPLES
    assert "no Node. Remedy: install it" in found["not_done"][0]


def test_quickstart_of_the_wheel_alone(toy_engine, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(quickstart, "in_checkout", lambda: False)
    assert cli.main(arguments(tmp_path)) == 2
    found = json.loads((tmp_path / "quickstart.json").read_text())
    assert found["battles"] >= 50 and len(found["ours"]) == quickstart.SAMPLES and found["cores"] == 1
    assert "checkout" in found["not_done"][0]


def test_the_parts_that_are_missing_are_named(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(checkout.importlib.util, "find_spec", lambda name: None)
    assert cli.main(arguments(tmp_path)) == 2
    assert "pip install 'pokejax[cli]'" in capsys.readouterr().err
    assert cli.main(["replay", "--out", str(tmp_path / "x.html")]) == 2
    assert "Remedy: in a checkout" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["replay", "--out", "x", "--format", "gen2ou"], "gen1randombattle"),
        (["replay", "--out", "x", "--policy", "best"], "max-damage"),
        (["replay"], "--out"),
        (["quickstart", "--episodes", "0"], "0 is not a positive number"),
        (["quickstart", "--seed", "-1"], "2**63"),
        (["quickstart", "--seconds", "nan"], "positive number of seconds"),
        (["quickstart", "--train", "-1"], "-1 is not a number of steps"),
        ([], "command"),
    ],
)
def test_options_out_of_range(words, named, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(words)
    assert stopped.value.code == 2
    assert named in capsys.readouterr().err


def test_the_choices_are_those_of_the_verifier():
    from references.showdown import client

    assert TEAM_KINDS == client.TEAM_KINDS and cli.POLICIES == client.POLICIES


def test_the_table_leaves_out_what_was_not_found():
    bare = Findings(env="e", seed=0, backend="xla:cpu", cores=2, not_done=["half of it"])
    labels = [label for label, _ in bare.rows()]
    assert "ratio" not in labels and "divergences" not in labels and "not done" in labels
    bare.ours, bare.reference, bare.compared = [100.0, 300.0, 200.0], [10.0], Compared(5, 60, 300, 0, 1)
    rows = dict(bare.rows())
    assert rows["ratio"] == "20.0 on equal cores, 40.0 to one core of Showdown"
    assert rows["divergences"] == "0 (1 not compared)"


def test_help_is_quick_and_imports_no_jax():
    script = "import sys; from pokejax.cli import parser; parser(); assert 'jax' not in sys.modules; print('light')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "light", done.stderr
