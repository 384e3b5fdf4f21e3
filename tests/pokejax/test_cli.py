"""The command line: finding commands, options, missing parts, exit statuses; the quickstart on a toy engine."""

from __future__ import annotations

import json
import subprocess
import sys
import types
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import jaxenv
from families.pokejax_gen1.quickstart import command as quickstart
from families.pokejax_gen1.quickstart import player
from families.pokejax_gen1.quickstart.findings import Compared, Findings
from families.pokejax_gen1.verify.play import SelfCheck
from jaxenv import registry
from pokejax import cli
from pokejax.cli.command import CannotRunError, Command
from references.showdown import install
from references.showdown.gen1.fields import field_names
from references.showdown.workers import WorkerPool

sys.path.insert(0, str(Path(__file__).parents[1] / "jaxenv"))
from toys import Duel


@pytest.fixture(autouse=True)
def _no_compilation_cache(monkeypatch):
    """The cache is a setting of the whole process: tests leave it as it is."""
    monkeypatch.setattr(jaxenv, "enable_compilation_cache", lambda: None)


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
    monkeypatch.setattr(player, "candidate", lambda env, backend: itself)
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
    monkeypatch.setattr(player, "candidate", lambda env, backend: wrong)
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


def test_the_kernel_comes_first_and_xla_beside_it():
    found = Findings(env="e", seed=0, backend="simd:cpu", cores=2)
    found.ours, found.xla, found.reference = [8000.0], [500.0], [10.0]
    rows = found.rows()
    names = [label for label, _ in rows]
    assert names.index("JAX, one kernel") < names.index("JAX, XLA") < names.index("Showdown") < names.index("ratio")
    assert dict(rows)["JAX, one kernel"] == "8,000 joint steps/s on 2 cores (simd:cpu)"
    assert dict(rows)["ratio"].startswith("800.0 on equal cores") and dict(rows)["  of XLA"].startswith("50.0 ")
    assert found.to_json()["ratio"] == 800 and found.to_json()["xla_ratio"] == 50


def test_without_a_compiler_one_line_says_what_is_missing(monkeypatch):
    monkeypatch.setenv("JAXLANES_CC", "no-such-compiler")
    env = jaxenv.make("pokejax/gen1randombattle")
    found = Findings(env=env.id, seed=0, backend="", cores=1)
    assert player.chosen_backend("auto", env, found).name == "xla"
    assert found.backend == "xla:cpu" and "no-such-compiler" in dict(found.rows())["no kernel"]
    with pytest.raises(CannotRunError, match=r"--backend simd: .*no-such-compiler"):
        player.chosen_backend("simd", env, found)
    monkeypatch.delenv("JAXLANES_CC")
    found = Findings(env=env.id, seed=0, backend="", cores=1)
    assert player.chosen_backend("auto", env, found).name == "simd"
    assert found.backend == "simd:cpu" and "no kernel" not in dict(found.rows())


@pytest.fixture
def entries(monkeypatch):
    """Commands of this test's own: name → value of the entry point."""
    added: dict[str, str] = {}
    monkeypatch.setattr(
        cli, "entry_points", lambda group: [EntryPoint(name, value, group) for name, value in added.items()]
    )
    monkeypatch.setitem(sys.modules, "mine", types.SimpleNamespace(LOUD=Command("speak up", _speak), OTHER=3))
    return added


def _speak(words: list[str]) -> int:
    if words == ["rich"]:
        raise ModuleNotFoundError("No module named 'rich.console'", name="rich.console")
    if words == ["own"]:
        raise ModuleNotFoundError("No module named 'own'", name="own")
    if words == ["stop"]:
        raise KeyboardInterrupt
    print(sys.argv, words)
    return 7


def test_commands_of_other_packages_are_found(entries, capsys):
    entries |= {"loud": "mine:LOUD", "odd": "mine:OTHER", "gone": "no_such_module:X"}
    before = sys.argv
    assert cli.main(["loud", "a", "--help"]) == 7
    assert capsys.readouterr().out == "['pokejax loud', 'a', '--help'] ['a', '--help']\n" and sys.argv is before
    assert cli.main(["--help"]) == 0
    told = capsys.readouterr().out
    assert "  loud        speak up" in told
    assert "cannot be loaded: mine:OTHER is a int" in told and "no_such_module, which is not installed" in told
    assert cli.main(["odd"]) == 2 and "not a pokejax.cli.command.Command" in capsys.readouterr().err
    assert cli.main(["lous"]) == 2 and "did you mean 'loud'?" in capsys.readouterr().err
    assert cli.main(["stop"]) == 2 and "commands are gone, loud, odd" in capsys.readouterr().err
    assert cli.main([]) == 2 and "usage: pokejax" in capsys.readouterr().err


def test_missing_packages_are_named_with_the_remedy(entries, capsys):
    entries["loud"] = "mine:LOUD"
    assert cli.main(["loud", "rich"]) == 2
    assert "needs rich.console, which is not installed. Remedy: `" in capsys.readouterr().err
    with pytest.raises(ModuleNotFoundError, match="own"):
        cli.main(["loud", "own"])
    assert cli.main(["loud", "stop"]) == 130 and "interrupted" in capsys.readouterr().err


def test_the_tools_are_commands(monkeypatch, capsys):
    assert {"quickstart", "replay", "verify", "bench", "train", "transfer", "translate", "tool"} <= set(cli.commands())
    asked: list[list[str]] = []
    monkeypatch.setattr("verification.cli.main", lambda words: asked.append(words) or 0)
    monkeypatch.setattr("leaderboard.__main__.main", lambda words: asked.append(words) or 0)
    monkeypatch.setattr("baselines.cli.main", lambda words: asked.append(words) or 0)
    monkeypatch.setattr("translator.cli.main", lambda words: asked.append(words) or 0)
    for name in ("verify", "bench", "train", "transfer"):
        assert cli.main([name, "x/y", "--seed", "1"]) == 0
    assert cli.main(["verify", "mutants", "x/y"]) == 0
    assert cli.main(["translate", "status"]) == 0
    words = ["x/y", "--seed", "1"]
    assert asked == [
        ["run", *words],
        ["bench", *words],
        ["train", *words],
        ["transfer", *words],
        ["mutants", "x/y"],
        ["status"],
    ]
    assert cli.main(["tool", "references.showdown.gen1.no_such"]) == 2
    assert "no_such" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["replay", "--out", "x", "--format", "gen2ou"], "gen1randombattle"),
        (["replay", "--out", "x", "--policy", "best"], "max-damage"),
        (["replay"], "--out"),
        (["quickstart", "--episodes", "0"], "'0' is not an integer of at least 1"),
        (["quickstart", "--seed", "-1"], "'-1' is not an integer from 0 to 9223372036854775807"),
        (["quickstart", "--seconds", "nan"], "positive number of seconds"),
        (["quickstart", "--train", "-1"], "'-1' is not an integer of at least 0"),
    ],
)
def test_options_out_of_range(words, named, capsys):
    assert cli.main(words) == 2
    assert named in capsys.readouterr().err


def test_the_table_leaves_out_what_was_not_found():
    bare = Findings(env="e", seed=0, backend="xla:cpu", cores=2, not_done=["half of it"])
    labels = [label for label, _ in bare.rows()]
    assert "ratio" not in labels and "divergences" not in labels and "not done" in labels
    bare.ours, bare.reference, bare.compared = [100.0, 300.0, 200.0], [10.0], Compared(5, 60, 300, 0, 1)
    rows = dict(bare.rows())
    assert rows["ratio"] == "20.0 on equal cores, 40.0 to one core of Showdown"
    assert rows["divergences"] == "0 (1 not compared)"


@pytest.mark.parametrize("words", [["--help"], ["quickstart", "--help"], ["replay", "--help"]])
def test_help_imports_no_jax(words):
    script = f"""
import sys
from pokejax.cli import main
try:
    main({words})
except SystemExit as ended:
    assert ended.code == 0
assert "jax" not in sys.modules, "jax was imported"
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.startswith("usage: pokejax"), done.stderr


def test_python_m_pokejax():
    done = subprocess.run([sys.executable, "-m", "pokejax", "--version"], capture_output=True, text=True, check=False)
    assert done.stdout == f"pokejax {jaxenv.__version__}\n"
