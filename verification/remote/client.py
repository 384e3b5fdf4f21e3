"""An environment that runs in another process, as a `protocol.Env`."""

from __future__ import annotations

import contextlib
import copy
import functools
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from references.protocol import Actions, Batch, Bounds, Draw, EnvInfo, Snapshot, Tape, TapeError
from verification.remote import frames, serve
from verification.remote.frames import LIMITS, Limits, Message, RemoteError
from verification.remote.link import Link

#: Errors of the environment itself that the protocols promise; any other kind becomes a `RemoteError`.
_PROMISED: dict[str, type[Exception]] = {"ValueError": ValueError, "TapeError": TapeError}


class RemoteEnv:
    """The environment that a command serves on its stdin and stdout, as `serve` describes.

    `RemoteEnv(command)` starts it and gives an object that has exactly the capabilities it announces, so that
    `isinstance` tells the truth. Array values arrive as numpy arrays, single values as arrays of shape [].

    * `timeout`, `start_timeout`: seconds for one request, and for the first frame (imports, compilation).
    * `env`, `cwd`: of the process; None inherits them.

    Raises `RemoteError` when the process cannot be started, breaks the protocol, dies or is late; it is ended then.
    Close it, or use it in a `with` statement.
    """

    info: EnvInfo
    link: Link

    def __new__(
        cls,
        command: Sequence[str],
        *,
        timeout: float = 60.0,
        start_timeout: float = 120.0,
        limits: Limits = LIMITS,
        env: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
    ) -> RemoteEnv:
        link = Link(command, timeout=timeout, limits=limits, env=env, cwd=cwd)
        return cls.over(link, start_timeout)

    @classmethod
    def over(cls, link: Link, start_timeout: float) -> RemoteEnv:
        """The environment behind a link whose child has yet to say hello."""
        hello = link.receive(start_timeout)
        try:
            info, announced = _announced(hello)
        except RemoteError:
            link.close(patience=0.0)
            raise
        self = object.__new__(_class(announced))
        self.info, self.link = info, link
        return self

    def reset(self, seed: int, options: Mapping[str, Any] | None = None) -> None:
        """As `Env.reset`; `options` must be plain JSON values."""
        self._ask("reset", seed=str(int(seed)), options=dict(options or {}))

    def step(self, actions: Actions) -> None:
        """As `Env.step`."""
        self._ask("step", {"actions": actions})

    def snapshot(self) -> Snapshot:
        """As `Env.snapshot`."""
        return self._ask("snapshot").group("state")

    def legal(self) -> Mapping[str, NDArray[Any] | Bounds]:
        """As `Env.legal`."""
        return _legal(self._ask("legal"))

    def close(self) -> None:
        """End the process; it may exit by itself first."""
        # A process that does not end politely is ended all the same: no result depends on its last words.
        with contextlib.suppress(RemoteError):
            if self.link.is_open:
                self.link.ask("close")
        self.link.close()

    def __enter__(self) -> RemoteEnv:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.link.close() if kind is None else self.link.close(patience=0.0)

    def _ask(self, kind: str, groups: Mapping[str, Mapping[str, Any]] | None = None, /, **header: Any) -> Message:
        answer = self.link.ask(kind, groups, **header)
        if answer.header["kind"] == "error":
            name, message = (str(answer.header.get(key))[:2000] for key in ("type", "message"))
            if name in _PROMISED:
                raise _PROMISED[name](message)
            raise RemoteError(f"{self.info.name}: {kind} raised {name}: {message}\n{self.link.stderr}".rstrip())
        return answer


class _Restorable(RemoteEnv):
    def restore(self, snapshot: Snapshot) -> None:
        """As `Restorable.restore`."""
        self._ask("restore", {"state": snapshot})


class _Batched(RemoteEnv):
    def restore_many(self, snapshots: Batch) -> Batch:
        """As `Batched.restore_many`."""
        return self._ask("restore_many", {"state": snapshots}).group("state")

    def step_many(self, snapshots: Batch, actions: Batch) -> Batch:
        """As `Batched.step_many`."""
        return self._ask("step_many", {"state": snapshots, "actions": actions}).group("state")

    def legal_many(self, snapshots: Batch) -> Mapping[str, NDArray[Any] | Bounds]:
        """As `Batched.legal_many`."""
        return _legal(self._ask("legal_many", {"state": snapshots}))


class _Taped(RemoteEnv):
    _tape: Tape | None = None

    def use_tape(self, tape: Tape) -> None:
        """As `Taped.use_tape`: what the other process takes of it in the next step is taken from `tape` after it."""
        source = copy.deepcopy(tape)
        draws = [Draw(label, ordinal, source.take(label)) for label, ordinal in sorted(tape.leftover())]
        header, groups = serve.to_wire(draws)
        self._ask("use_tape", groups, **header)
        self._tape = tape

    def step(self, actions: Actions) -> None:
        """As `Env.step`."""
        tape, self._tape = self._tape, None
        taken = self._ask("step", {"actions": actions}).header.get("taken", {})
        if tape is None:
            return
        left = Counter(label for label, _ in tape.leftover())
        if not isinstance(taken, dict) or not all(
            type(count) is int and 0 <= count <= left[label] for label, count in taken.items()
        ):
            raise RemoteError(f"{self.info.name}: step says it has taken {str(taken)[:200]} of {dict(left)}")
        for label, count in taken.items():
            for _ in range(count):
                tape.take(label)

    def draws(self) -> Sequence[Draw]:
        """As `Taped.draws`."""
        try:
            return serve.from_wire(self._ask("draws"))
        except ValueError as error:
            raise RemoteError(f"{self.info.name}: draws: {error}") from error


class _Covered(RemoteEnv):
    def coverage(self) -> Counter[str]:
        """As `Covered.coverage`."""
        counts = self._ask("coverage").header.get("counts")
        if not isinstance(counts, dict) or not all(type(count) is int for count in counts.values()):
            raise RemoteError(f"{self.info.name}: coverage must carry 'counts' of whole numbers: {str(counts)[:200]}")
        return Counter(counts)


def _legal(answer: Message) -> Mapping[str, NDArray[Any] | Bounds]:
    low, high = answer.group("low"), answer.group("high")
    if low.keys() != high.keys():
        raise RemoteError(f"legal: 'low' names {sorted(low)}, 'high' names {sorted(high)}")
    return {**answer.group("mask"), **{agent: Bounds(low[agent], high[agent]) for agent in low}}


_MIXINS = {"Restorable": _Restorable, "Batched": _Batched, "Taped": _Taped, "Covered": _Covered}


@functools.cache
def _class(announced: frozenset[str]) -> type[RemoteEnv]:
    bases = tuple(_MIXINS[name] for name in serve.REMOTE if name in announced)
    return type("Remote" + "".join(sorted(announced)), bases or (RemoteEnv,), {})


def _announced(hello: Message) -> tuple[EnvInfo, frozenset[str]]:
    header = hello.header
    if header.get("kind") != "hello":
        raise RemoteError(f"the first frame must be of kind 'hello': {str(header)[:200]}")
    if header.get("protocol") != frames.PROTOCOL:
        raise RemoteError(f"protocol {header.get('protocol')!r}, this verifier speaks {frames.PROTOCOL}")
    name, version, agents, has = (header.get(key) for key in ("name", "version", "agents", "capabilities"))
    if not (isinstance(name, str) and isinstance(version, str)):
        raise RemoteError("hello needs the strings 'name' and 'version'")
    for key, value in (("agents", agents), ("capabilities", has)):
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise RemoteError(f"hello needs a list of strings {key!r}: {str(value)[:80]}")
    assert isinstance(agents, list) and isinstance(has, list)
    unknown = set(has) - set(serve.REMOTE)
    if unknown or not agents:
        raise RemoteError(f"hello announces agents {agents} and unknown capabilities {sorted(unknown)}")
    return EnvInfo(name[:200], version[:200], tuple(agents)), frozenset(has)
