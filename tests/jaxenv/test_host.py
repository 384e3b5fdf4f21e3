"""Host environments: how they are registered and listed, and what `check_env` demands of them (RFC 0002)."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, VectorEnv

import jaxenv
from jaxenv import registry
from jaxenv.testing import check_env


class Counter(VectorEnv):
    """Counts up by the action; three and more end the episode."""

    def __init__(self, num_envs: int = 2, fault: str = "") -> None:
        self.num_envs, self._fault = num_envs, fault
        self.metadata = {"autoreset_mode": AutoresetMode.SAME_STEP}
        self.single_observation_space = gymnasium.spaces.Box(0, 99, (1,), np.int64)
        self.observation_space = gymnasium.vector.utils.batch_space(self.single_observation_space, num_envs)
        self.single_action_space = gymnasium.spaces.Discrete(2)
        self.action_space = gymnasium.vector.utils.batch_space(self.single_action_space, num_envs)
        self._count = np.zeros((num_envs, 1), np.int64)

    def reset(self, *, seed: Any = None, options: Any = None) -> Any:
        if self._fault != "no reset":
            self._count[:] = 0
        return self._count.copy(), {}

    def step(self, actions: Any) -> Any:
        self._count += actions[:, None]
        done = self._count[:, 0] >= 3
        info = {} if self._fault == "no last" else {"final_obs": self._count.copy(), "_final_obs": done}
        self._count[done] = 0
        shown = self._count if self._fault == "no copy" else self._count.copy()
        rewards = np.full(self.num_envs, np.nan if self._fault == "no number" else 1.0)
        return shown, rewards, done, done if self._fault == "both" else np.zeros_like(done), info


def make_counter(num_envs: int = 2, fault: str = "") -> VectorEnv:
    return Counter(num_envs, fault)


make_counter.facts = {  # type: ignore[attr-defined]
    "version": "1", "players": 1, "dynamics": "single", "information": "perfect", "num_actions": 2,
    "reward_range": (0.0, 1.0), "horizon": None, "reference": ("a count", "1", "MIT"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def counter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", {})
    jaxenv.register("toys/counter", f"{__name__}:make_counter", {"num_envs": 3}, ("toy",), kind="host")


def test_a_host_environment_is_listed_by_its_kind_alone() -> None:
    assert "toys/counter" in jaxenv.list_envs(kind="host") and "toys/counter" not in jaxenv.list_envs()
    assert jaxenv.list_envs("toy", kind="host") == ["toys/counter"]
    assert jaxenv.list_envs(kind=None) == sorted(jaxenv.list_envs() + jaxenv.list_envs(kind="host"))
    with pytest.raises(ValueError, match=r"no kind 'gpu' of environments\. Remedy: 'jax' or 'host'"):
        jaxenv.list_envs(kind="gpu")  # type: ignore[arg-type]


def test_make_gives_the_vector_environment_and_spec_its_facts() -> None:
    env = jaxenv.make("toys/counter", num_envs=5)
    assert isinstance(env, Counter) and env.num_envs == 5
    spec = jaxenv.spec("toys/counter")
    assert (spec.kind, spec.backends, spec.tags, spec.num_actions) == ("host", (), ("toy",), 2)
    assert spec.reference is not None and spec.reference.name == "a count"
    with pytest.raises(TypeError, match=r"no field 'num_env' \(did you mean num_envs\?\)"):
        jaxenv.make("toys/counter", num_env=5)


def test_what_is_written_for_jax_refuses_it() -> None:
    from jaxenv.adapters import common

    with pytest.raises(TypeError, match=r"toys/counter runs on the host, not in JAX\. Remedy"):
        common.environment("toys/counter", "some adapter")
    with pytest.raises(TypeError, match=r"is no jaxenv\.Environment\. Remedy"):
        jaxenv.rollout(jaxenv.make("toys/counter"), 2, 2)  # type: ignore[arg-type]


def test_a_missing_part_is_told_with_its_remedy() -> None:
    jaxenv.register("toys/lost", "no_such_module:make", kind="host", remedy="pip install it")
    with pytest.raises(ImportError, match=r"toys/lost: cannot load .*Remedy: pip install it"):
        jaxenv.make("toys/lost")


def test_the_game_boy_is_listed_and_its_facts_need_no_rust(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "emurust/blocks" in jaxenv.list_envs("game-boy", kind="host")
    assert jaxenv.spec("emurust/blocks").kind == "host"
    if importlib.util.find_spec("emurust._native") is None and "emurust._native" not in sys.modules:
        with pytest.raises(ImportError, match=r"emurust/blocks: .*Remedy: it is compiled by Rust"):
            jaxenv.make("emurust/blocks")


def test_check_env_holds_a_host_environment_to_its_contract() -> None:
    check_env(Counter())


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("no reset", "differs between two plays with one seed"),
        ("no last", r"info\['final_obs'\] with its mask does not tell"),
        ("no copy", "has changed since. Remedy: return copies"),
        ("no number", "a reward is not finite"),
        ("both", "both terminated and truncated"),
    ],
)
def test_check_env_names_what_is_wrong(fault: str, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_env(Counter(fault=fault))
