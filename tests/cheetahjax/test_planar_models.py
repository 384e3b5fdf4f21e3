"""The frozen constants are what the installed MuJoCo compiles Gymnasium's files to."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import mujoco
import pytest

from cheetahjax.model import HALF_CHEETAH, from_mujoco
from cheetahjax.model.freeze import GYMNASIUM_FILES, differences, frozen, gymnasium_file, source

NAMES = list(GYMNASIUM_FILES)


@pytest.fixture(scope="module", params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def test_frozen_numbers_are_mujoco_s(name: str) -> None:
    read = from_mujoco.extract(from_mujoco.load(gymnasium_file(name)), name)
    assert list(differences(frozen(name), read)) == []


def test_loading_the_cheetah_prints_nothing(capfd: pytest.CaptureFixture[str], tmp_path, monkeypatch) -> None:
    """Its file uses ``settotalmass``, at which MuJoCo 4 warns on the console and into a log file where it runs."""
    monkeypatch.chdir(tmp_path)
    from_mujoco.load(gymnasium_file("half_cheetah"))
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_v5_environments_load_these_files() -> None:
    import inspect

    from gymnasium.envs.mujoco import (
        half_cheetah_v5,
        hopper_v5,
        inverted_double_pendulum_v5,
        inverted_pendulum_v5,
        reacher_v5,
        swimmer_v5,
        walker2d_v5,
    )

    environments = {
        "half_cheetah": half_cheetah_v5.HalfCheetahEnv,
        "walker2d": walker2d_v5.Walker2dEnv,
        "hopper": hopper_v5.HopperEnv,
        "inverted_pendulum": inverted_pendulum_v5.InvertedPendulumEnv,
        "inverted_double_pendulum": inverted_double_pendulum_v5.InvertedDoublePendulumEnv,
        "reacher": reacher_v5.ReacherEnv,
        "swimmer": swimmer_v5.SwimmerEnv,
    }
    files = {key: inspect.signature(cls.__init__).parameters["xml_file"].default for key, cls in environments.items()}
    assert files == GYMNASIUM_FILES


def test_a_changed_number_is_reported(name: str) -> None:
    model = frozen(name)
    joint = dataclasses.replace(model.links[0].hinge, damping=model.links[0].hinge.damping + 1e-9)
    changed = dataclasses.replace(model, links=(dataclasses.replace(model.links[0], hinge=joint), *model.links[1:]))
    (line,) = differences(model, changed)
    assert line.startswith(".links[0].hinge.damping: ")


def test_written_source_gives_the_same_model(name: str) -> None:
    space: dict = {}
    exec(source(name, frozen(name)), space)
    assert space[name.upper()] == frozen(name)


def test_models_hash_by_value(name: str) -> None:
    copy = dataclasses.replace(frozen(name))
    assert copy is not frozen(name)
    assert (copy, hash(copy)) == (frozen(name), hash(frozen(name)))


def test_size_agrees_with_mujoco(name: str) -> None:
    compiled = from_mujoco.load(gymnasium_file(name))
    assert (frozen(name).nv, frozen(name).nu) == (compiled.nv, compiled.nu)
    assert compiled.nq == compiled.nv
    assert [joint.name for joint in frozen(name).joints] == [compiled.joint(i).name for i in range(compiled.njnt)]


def test_cheetah_touches_the_floor_with_both_ends_of_eight_capsules() -> None:
    assert len(HALF_CHEETAH.contact_points) == 16
    assert HALF_CHEETAH.capsule_pairs == ()


@pytest.mark.parametrize("name", ["ant", "humanoid", "pusher_v5"])
def test_a_model_that_is_not_planar_is_refused(name: str) -> None:
    compiled = from_mujoco.load(gymnasium_file("hopper").parent / f"{name}.xml")
    with pytest.raises(from_mujoco.NotPlanarError, match=name):
        from_mujoco.extract(compiled, name)


def test_unknown_features_are_named() -> None:
    text = gymnasium_file("inverted_pendulum").read_text().replace('armature="0"', 'armature="0" frictionloss="1"')
    with pytest.raises(from_mujoco.NotPlanarError, match="no friction loss"):
        from_mujoco.extract(mujoco.MjModel.from_xml_string(text), "sticky")


def test_running_needs_neither_mujoco_nor_a_backend() -> None:
    program = """
import sys
import cheetahjax.step, cheetahjax.model
assert not {"mujoco", "gymnasium", "scipy", "jaxtyping"} & set(sys.modules)
from jax._src import xla_bridge
assert not xla_bridge._backends
"""
    subprocess.run([sys.executable, "-c", program], check=True)
