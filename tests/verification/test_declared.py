"""Declarations on record: what is compared, what a slip looks like, and how the record is written."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import jax
import pytest

import jaxenv
from jaxenv.commands.files import StorageError
from verification.cli import main
from verification.levels import declared
from verification.levels.context import Context, Plan
from verification.registry import load_plugin
from verification.results import CheckResult

ENV = "pongjax/puffer_pong"
PACKAGES = ("cheetahjax", "pokejax", "pongjax")
OURS = [env_id for env_id in jaxenv.list_envs() if env_id.partition("/")[0] in PACKAGES]


def checked(file: Path) -> CheckResult:
    plugin = load_plugin(ENV)
    plugin = dataclasses.replace(plugin, checks=dataclasses.replace(plugin.checks, declared=file))
    result = CheckResult("L0/declared", "L0", "")
    declared.run(Context(plugin, Plan()), result)
    return result


@pytest.mark.parametrize("env_id", OURS)
def test_what_is_declared_is_on_record(env_id: str) -> None:
    file = load_plugin(env_id).checks.declared
    assert file is not None and declared.recorded(file, env_id) == declared.facts(env_id)


def test_each_slip_is_named(tmp_path: Path) -> None:
    file = tmp_path / "declared.json"
    assert len(declared.record(file, ENV)) > 30 and declared.record(file, ENV) == []
    assert checked(file).verdict == "pass"
    facts = json.loads(file.read_text())
    facts[ENV]["observation.ball_x"][2] = -0.05
    facts[ENV]["params.paddle_width"] = 10.0
    del facts[ENV]["spec.version"]
    facts[ENV]["spec.gone"] = 1
    file.write_text(json.dumps(facts))
    result = checked(file)
    assert result.verdict == "fail"
    assert [finding.first_field for finding in result.findings] == [
        "observation.ball_x", "params.paddle_width", "spec.gone", "spec.version",
    ]  # fmt: skip


def test_big_arrays_stand_by_a_hash() -> None:
    facts = declared.facts("pokejax/gen1randombattle")
    path, leaf = next(
        (jax.tree_util.keystr(path), leaf)
        for path, leaf in jax.tree_util.tree_leaves_with_path(jaxenv.make("pokejax/gen1randombattle").default_params)
        if getattr(leaf, "size", 1) > 16
    )
    assert facts["params" + path].startswith(f"{leaf.dtype}[")


def test_without_a_record_the_check_fails_and_says_how_to_write_one(tmp_path: Path) -> None:
    result = checked(tmp_path / "none.json")
    assert result.verdict == "fail"
    assert f"verification declare {ENV}" in str(result.findings[0].differences[0].reference)
    (tmp_path / "torn.json").write_text("{")
    with pytest.raises(StorageError, match=r"torn\.json is no record of declarations"):
        checked(tmp_path / "torn.json")


def test_the_command_refuses_what_keeps_no_record(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["declare", "example/cartpole"]) == 3
    assert "names no file" in capsys.readouterr().err
    assert main(["declare", "pongjax/pufer_pong"]) == 3
