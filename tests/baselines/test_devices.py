"""The same run on one device, on eight, and in two processes."""

import io
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import small_environments as small
from rich.console import Console

from baselines.run_folder import open_run
from baselines.train import Budget, Request, train

HERE = Path(__file__).parent

_ON_DEVICES = """
import sys
import jax
import small_environments as small
import jaxenv, json, numpy as np
from baselines import devices
from baselines.program import compile_program, make_setup, member_keys

assert len(jax.devices()) == 8

def run(mesh):
    setup = make_setup(jaxenv.make("small/chain"), small.TINY_CONFIG, "auto", mesh)
    program = compile_program(setup, 2, mesh)
    state = program.init(member_keys(0, 2))
    if mesh is not None:
        assert len(state.play.lanes.clock.sharding.device_set) == 8
        assert not state.play.lanes.clock.sharding.is_fully_replicated
    state, figures = program.chunk(state, 0.0, 0.0)
    if mesh is not None:
        assert not state.play.lanes.clock.sharding.is_fully_replicated
    leaves = jax.tree.leaves((state.parameters, state.observations, state.play.lanes.env_state, figures))
    return [np.asarray(leaf, np.float64) for leaf in leaves]

one, eight = run(None), run(devices.mesh(16))
for a, b in zip(one, eight, strict=True):
    np.testing.assert_allclose(a, b, rtol=2e-3, atol=2e-4)
print("equal", len(one))
"""

_IN_PROCESSES = """
import sys
import small_environments as small
from baselines import devices
process, port, folder = int(sys.argv[1]), sys.argv[2], sys.argv[3]
devices.connect("127.0.0.1:" + port, 2, process)
from pathlib import Path
from rich.console import Console
import jax
from baselines.train import Budget, Request, train
request = Request(
    env="small/chain", config=small.TINY_CONFIG, budget=Budget(steps=512 * 2), folder=Path(folder),
    backend="xla", spread=True,
)
result = train(request, Console(stderr=True))
print(jax.process_count(), len(jax.devices()), result.update)
"""


def python(code, *arguments, devices=1):
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={devices}"
    env = {**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu", "PYTHONPATH": f"{HERE}:{HERE.parents[1]}"}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_eight_devices_give_the_result_of_one():
    """Parameters, statistics, every environment's state and all figures, with the kernel on each device's own lanes."""
    process = python(_ON_DEVICES, devices=8)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert out.startswith("equal")


def test_two_processes_give_the_result_of_one(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    together = [python(_IN_PROCESSES, process, port, tmp_path / "two") for process in range(2)]
    budget = Budget(steps=512 * 2)
    alone = Request("small/chain", small.TINY_CONFIG, budget, tmp_path / "one", backend="xla")
    assert train(alone, Console(file=io.StringIO())).update == 8
    said = [(process.communicate(timeout=300), process.returncode) for process in together]
    for (out, err), status in said:
        assert status == 0, err
        assert out.splitlines()[-1] == "2 2 8"  # gloo speaks before

    one, two = (open_run(tmp_path / name).arrays for name in ("one", "two"))
    assert set(one) == set(two)
    for name, array in one.items():
        np.testing.assert_allclose(array, two[name], rtol=2e-3, atol=2e-4, err_msg=name)
    rows = [json.loads(line) for line in (tmp_path / "two" / "metrics.jsonl").read_text().splitlines()]
    assert [row["update"] for row in rows] == [4, 8]
