"""A small run of Pong's plugin: levels 0 to 3 pass on cases nobody has seen before."""

from __future__ import annotations

from pathlib import Path

from pong_runs import expect_everything, small_run


def test_levels_0_to_3_pass(tmp_path: Path, commit_seed: int) -> None:
    expect_everything(small_run("pongjax/puffer_pong", ("L0", "L1", "L2", "L3"), commit_seed, tmp_path))
