"""Sweeps: the plan's order, files that an interruption leaves whole, workers that die, and what is imported."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from compiled_quickly import compiled_quickly  # noqa: F401 (a fixture)

import families
import jaxenv
from jaxenv.commands import files
from leaderboard.__main__ import main
from leaderboard.sweeping import plan as planning
from leaderboard.sweeping import run as sweeping
from leaderboard.sweeping.plan import Item, plan

ROOT = Path(__file__).resolve().parents[2]
PONG = "pongjax/puffer_pong xla"


def sweep(out: Path, *words: str) -> int:
    return main(["sweep", "--device", "cpu", "--out", str(out), *words])


def results(out: Path) -> dict[str, Any]:
    return json.loads((out / sweeping.FILE).read_text())["items"]


@pytest.mark.parametrize("device", ["cpu", "gpu"])
def test_the_most_valuable_comes_first(device: str) -> None:
    items = plan(device)
    assert len({item.name for item in items}) == len(items)
    kinds = [item.kind for item in items]
    order = ["equivalence", "speed", "training", "peers", "profile"]
    assert sorted(order, key=kinds.index) == order
    leads = {item.env_id for item in items if item.kind == "profile"}
    assert {item.env_id for item in items[: len(leads)]} == leads, "each family once, before any twice"
    assert {item.kind for item in plan(device, "equivalence")} == {"equivalence"}
    if device == "gpu":
        lanes = {item.size for item in items if item.kind == "speed"}
        assert min(lanes) == 1024 and max(lanes) == 2**20
        assert {item.backend for item in items} == {"cuda", "xla"}
        assert {item.size for item in items if item.kind == "peers"} == {32768, 4096}


def test_a_dry_run_on_the_cpu(tmp_path: Path, capsys) -> None:
    """The same code as on a GPU, for each kind of item."""
    assert sweep(tmp_path, "--only", f"equivalence {PONG}", "--budget-minutes", "5") == 0
    assert "equal in 16 steps" in capsys.readouterr().out
    assert sweep(tmp_path, "--only", f"speed {PONG} 1024", "--resume", "--budget-minutes", "5") == 0
    assert sweep(tmp_path, "--only", f"profile {PONG}", "--resume", "--budget-minutes", "5") == 0
    found = results(tmp_path)
    assert {entry["item"]["kind"]: entry["status"] for entry in found.values()} == {
        **{"equivalence": "done", "speed": "done", "profile": "done"}
    }
    row = found[f"speed {PONG} 1024"]["row"]
    assert row["batch"] == 1024 and row["median_sps"] > 0 and row["backend"] == "xla:cpu" and row["reference"] is None
    parts = found[f"profile {PONG} 4096"]["row"]["parts"]
    assert set(parts) >= {"legal_actions", "policy", "step_env", "observe", "reset"}
    assert all(part["ns"] > 0 for part in parts.values())
    assert len(list(tmp_path.iterdir())) <= 7


def test_no_time_is_said_and_a_second_run_goes_on(tmp_path: Path, capsys) -> None:
    words = ("--only", "equivalence pongjax/puffer_pong xla")
    assert sweep(tmp_path, *words, "--budget-minutes", "0.01") == 0
    (entry,) = results(tmp_path).values()
    assert entry["status"] == "not run" and "s are needed" in entry["reason"]
    assert sweep(tmp_path, *words) == 2
    assert "there is a sweep already; --resume goes on with it" in capsys.readouterr().err
    assert sweep(tmp_path, *words, "--resume") == 0
    (entry,) = results(tmp_path).values()
    assert entry["status"] == "done"
    before = (tmp_path / sweeping.FILE).read_text()
    assert sweep(tmp_path, *words, "--resume") == 0
    assert (tmp_path / sweeping.FILE).read_text() == before, "what is done is not done again"


def test_what_cannot_be_gone_on_with(tmp_path: Path, capsys) -> None:
    words = ("--only", "equivalence pongjax/puffer_pong xla", "--resume")
    path = tmp_path / sweeping.FILE
    for content, message in (
        ("{", "not a sweep that can be gone on with"),
        ('{"schema": 7, "device": "cpu", "items": {}, "facts": null}', "schema is 7, known is 1"),
        ('{"schema": 1, "device": "gpu", "items": {}, "facts": null}', "is of --device gpu, not cpu"),
        ('{"schema": 1, "device": "cpu", "items": [], "facts": null}', "its items or facts are not whole"),
    ):
        path.write_text(content)
        assert sweep(tmp_path, *words) == 2
        assert message in (said := capsys.readouterr().err) and "choose another folder with --out" in said
        assert path.read_text() == content, "nothing is overwritten"
    assert sweep(tmp_path / "new", "--only", "nothing like it") == 2
    assert "no item's name holds 'nothing like it'" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert sweep(tmp_path / "file", *words) == 2


class Facts:
    """A machine's, in short."""

    def __new__(cls, **changes: Any) -> dict[str, Any]:
        machine = {"cpu": "Z80", "cores": 1, "device": "cpu", "device_count": 1}
        return {"machine": machine, "versions": {"jax": "1"}, "commit": "a", "dirty": False, **changes}


def test_another_machine_or_commit_does_not_go_on(tmp_path: Path) -> None:
    first = sweeping.Sweep(tmp_path, "cpu", [], "x", resume=False)
    first.same_machine(Facts())
    sweeping.Sweep(tmp_path, "cpu", [], "x", resume=True).same_machine(Facts())
    for changes, name in (({"commit": "b"}, "commit"), ({"versions": {"jax": "2"}}, "versions")):
        with pytest.raises(sweeping.SweepError, match=f"was begun with another {name}"):
            sweeping.Sweep(tmp_path, "cpu", [], "x", resume=True).same_machine(Facts(**changes))


def test_a_full_disk_keeps_what_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = sweeping.Sweep(tmp_path, "cpu", [], "x", resume=False)
    item = Item(kind="speed", env_id="a/b", backend="xla", size=1)
    kept.put(item, "failed", 1.0, reason="x")
    before = kept.path.read_text()

    def full(*arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(files.StorageError, match="No space left on device"):
        kept.put(item, "failed", 2.0, reason="y")
    monkeypatch.undo()
    assert kept.path.read_text() == before and [path.name for path in tmp_path.iterdir()] == [sweeping.FILE]


def test_two_sweeps_do_not_share_a_folder(tmp_path: Path, capsys) -> None:
    with files.alone(tmp_path, "", folder=True):
        assert sweep(tmp_path, "--only", "equivalence pongjax/puffer_pong xla") == 2
    assert "is writing there" in capsys.readouterr().err


WORKER = """
import json, sys, time
for line in sys.stdin:
    order = json.loads(line)
    if "start" in order:
        answer = {"facts": FACTS}
    elif order["item"]["env_id"] == "a/dies":
        sys.exit(3)
    elif order["item"]["env_id"] == "a/hangs":
        time.sleep(600)
    else:
        answer = {"row": {"equal": True, "steps": 1}}
    print(json.dumps(answer), flush=True)
"""


def items(*names: str) -> list[Item]:
    return [Item(kind="equivalence", env_id=name, backend="xla") for name in names]


@pytest.fixture
def pretended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A worker that dies or hangs when it is told to."""
    script = tmp_path / "worker.py"
    script.write_text(WORKER.replace("FACTS", repr(Facts())))
    real = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda words, **more: real([sys.executable, str(script)], **more))
    monkeypatch.setattr(sweeping, "PATIENCE", 0.0)
    out = tmp_path / "out"
    out.mkdir()
    return out


def test_an_item_that_kills_its_process_costs_itself_alone(pretended: Path) -> None:
    sweep = sweeping.Sweep(pretended, "cpu", items("a/one", "a/dies", "a/two"), "x", resume=False)
    said: list[str] = []
    sweeping.run(sweep, 600, said.append, pretended / sweeping.LOG)
    assert [entry["status"] for entry in results(pretended).values()] == ["done", "failed", "done"]
    assert any("its process died with status 3" in line for line in said)
    again = sweeping.Sweep(pretended, "cpu", items("a/one", "a/dies"), "x", resume=True)
    assert [again.done(item) for item in again.items] == [True, False], "what failed is tried again"


def test_an_item_that_hangs_is_ended(pretended: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Item, "seconds", lambda item: 0.0)
    sweep = sweeping.Sweep(pretended, "cpu", items("a/hangs", "a/two"), "x", resume=False)
    monkeypatch.setattr(sweeping, "GRACE", 1.0)
    sweeping.run(sweep, 600, lambda line: None, pretended / sweeping.LOG)
    first, second = results(pretended).values()
    assert first["status"] == "failed" and "took longer than" in first["reason"] and second["status"] == "done"


def test_a_sweep_killed_at_a_random_moment_goes_on(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "leaderboard", "sweep", "--device", "cpu", "--out", str(tmp_path)]
    words += ["--only", "pongjax/puffer_pong xla", "--budget-minutes", "5"]
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
    path, ends = tmp_path / sweeping.FILE, time.monotonic() + 240
    while time.monotonic() < ends and not (path.exists() and results(tmp_path)):
        time.sleep(0.1)
    time.sleep(random.random() * 4)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    done = {name: entry for name, entry in results(tmp_path).items() if entry["status"] == "done"}
    assert done
    name = f"equivalence {PONG}"
    assert sweep(tmp_path, "--only", name, "--resume", "--budget-minutes", "5") == 0
    after = results(tmp_path)
    assert after[name]["status"] == "done" and {name: after[name] for name in done} == done


ALLOWED = """
import importlib.abc, sys
DENIED = {"rich", "msgspec", "flax", "optax", "tyro", "orbax", "gymnasium", "mujoco", "jinja2", "matplotlib",
          "platformdirs", "tensorboardX", "hypothesis", "pandas", "yaml"}
class Deny(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in DENIED:
            raise ModuleNotFoundError(f"{name} is not installed here")
sys.meta_path.insert(0, Deny())
from leaderboard.__main__ import main
status = main(["sweep", "--device", "cpu", "--out", "x", "--plan"])
from leaderboard.sweeping import worker
from leaderboard.sweeping.plan import Item
from leaderboard.sweeping.work import NotRunError, measure, start
start("cpu")
row = measure(Item(kind="equivalence", env_id="pongjax/puffer_pong", backend="xla"), "x")
assert row["equal"]
row = measure(Item(kind="speed", env_id="pongjax/puffer_pong", backend="xla", size=64), "x")
for item in (Item(kind="training", env_id="pongjax/puffer_pong", backend="xla", size=8, row="GRU of 2M parameters"),
             Item(kind="peers", env_id="cheetahjax/HalfCheetah-v5", backend="xla", size=8)):
    try:
        measure(item, "x")
    except NotRunError as error:
        print("not run:", error)
sys.exit(status)
"""


def test_jax_and_numpy_are_enough(tmp_path: Path) -> None:
    """Without flax and optax the rows of training say so, without their packages the peers."""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", ALLOWED], cwd=ROOT, capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "training needs flax and optax" in done.stdout and "not run: left out: " in done.stdout


@pytest.mark.skipif("not __import__('importlib.util').util.find_spec('flax')", reason="flax is not installed")
def test_a_row_of_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(planning.TRAINED, "cpu", 8)  # a minibatch for each
    assert sweep(tmp_path, "--only", "training pongjax", "--budget-minutes", "5") == 0
    (entry,) = results(tmp_path).values()
    assert entry["status"] == "done", entry
    assert 1.8e6 < entry["row"]["parameters"] < 2.2e6 and entry["row"]["train_sps"] > 0


def test_recorded_play_is_of_the_present_versions() -> None:
    known = set(jaxenv.list_envs())
    for family in families.families():
        part = family.part("bench")
        if part is None or part.recorded is None:
            continue
        recorded = json.loads(part.recorded.read_text("utf-8"))
        assert set(recorded) == known & set(family.environments), family.name
        assert {env_id: entry["version"] for env_id, entry in recorded.items()} == {
            env_id: jaxenv.make(env_id).version for env_id in recorded
        }, f"`python -m leaderboard record {family.name}` makes it anew"
