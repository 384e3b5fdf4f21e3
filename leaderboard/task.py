"""One section of a bench as one process measures it, on whatever cores it has."""

from __future__ import annotations

import dataclasses
from contextlib import ExitStack
from typing import Any

from leaderboard import configuration, machine
from leaderboard.bench import Progress, Publish, Report, Settings, bench
from leaderboard.program import one_device_per_core
from leaderboard.reference import Request, is_known, open_session


@dataclasses.dataclass(frozen=True, kw_only=True)
class Task:
    """`set` holds the `--set` texts, so that a task can be sent to another process as JSON."""

    env_id: str
    set: tuple[str, ...]
    mode: str
    with_reference: bool
    settings: Settings

    def run(self, publish: Publish, report: Report) -> None:
        """Measure; raises ValueError, ImportError, `UnknownEnvironmentError` and `ReferenceError`."""
        env = configuration.make(self.env_id, configuration.parse(self.set))
        one_device_per_core()
        with ExitStack() as stack:
            session = None
            name = env.spec.reference.name if env.spec.reference else None
            if self.with_reference and is_known(name):
                report(Progress(f"starting {name}", 0, 0))
                request = Request(env_id=self.env_id, env=env, mode=self.mode, cores=machine.cores())
                session = stack.enter_context(open_session(str(name), request))
            bench(self.env_id, env, self.mode, self.settings, session, publish, report)

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @staticmethod
    def from_json(data: dict[str, Any]) -> Task:
        """The task of `to_json`, after a way through JSON."""
        settings = dict(data["settings"])
        batches = settings.pop("batches")
        settings = Settings(batches=None if batches is None else tuple(batches), **settings)
        return Task(**{**data, "set": tuple(data["set"]), "settings": settings})
