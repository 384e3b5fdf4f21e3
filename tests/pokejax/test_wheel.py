"""The wheel by itself: built, checked, installed in an empty environment somewhere else, and used."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SMOKE = """
import importlib.util, sys
import jax
import jaxenv, pokejax
assert "site-packages" in pokejax.__file__, pokejax.__file__
for name in ("verification", "leaderboard", "tests"):
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
    }
    for needed in ("py.typed", "data/gen1_dex.npz", "data/gen1randombattle.npz", "data/gen1ou.npz", "cli/replay.html"):
        assert f"pokejax/{needed}" in names
    assert {"pongjax/py.typed", "pongjax/render.html", "cheetahjax/py.typed", "cheetahjax/render/page.html"} <= set(
        names
    )
    headers = {path.relative_to(ROOT).as_posix() for path in (ROOT / "jaxlanes").rglob("*.h")}
    assert headers and headers | {"jaxlanes/py.typed"} <= set(names), "kernels are made of them"
    assert wheel.stat().st_size < 8_000_000


def test_it_works_alone(wheel, uv, tmp_path):
    run(uv, "venv", "--python", sys.executable, tmp_path / "env", cwd=tmp_path)
    python = tmp_path / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    run(uv, "pip", "install", "--python", python, wheel, cwd=tmp_path)
    packages = run(uv, "pip", "list", "--python", python, cwd=tmp_path).stdout
    assert "rich" not in packages and "nodejs" not in packages
    assert "smoke: one step of pokejax/gen1randombattle" in run(python, "-c", SMOKE, cwd=tmp_path).stdout
    command = [python.parent / "pokejax", "quickstart", "--out", tmp_path / "out"]
    without_rich = run(*command, cwd=tmp_path, fine=False)
    assert without_rich.returncode == 2 and "pip install 'pokejax[cli]'" in without_rich.stderr
    replay = run(python.parent / "pokejax", "replay", "--out", "x.html", cwd=tmp_path, fine=False)
    assert replay.returncode == 2 and "checkout" in replay.stderr
