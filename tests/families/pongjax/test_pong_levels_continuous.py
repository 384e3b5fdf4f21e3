"""A small run of continuous Pong's plugin: levels 1 to 3 pass on cases nobody has seen before."""

from __future__ import annotations

from pathlib import Path

from pong_runs import expect_everything, small_run


def test_levels_1_to_3_pass(tmp_path: Path, commit_seed: int) -> None:
    expect_everything(small_run("pongjax/puffer_pong_continuous", ("L1", "L2", "L3"), commit_seed, tmp_path))
