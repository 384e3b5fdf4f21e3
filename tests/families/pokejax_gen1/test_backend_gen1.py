"""Gen 1 by one SIMD kernel: injected steps and battles agree with Showdown, and what is compared is the kernel's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from families.pokejax_gen1.verify.episodes import WatchedGen1
from families.pokejax_gen1.verify.plugin import _steps
from families.pokejax_gen1.verify.policies import VISITS
from families.pokejax_gen1.verify.steps import no_clock
from pokejax.gen1.party import parties_from_wire
from pokejax.gen1.team_sampling import sample_teams
from references.showdown.gen1.fields import field_names
from verification.backends import Vmap, vmap_of
from verification.cli import main
from verification.levels.context import Plan
from verification.registry import load_plugin
from verification.runner import Run, execute

ENV = "pokejax/gen1randombattle"
FOLDER = Path(__file__).parents[2] / "regression"


@pytest.fixture(scope="module", autouse=True)
def _kernels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("kernels")
    folder.chmod(0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAXLANES_CACHE", str(folder))
        yield


@pytest.fixture(scope="module")
def simd() -> Vmap:
    return vmap_of("simd")


def test_levels_1_and_3_pass(tmp_path: Path, commit_seed: int) -> None:
    plugin = load_plugin(ENV).configured({"backend": "simd", "teams": "allmoves", "workers": "2"})
    plan = Plan(levels=("L1", "L3"), injected=512, episodes=12, seed=commit_seed, failures=tmp_path)
    done = execute(Run(plugin, plan))
    found = {result.id: (result.verdict, result.reason, result.findings[:1]) for result in done.results}
    assert done.verdict == "pass" and set(found) == {"L1/injected", "L1/properties", "L3/lockstep"}, found
    assert all(result.steps >= 500 for result in done.results)
    assert done.info["candidate"]["backend"] == "simd"


def test_the_steps_are_the_kernels(simd: Vmap) -> None:
    """Single steps, many and one, and those of battles, played or replayed."""
    lanes = 8
    teams = parties_from_wire(sample_teams("randbats", np.random.default_rng(0), lanes))
    rows, joint = np.zeros((lanes, len(field_names())), np.int32), np.zeros((lanes, 2), np.int32)
    steps, battles = _steps(simd), WatchedGen1(ENV, vmap=simd)
    words, clock = np.zeros(lanes, np.uint32), no_clock(lanes)
    begun, params, *_ = battles._start_batch(words, words, teams, clock[:, 1])
    keys, visits = jax.random.split(jax.random.key(0), lanes), jnp.zeros(VISITS, jnp.int32)
    whole = (keys, begun, visits, jnp.ones(lanes, bool), params, jnp.int32(0), joint)
    programs = {
        "many": steps._step.lower(rows, teams, clock, joint),
        "one": steps._step_one.lower(*jax.tree.map(lambda leaf: leaf[0], (rows, teams, clock, joint))),
        "play": battles._play_step.lower(*whole),
    }
    assert not [name for name, program in programs.items() if "jaxlanes_" not in program.as_text()]
    assert "jaxlanes_" not in WatchedGen1(ENV)._play_step.lower(*whole).as_text()


def test_a_case_is_replayed_by_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[int] = []
    steps = _steps(vmap_of("simd"))
    program = steps._step_one

    def counted(*args: np.ndarray) -> jax.Array:
        played.append(1)
        return program(*args)

    monkeypatch.setattr(steps, "_step_one", counted)
    assert main(["replay", str(FOLDER / "disable-of-a-slot-lost-by-transform.json"), "--backend", "simd"]) == 0
    assert len(played) == 50
