"""The wheel by itself: built, checked, installed in an empty environment somewhere else, and used.

The commands run there on a third party's family, `tests/third_party/corridor`, which is installed beside it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ("references", "families", "verification", "leaderboard", "baselines")

SMOKE = """
import importlib.util, sys
import jax
import jaxenv, pokejax
assert "site-packages" in pokejax.__file__, pokejax.__file__
for name in ("references", "families", "verification", "leaderboard", "baselines", "tests"):
    assert importlib.util.find_spec(name) is None, name
env = pokejax.make("pokejax/gen1randombattle")
obs, state = env.reset(jax.random.key(0))
with jax.disable_jit():
    legal = env.legal_actions(state, env.default_params)
assert legal.shape == (2, 11) and legal.any(axis=1).all()
actions = legal.argmax(axis=1)
obs, state, reward, terminated, truncated, info = env.step(jax.random.key(1), state, actions)
assert reward.shape == (2,) and not terminated and not info["illegal"].any()
print("smoke: one step of", env.id)
pong = jaxenv.make("pongjax/puffer_pong")
obs, state = pong.reset(jax.random.key(0))
assert pong.step(jax.random.key(1), state, 1)[0].ball_x.shape == ()
print("smoke: one step of", pong.id)
policy = jaxenv.policy.load("pongjax/pong-small")
one = jax.tree.map(lambda leaf: leaf[None], (obs, pong.legal_actions(state, pong.default_params)))
actions, _ = policy.act(jax.random.key(1), *one, policy.initial_carry(1), jax.numpy.ones(1, bool))
assert actions.shape == (1,)
print("smoke: one action of", policy.name)
"""


def run(*command: str | Path, cwd: Path, fine: bool = True) -> subprocess.CompletedProcess[str]:
    # What this process was started with must not reach the other environment.
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME")}
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert not fine or done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def uv() -> str:
    found = shutil.which("uv")
    assert found, "the wheel is built with uv, which is not on PATH. Remedy: pip install uv"
    return found


@pytest.fixture(scope="module")
def wheel(uv, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    run(uv, "build", "--wheel", "--out-dir", out, ROOT, cwd=out)
    (built,) = out.glob("*.whl")
    return built


def test_its_contents(wheel):
    run(sys.executable, "-m", "check_wheel_contents", "--config", ROOT / "pyproject.toml", wheel, cwd=wheel.parent)
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names if ".dist-info" not in name} == {
        "jaxenv",
        "jaxlanes",
        "pokejax",
        "cheetahjax",
        "pongjax",
        "tcgjax",
    }
    data = [f"data/gen{n}{rest}.npz" for n in (1, 4) for rest in ("_dex", "randombattle", "ou")]
    for needed in ("py.typed", *data):
        assert f"pokejax/{needed}" in names
    assert {"pongjax/py.typed", "pongjax/render.html", "cheetahjax/py.typed", "cheetahjax/render/page.html"} <= set(
        names
    )
    assert {"tcgjax/data/cards.json", "tcgjax/py.typed"} <= set(names)
    headers = {path.relative_to(ROOT).as_posix() for path in (ROOT / "jaxlanes").rglob("*.h")}
    assert headers and headers | {"jaxlanes/py.typed"} <= set(names), "kernels are made of them"
    assert wheel_has_all_files_of_the_tools(set(names))
    assert not [name for name in names if "/results/" in name or "__pycache__" in name or "fuzz" in name]
    assert wheel.stat().st_size < 8_000_000


def wheel_has_all_files_of_the_tools(names: set[str]) -> bool:
    listed = run("git", "ls-files", *TOOLS, cwd=ROOT).stdout.splitlines()
    wanted = {f"pokejax/_tools/{name}" for name in listed if not name.startswith("leaderboard/results/")}
    assert len(wanted) > 200 and wanted <= names, sorted(wanted - names)
    return True


def environment(uv: str, folder: Path, *packages: str | Path) -> Path:
    """An empty environment with these packages, in the versions that the tests run with; its folder of programs."""
    pins = folder / "constraints.txt"
    installed = {found.name.lower(): found.version for found in distributions()}
    pins.write_text("".join(f"{name}=={version}\n" for name, version in installed.items() if name != "pokejax"))
    run(uv, "venv", "--python", sys.executable, folder / "env", cwd=folder)
    programs = folder / "env" / ("Scripts" if os.name == "nt" else "bin")
    run(uv, "pip", "install", "--python", programs / "python", "--constraint", pins, *packages, cwd=folder)
    return programs


def test_it_works_alone(wheel, uv, tmp_path):
    programs = environment(uv, tmp_path, wheel)
    packages = run(uv, "pip", "list", "--python", programs / "python", cwd=tmp_path).stdout
    assert "rich" not in packages and "nodejs" not in packages
    smoked = run(programs / "python", "-c", SMOKE, cwd=tmp_path).stdout
    assert "smoke: one step of pokejax/gen1randombattle" in smoked and "smoke: one action of pong-small" in smoked
    (tmp_path / "families").mkdir()  # a package of the user's own, which hides nothing of ours
    (tmp_path / "families" / "__init__.py").write_text("raise SystemExit(3)")
    told = run(programs / "python", "-m", "pokejax", "--help", cwd=tmp_path).stdout
    assert all(f"  {name}" in told for name in ("quickstart", "verify", "bench", "train", "transfer"))
    for words in (["quickstart"], ["verify", "run", "x"], ["bench", "x"]):
        without = run(programs / "pokejax", *words, cwd=tmp_path, fine=False)
        assert without.returncode == 2 and "Remedy: `pip install 'pokejax[tools]'`" in without.stderr, without.stderr


@pytest.fixture(scope="module")
def tools(wheel, uv, tmp_path_factory) -> Path:
    """The folder of programs of an environment with the tools and a third party's family."""
    folder = tmp_path_factory.mktemp("tools")
    return environment(uv, folder, f"pokejax[tools] @ {wheel.as_uri()}", ROOT / "tests" / "third_party" / "corridor")


def pokejax(tools: Path, cwd: Path, words: str) -> str:
    return run(tools / "pokejax", *words.split(), cwd=cwd).stdout


def test_a_third_party_s_command(tools, tmp_path):
    assert pokejax(tools, tmp_path, "corridor is long") == "a corridor, is long\n"
    assert "  corridor    say that the corridor is there" in pokejax(tools, tmp_path, "--help")


def test_verify(tools, tmp_path):
    pokejax(tools, tmp_path, "verify run corridor/short --levels 0,1,3 --episodes 10 --injected 64 --json r.json")
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["verdict"] == "pass" and report["complete"], report["reason"]
    ran = {check["id"]: check["steps"] for level in report["levels"] for check in level["checks"]}
    assert ran["L3/episodes"] > 100 and ran["L0/fresh-process"] > 0  # which starts processes that need the path
    assert report["command"].startswith("pokejax verify run corridor/short")


def test_bench(tools, tmp_path):
    pokejax(tools, tmp_path, "bench corridor/short --batch 64 --samples 2 --seconds 0.1 --json b.json")
    (row,) = json.loads((tmp_path / "b.json").read_text())["rows"]
    assert row["median_sps"] > 0 and row["reference"]["name"] == "Walk" and row["ratio"] > 0
    assert row["commit"] is None, "the commit of somebody else's repository"


def test_train_and_transfer(tools, tmp_path):
    pokejax(tools, tmp_path, "train corridor/short --steps 4096 --eval-episodes 0 --out run")
    assert json.loads((tmp_path / "run" / "result.json").read_text())["steps"] == 4096
    pokejax(tools, tmp_path, "transfer corridor/short --policies run uniform --episodes 8 --json t.json")
    written = json.loads((tmp_path / "t.json").read_text())
    assert written["policies"].keys() == {"run", "uniform"} and written["plan"]["episodes"] == 8
    assert written["judgement"]["verdict"]
    assert "a trained policy" in pokejax(tools, tmp_path, "tool baselines eval --help")


def test_examples(tools, tmp_path):
    shutil.copy(ROOT / "examples" / "ppo.py", tmp_path)
    told = run(tools / "python", "ppo.py", "pongjax/puffer_pong", "--steps", "300000", cwd=tmp_path).stdout
    assert json.loads(told.splitlines()[-1])["steps"] > 280_000


@pytest.mark.sweep  # compiles Gen 1 by C++ and by XLA: a minute or more where nothing is cached
def test_quickstart(tools, tmp_path):
    pokejax(tools, tmp_path, "quickstart --episodes 200 --sample 5 --seconds 1 --train 0 --out out")
    found = json.loads((tmp_path / "out" / "quickstart.json").read_text())
    assert found["not_done"] == [] and found["compared"]["battles"] == 5 and found["compared"]["divergences"] == 0
    assert found["ratio"] > 1 and (found["no_kernel"] or found["xla_ratio"] > 1)
