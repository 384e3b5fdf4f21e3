"""One section of a bench as one process measures it, on whatever cores it has."""

from __future__ import annotations

import dataclasses
from contextlib import ExitStack
from typing import Any

import jax

from leaderboard import configuration, machine
from leaderboard.bench import Progress, Publish, Report, bench, no_compilation_cache
from leaderboard.family import bench_of
from leaderboard.peer import PeerRequest, installed, open_peers
from leaderboard.program import one_device_per_core
from leaderboard.reference import Request, open_session
from leaderboard.section import MODES
from leaderboard.settings import Settings


@dataclasses.dataclass(frozen=True, kw_only=True)
class Task:
    """`set` holds the `--set` texts, so that a task can be sent to another process as JSON."""

    env_id: str
    set: tuple[str, ...]
    mode: str
    with_reference: bool
    with_peers: bool = False
    settings: Settings

    def run(self, publish: Publish, report: Report) -> None:
        """Measure; raises ValueError, ImportError, `UnknownEnvironmentError`, `ReferenceError` and `PeerError`.

        Peers play at random: there are none in another mode.
        """
        env = configuration.make(self.env_id, configuration.parse(self.set))
        one_device_per_core()
        with ExitStack() as stack:
            session = None
            part = bench_of(self.env_id)
            if self.with_reference and part.session:
                report(Progress(f"starting {env.spec.reference.name if env.spec.reference else 'the reference'}", 0, 0))
                request = Request(env_id=self.env_id, env=env, mode=self.mode, cores=machine.cores())
                session = stack.enter_context(open_session(part.session, request))
            peers = []
            if self.with_peers and self.mode == MODES[0]:
                here, _ = installed(part.peers(env))
                wanted = PeerRequest(
                    env=env,
                    batch=self.settings.peer_batch,
                    devices=self.settings.devices or jax.device_count(),
                    cores=machine.cores(),
                )
                with no_compilation_cache():
                    starting = open_peers(here, wanted, lambda what: report(Progress(what, 0, 0)))
                    peers = stack.enter_context(starting)
            bench(self.env_id, env, self.mode, self.settings, session, peers, publish, report)

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @staticmethod
    def from_json(data: dict[str, Any]) -> Task:
        """The task of `to_json`, after a way through JSON."""
        lists = {name: tuple(value) for name, value in data["settings"].items() if isinstance(value, list)}
        settings = Settings(**{**data["settings"], **lists})
        return Task(**{**data, "set": tuple(data["set"]), "settings": settings})
