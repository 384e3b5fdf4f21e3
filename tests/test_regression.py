"""Every case that once differed from its reference, played again in both."""

from __future__ import annotations

from pathlib import Path

import emurust_native
import pytest
from saved_cases import first_difference

import jaxenv
from verification import cases
from verification.levels.context import Context, Plan
from verification.registry import load_plugin

FOLDER = Path(__file__).parent / "regression"
CASES = {path.name: cases.load(path) for path in sorted(FOLDER.glob("*.json"))}
ENVS = sorted({case.env for case in CASES.values()})


def test_there_are_saved_cases() -> None:
    assert CASES, f"no saved case in {FOLDER}: the folder is missing from this checkout"


@pytest.mark.parametrize("env", ENVS)
def test_saved_cases_agree(env: str) -> None:
    if env in jaxenv.list_envs(kind="host"):
        emurust_native.load()  # not part of the suite's own installation: skips without Rust
    context = Context(load_plugin(env), Plan())
    wrong = {}
    try:
        for name, case in CASES.items():
            if case.env == env and (found := first_difference(context.under(case.setting), case)) is not None:
                wrong[name] = f"step {found[0]}, {found[1][:5]} {found[2]}"
    finally:
        context.close()
    assert not wrong, f"{len(wrong)} saved cases differ again: {wrong}"
