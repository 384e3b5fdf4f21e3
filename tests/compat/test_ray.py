"""Ray, a real local cluster of two nodes: a killed worker costs its present part, and the report is one process's."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray
from ray.cluster_utils import Cluster

import pokejax.tools  # noqa: F401 (the folder of the tools, which the wheel hides)

sys.path.insert(0, str(Path(__file__).parents[1] / "verification"))
from verification import cluster
from verification.cli import main
from verification.cli import shards as commands

RUN = ("run", "toy_pair:buggy", "--levels", "1,3", "--episodes", "96", "--injected", "200")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Two nodes of one core each, on this machine's own address: Ray takes 127.0.0.1 for it."""
    os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    made.add_node(num_cpus=1)
    made.wait_for_nodes()
    yield made.address
    ray.shutdown()
    made.shutdown()


def run(*words: Any) -> int:
    return main([str(word) for word in words])


def timeless(value: Any) -> Any:
    """Without times and without how it was made."""
    if isinstance(value, dict):
        gone = ("seconds", "started", "command", "shards")
        return {name: timeless(entry) for name, entry in value.items() if name not in gone}
    return [timeless(entry) for entry in value] if isinstance(value, list) else value


def test_a_killed_worker_costs_its_present_part(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cluster, "EVERY", 0.0)
    told, killed = commands._Going._on_state, []

    def kill(self: Any, number: int, state: Any, process: int) -> None:
        told(self, number, state, process)
        if not killed and state["report"]["interrupted"] and cluster.cases(state) >= 16:
            killed.append((number, process, cluster.cases(state)))
            os.kill(process, signal.SIGKILL)

    monkeypatch.setattr(commands._Going, "_on_state", kill)
    assert run(*RUN, "--ray", address, "--shards", "3", "--json", "all.json", "--failures", "f") == 1
    said = capsys.readouterr().err
    assert len(killed) == 1 and f"shard {killed[0][0]}/3: its worker was lost" in said
    assert run(*RUN, "--json", "whole.json", "--failures", "f") == 1
    found = [json.loads(Path(name).read_text()) for name in ("all.json", "whole.json")]
    assert timeless(found[0]) == timeless(found[1])
    assert {one["shard"] for one in found[0]["provenance"]["shards"]} == {"1/3", "2/3", "3/3"}
    findings = [f for level in found[0]["levels"] for check in level["checks"] for f in check["findings"]]
    assert findings and all(Path(finding["file"]).is_file() for finding in findings)
    # All shards are done: going on runs nothing, and merges.
    assert run(*RUN, "--ray", address, "--shards", "3", "--json", "all.json", "--failures", "f", "--resume") == 1
    assert "3 go on from a report" in capsys.readouterr().err
    assert timeless(json.loads(Path("all.json").read_text())) == timeless(found[1])


def test_an_address_that_does_not_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        began = time.monotonic()
        assert run(*RUN, "--ray", f"127.0.0.1:{port}", "--json", tmp_path / "all.json") == 3
    assert time.monotonic() - began < 30
    said = capsys.readouterr().err
    assert f"--ray 127.0.0.1:{port}: does not answer" in said and "ray start --head" in said
    assert not (tmp_path / "all.json").exists()


def test_an_address_at_which_something_else_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("jaxenv.commands.cluster.JOIN_SECONDS", 10.0)
    with socket.create_server(("127.0.0.1", 0)) as other:
        began = time.monotonic()
        assert run(*RUN, "--ray", f"127.0.0.1:{other.getsockname()[1]}", "--json", tmp_path / "all.json") == 3
    assert time.monotonic() - began < 30
    said = capsys.readouterr().err
    assert "could not run: --ray 127.0.0.1" in said and "give its HOST:PORT" in said
