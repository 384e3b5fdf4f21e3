"""Sandboxes of candidates: one for each state of the tree, kept for as long as that state is being judged."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from references.protocol import Env
from translator import confined
from translator.errors import InfrastructureError
from translator.project import Project
from verification.remote.guard import tree_hash
from verification.remote.sandbox import Confinement, Sandbox, SandboxError

CANDIDATE = "candidate"
"""Folder of the tree that holds the candidate's source."""


class Evaluation:
    """One candidate in its sandbox. `kind`: the sandbox's strength. A context manager."""

    def __init__(self, project: Project, tree: Path) -> None:
        self.hash = tree_hash(tree / CANDIDATE)
        self._holder = tempfile.TemporaryDirectory(prefix="translated-", ignore_cleanup_errors=True)
        try:
            package = confined.write_package(Path(self._holder.name), project.candidate, project.verify.lanes)
            self.confinement = confinement(project, package)
            self.sandbox = Sandbox(tree / CANDIDATE, confined.ENTRY, self.confinement)
        except SandboxError as error:
            self._holder.cleanup()
            raise InfrastructureError(
                f"the sandbox cannot be made: {error}; or choose --sandbox 'process only'"
            ) from error
        self.kind = self.sandbox.kind
        self._env: Any = None

    def env(self) -> Env:
        """The candidate, in a process that is started when first asked for or once the last one has ended.

        `RemoteError` where it does not start.
        """
        if self._env is None or not self._env.link.is_open:
            self._env = self.sandbox.start()
        return self._env

    @property
    def reports(self) -> list[str]:
        """The things that the candidate reached for and was refused, in words."""
        return [f"{rule}: {what}" for rule, what in self.sandbox.reports]

    def close(self) -> None:
        """End the processes, and remove the files."""
        self.sandbox.close()
        self._holder.cleanup()

    def __enter__(self) -> Evaluation:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def confinement(project: Project, package: Path) -> Confinement:
    """Limits that a project asks for."""
    settings = project.sandbox
    return Confinement(
        kind=settings.kind,
        packages=confined.packages(package),
        memory_bytes=int(settings.memory_gb * 2**30),
        cpu_seconds=settings.cpu_seconds,
        timeout=settings.timeout,
        start_timeout=2 * settings.timeout,
    )
