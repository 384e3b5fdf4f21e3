"""Versions of the references: stated, pinned and installed are one."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

import jaxenv
from jaxenv.builtin import BUILT_IN
from references import protocol
from references.mujoco import gymnasium_env
from references.puffer_pong import install as puffer_pong
from references.showdown import install as showdown
from references.tcg_pocket import env as tcg_pocket

ROOT = Path(__file__).parents[2]
PINNED = {
    "cheetahjax": f"{gymnasium_env.PINNED['gymnasium']} on mujoco {gymnasium_env.PINNED['mujoco']}",
    "pokejax": showdown.VERSION,
    "pongjax": puffer_pong.VERSION,
    "tcgjax": tcg_pocket.VERSION,
}


@pytest.mark.parametrize("env_id", BUILT_IN)
def test_the_spec_states_what_the_driver_runs(env_id):
    reference = jaxenv.spec(env_id).reference
    assert reference is not None and reference.version == PINNED[env_id.partition("/")[0]]


def test_pins_are_exact():
    assert re.fullmatch(r"\d+\.\d+\.\d+", showdown.VERSION)
    lock = json.loads((ROOT / "references" / "showdown" / "package-lock.json").read_text("utf-8"))
    assert lock["packages"]["node_modules/pokemon-showdown"]["version"] == showdown.VERSION
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]["tools"]
    for name, pinned in gymnasium_env.PINNED.items():
        assert version(name) == pinned
        (asked,) = [line for line in tools if re.match(rf"{name}\b", line)]
        assert asked.endswith(f"=={pinned}")


def test_another_version_does_not_start(monkeypatch):
    monkeypatch.setitem(gymnasium_env.PINNED, "gymnasium", "1.4.0")
    gymnasium_env.engine.cache_clear()
    message = r"gymnasium 1\.3\.0 is installed, .* held equal to gymnasium 1\.4\.0\. Remedy: pip install 'gymnasium==1"
    try:
        with pytest.raises(protocol.ReferenceVersionError, match=message):
            gymnasium_env.MujocoReference("Hopper-v5")
    finally:
        monkeypatch.undo()
        gymnasium_env.engine.cache_clear()
    assert gymnasium_env.MujocoReference("Hopper-v5").info.version == PINNED["cheetahjax"]


@pytest.mark.parametrize("content", ['{"version": "0.11.10"}', "{", "{}"])
def test_another_showdown_in_the_cache_does_not_start(monkeypatch, tmp_path, content):
    monkeypatch.setenv("POKEJAX_CACHE_DIR", str(tmp_path))
    package = showdown.cache_folder() / "node_modules" / "pokemon-showdown"
    package.mkdir(parents=True)
    (package / "package.json").write_text(content, "utf-8")
    found = "0.11.10" if "0.11.10" in content else "(unreadable)"
    message = re.escape(f"pokemon-showdown {found} is installed") + f".*equal to .*{showdown.VERSION}. Remedy: delete"
    with pytest.raises(protocol.ReferenceVersionError, match=message):
        showdown.install()
