"""Peers: other engines of the same task as the environment, timed in turns with it, beside the reference."""

from __future__ import annotations

import dataclasses
import importlib.util
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

from jaxenv.environment import Environment
from leaderboard.invocation import INSTALLED
from leaderboard.samples import Samples


class PeerError(RuntimeError):
    """A peer could not be timed."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PeerRequest:
    """Task of a peer that plays at random: `batch` environments at once, split over `devices`, or on `cores` cores."""

    env: Environment
    batch: int
    devices: int
    cores: int


class PeerSession(Samples):
    """A compiled, warm peer. `timer(seconds)` plays for about so long, or one call where that is longer, and returns
    environment steps per second.

    * `config`: settings, and in words whatever differs from the environment's own task or work.
    * `physics_per_step`: physics steps of an environment step, None where there is no such thing.
    * `error`: how far one environment step is from the reference on recorded states (see `leaderboard.accuracy`).
    """

    def __init__(
        self,
        *,
        name: str,
        version: str,
        config: Mapping[str, Any],
        batch: int,
        timer: Callable[[float], float],
        physics_per_step: int | None = None,
        trace_seconds: float | None = None,
        compile_seconds: float | None = None,
        error: Mapping[str, Any] | None = None,
    ):
        self.name = name
        self._facts = {
            "name": name,
            "version": version,
            "config": dict(config),
            "batch": batch,
            "trace_seconds": trace_seconds,
            "compile_seconds": compile_seconds,
            "error": error,
        }
        self._physics_per_step = physics_per_step
        super().__init__(timer)

    def failed(self, error: Exception) -> Exception:
        """A `PeerError`."""
        return _failed(self.name, error)

    def summary(self, ours: float) -> dict[str, Any]:
        """Facts, all samples, their median, and `ours` (steps per second) over it; no ratio before the first sample."""
        median = self.median
        physics = self._physics_per_step
        return {
            **self._facts,
            "median_sps": median,
            "samples": self.samples,
            "physics_sps": median * physics if median and physics else None,
            "ratio": ours / median if median else None,
        }


@dataclasses.dataclass(frozen=True, kw_only=True)
class Peer:
    """A peer that may be opened.

    * `modules`: what must be importable, `group` the dependency group of this checkout that brings it.
    * `startup_seconds`: about how long `open` takes, for predictions.
    """

    name: str
    modules: tuple[str, ...]
    group: str
    startup_seconds: float
    open: Callable[[PeerRequest], AbstractContextManager[PeerSession]]

    def missing(self) -> tuple[str, ...]:
        """The modules that are not installed."""
        return tuple(module for module in self.modules if not _found(module))


def installed(peers: Iterable[Peer]) -> tuple[tuple[Peer, ...], list[str]]:
    """Those that can be opened here, and for the others a line for each group that says how to get them."""
    here, absent = [], {}
    for peer in peers:
        if missing := peer.missing():
            absent.setdefault(peer.group, []).append((peer.name, missing))
        else:
            here.append(peer)
    lines = []
    for group, found in absent.items():
        names = ", ".join(name for name, _ in found)
        modules = ", ".join(dict.fromkeys(module for _, missing in found for module in missing))
        remedy = "install them by pip" if INSTALLED else f"get them by `uv run --group {group} python -m leaderboard …`"
        lines.append(f"left out: {names}, for want of {modules}; {remedy}")
    return tuple(here), lines


@contextmanager
def open_peers(
    peers: Sequence[Peer], request: PeerRequest, report: Callable[[str], None]
) -> Iterator[list[PeerSession]]:
    """Start all of them, one after the other; `report` gets a word about each. Raises `PeerError`."""
    with ExitStack() as stack:
        sessions = []
        for peer in peers:
            report(f"starting {peer.name}")
            manager = peer.open(request)
            try:
                session = manager.__enter__()
            except Exception as error:
                raise _failed(peer.name, error) from error
            stack.push(manager)
            sessions.append(session)
        yield sessions


def _found(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # the package that it would be in
        return False


def _failed(name: str, error: Exception) -> PeerError:
    return PeerError(f"the peer {name} could not be timed: {error}; --no-peers goes without")
