"""Pong by one SIMD kernel: levels 1 and 3 pass, and what they compare is the kernel's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pong_runs import need_reference

from families.pongjax.verify import bulk, checks
from families.pongjax.verify.engine import shared_program
from references.puffer_pong.library import serves
from verification.backends import vmap_of
from verification.cli import main


@pytest.fixture(scope="module", autouse=True)
def _kernels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("kernels")
    folder.chmod(0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAXLANES_CACHE", str(folder))
        yield


def test_levels_1_and_3_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commit_seed: int) -> None:
    need_reference()
    monkeypatch.setattr(checks, "HORIZON", 256)
    monkeypatch.setattr(checks, "BULK_STEPS", 20_000)
    monkeypatch.setattr(bulk, "LANES", 512)
    out = tmp_path / "r.json"
    amounts = ("--levels", "1,3", "--injected", "512", "--episodes", "8", "--seed", str(commit_seed))
    where = ("--json", str(out), "--failures", str(tmp_path))
    assert main(["run", "pongjax/puffer_pong", *amounts, *where, "--backend", "simd"]) == 0
    report = json.loads(out.read_text())
    assert report["candidate"]["backend"] == report["plan"]["options"]["backend"] == "simd"
    found = {check["id"]: check for level in report["levels"] for check in level["checks"]}
    names = {"L1/injected", "L1/properties", "L1/compiled-in", "L3/lockstep", "L3/bulk"}
    assert set(found) == names and all(check["steps"] > 100 for check in found.values())
    seen = found["L3/bulk"]["stats"]
    assert len(seen) == 4 and all(one["games_differing"] == 0 and one["steps"] >= 20_000 for one in seen.values())
    for file in (out.with_suffix(".md"), out.with_suffix(".html")):
        assert "backend simd" in file.read_text()


@pytest.mark.parametrize("compiled_in", [False, True])
def test_the_steps_are_the_kernels(compiled_in: bool) -> None:
    actions = np.zeros((2, 8), np.int32)
    for backend in ("xla", "simd"):
        program = shared_program(8, False, compiled_in, vmap_of(backend))
        assert program is shared_program(8, False, compiled_in, vmap_of(backend))
        games, _ = program.begin(serves(0, 8))
        text = program._roll.lower(program._given(8), games, actions).as_text()
        assert ("jaxlanes_" in text) == (backend == "simd")
