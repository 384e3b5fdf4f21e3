"""The programs that the quickstart runs: battles that go on for ever on all cores, and the sample to compare."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol

from families.pokejax_gen1.quickstart.findings import Findings
from pokejax.cli.command import CannotRunError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from families.pokejax_gen1.verify.battles import PlayedBattles
    from families.pokejax_gen1.verify.lockstep import Plan
    from families.pokejax_gen1.verify.play import Player as LockstepCandidate
    from jaxenv import Environment
    from jaxenv.backends import Backend

LANES = {"simd": 4096, "xla": 512}
"""Battles at once: what each backend is fast with on a CPU."""


class Player(Protocol):
    """A program that plays; `leaderboard.program.Program`."""

    @property
    def steps_per_run(self) -> int: ...

    def run(self, times: int = 1) -> Any:
        """Go on; returns a `jaxenv` `Summary` of numpy leaves when all of it is done."""
        ...


def chosen_backend(asked: str, env: Environment, findings: Findings) -> Backend:
    """The backend to play with; notes it and, for "auto", the reason for XLA.

    `CannotRunError` where kernels are asked for and cannot be had.
    """
    import jax

    from jaxenv.backends import BackendError, BackendWarning, choose
    from jaxlanes import CompilerNotFoundError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", BackendWarning)  # the table says it
            backend = choose(asked, env, fall_back=False)
    except (BackendError, CompilerNotFoundError) as error:
        raise CannotRunError(f"--backend {asked}: {error}") from error
    findings.backend = f"{backend.name}:{jax.default_backend()}"
    findings.no_kernel = backend.reason
    return backend


def compiled(env: Environment, backend: str, seed: int) -> Player:
    """The program of a backend, compiled: it has run once."""
    import jax

    from leaderboard.program import Program

    devices = jax.device_count()
    player = Program(
        env, env.default_params, LANES[backend], chunk=None, devices=devices, seed=seed, backend=backend, kept=True
    )
    player.run()
    return player


class Sample:
    """The battles to compare, as a candidate. Made early, its program compiles beside the other one."""

    def __init__(self, candidate: LockstepCandidate, plan: Plan) -> None:
        self.plan = plan
        self.fields, self.watched = candidate.fields, candidate.watched
        ((policy, seed, episodes),) = plan.shares()
        self._batches = candidate.play(seed, episodes, plan.teams, policy)
        self._first = ThreadPoolExecutor(1, thread_name_prefix="sample").submit(next, self._batches)

    @property
    def first(self) -> PlayedBattles:
        """The first batch."""
        return self._first.result()

    def play(self, seed: int, episodes: int, teams: str, policy: str) -> Iterator[PlayedBattles]:
        """See `LockstepCandidate.play`; it is always the plan that is played."""
        yield self.first
        yield from self._batches


def candidate(env_id: str, backend: Backend) -> LockstepCandidate:
    """The registered environment as a candidate, its steps made by the backend that is timed."""
    from families.pokejax_gen1.verify.play import load

    return load(env_id, backend.vmap)
