"""Shards on a Ray cluster: scheduled as tasks, done again where a worker is lost, from the last state that it told.

Ray is optional and imported here alone, when it is asked for. States travel through the cluster, so that its machines
need no common folder; what each needs is this suite, at the same commit.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

LOCAL = "local"
RETRIES = 10
"""Times that a shard is begun again after its worker was lost."""
ANSWER_SECONDS, JOIN_SECONDS = 5.0, 45.0
"""Seconds within which an address has to answer, and a process to have joined the cluster."""
_POLL_SECONDS = 0.5

Work = Callable[[Any, Any, Callable[[Any], None]], Any]
"""`work(order, earlier, report)`: the result of a shard. `earlier`: the last state that was reported, or None."""


class ClusterError(RuntimeError):
    """A cluster that cannot be used, or a shard that failed on it; the message says what to do."""


class Cluster:
    """A cluster that this process is connected to. `cpus`: its cores."""

    def __init__(self, ray: Any) -> None:
        self._ray = ray
        self.cpus = max(1, int(ray.cluster_resources().get("CPU", 1)))

    def run(
        self,
        work: str,
        orders: Mapping[int, Any],
        earlier: Mapping[int, Any],
        on_state: Callable[[int, Any, int], None],
        say: Callable[[str], None],
    ) -> None:
        """Do all orders (by the numbers of their shards) with `work`, "module:function" of a `Work`.

        `earlier`: states to go on from. `on_state(number, state, process)` gets each shard's states and, as the last of
        them, its result. `ClusterError` for one that failed; the others' states were told before.
        """
        ray = self._ray
        # Where this process runs: a board on a machine that is lost would take all states with it.
        here = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(
            node_id=ray.get_runtime_context().get_node_id(), soft=True
        )
        board = ray.remote(num_cpus=0, scheduling_strategy=here)(_Board).remote(dict(earlier))
        task = ray.remote(num_cpus=1, max_retries=RETRIES)(_do)
        tasks = {task.remote(board, number, work, order): number for number, order in orders.items()}
        failed: dict[int, str] = {}
        going = list(tasks)
        try:
            while going:
                ended, going = ray.wait(going, num_returns=len(going), timeout=_POLL_SECONDS)
                states, lost = ray.get(board.news.remote())
                for number in lost:
                    say(f"shard {number}/{len(orders)}: its worker was lost; another one goes on from its last state")
                for number, (state, process) in states.items():
                    on_state(number, state, process)
                for one in ended:
                    try:
                        ray.get(one)
                    except ray.exceptions.RayError as error:
                        failed[tasks[one]] = _reason(ray, error)
        finally:
            for one in going:
                ray.cancel(one, force=True)
        if failed:
            told = "; ".join(f"shard {number}: {reason}" for number, reason in sorted(failed.items()))
            raise ClusterError(f"{told}; mend that, and repeat the command with --resume")


def _reason(ray: Any, error: Exception) -> str:
    cause = getattr(error, "cause", None)
    if cause is not None:
        return f"{type(cause).__name__}: {cause}"
    if isinstance(error, ray.exceptions.WorkerCrashedError):
        return f"its worker was lost {RETRIES + 1} times"
    return str(error).strip().splitlines()[0]


class _Board:
    """The states of all shards, kept beside the process that asked for them."""

    def __init__(self, earlier: dict[int, Any]) -> None:
        self._states, self._news, self._begun, self._lost = earlier, {}, set(), []

    def begin(self, number: int) -> Any:
        """The state to go on from; None for the beginning."""
        if number in self._begun:
            self._lost.append(number)
        self._begun.add(number)
        return self._states.get(number)

    def put(self, number: int, state: Any, process: int) -> None:
        """Keep a state."""
        self._states[number] = state
        self._news[number] = (state, process)

    def news(self) -> tuple[dict[int, Any], list[int]]:
        """States since it was last asked, with the numbers of their processes; shards that were begun again."""
        found = self._news, self._lost
        self._news, self._lost = {}, []
        return found


def _do(board: Any, number: int, work: str, order: Any) -> None:
    import ray  # type: ignore[import-not-found]

    module, _, name = work.partition(":")
    function: Work = getattr(importlib.import_module(module), name)

    def report(state: Any) -> None:
        ray.get(board.put.remote(number, state, os.getpid()))

    report(function(order, ray.get(board.begin.remote(number)), report))


@contextlib.contextmanager
def connect(address: str, variables: Mapping[str, str], path: Sequence[str] = ()) -> Iterator[Cluster]:
    """The cluster at `address`: "local" starts one on this machine, "auto" finds the one that it is part of.

    `variables`: environment variables of its workers; `path`: where they find modules, before their own.
    `ClusterError` within seconds where Ray is not installed or nothing answers.
    """
    _require_answer(address)
    try:
        import ray  # type: ignore[import-not-found]
        import ray.util.scheduling_strategies  # type: ignore[import-not-found]
    except ImportError as error:
        raise ClusterError(f"--ray {address}: Ray is not installed ({error}); pip install ray") from None
    if address != LOCAL:
        _require_cluster(address)
    environment = {**variables, "PYTHONPATH": os.pathsep.join(path)}
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # else Ray warns of what it will change
    more = {"include_dashboard": False} if address == LOCAL else {}
    try:
        ray.init(
            address=address, runtime_env={"env_vars": environment}, log_to_driver=False, logging_level="error", **more
        )
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        told = str(error).strip().splitlines() or [type(error).__name__]
        raise ClusterError(f"--ray {address}: {told[0]}; {_REMEDY}") from error
    try:
        yield Cluster(ray)
    finally:
        ray.shutdown()


_REMEDY = "start one by `ray start --head`, give its HOST:PORT, or --ray local for this machine alone"


def _require_answer(address: str) -> None:
    """Refuse at once an address at which nothing listens: Ray itself tries for minutes."""
    if address in (LOCAL, "auto"):
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ClusterError(f"--ray {address!r} is no HOST:PORT; {_REMEDY}")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER_SECONDS).close()
    except OSError as error:
        raise ClusterError(f"--ray {address}: does not answer ({error}); {_REMEDY}") from None


def _require_cluster(address: str) -> None:
    """Refuse what is no cluster. Ray would wait for ever for a stranger's answer, so another process asks first."""
    command = "import ray, sys; ray.init(address=sys.argv[1], log_to_driver=False, logging_level='error')"
    try:
        done = subprocess.run(
            [sys.executable, "-c", command, address],
            capture_output=True,
            text=True,
            timeout=JOIN_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ClusterError(
            f"--ray {address}: answers, but nobody could join within {JOIN_SECONDS:.0f} s: is it the head of a Ray "
            f"cluster, of the same version?; {_REMEDY}"
        ) from None
    if done.returncode:
        told = done.stderr.strip().splitlines() or ["no reason is told"]
        raise ClusterError(f"--ray {address}: {told[-1]}; {_REMEDY}")
