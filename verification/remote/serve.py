"""The child's side: answers the verifier's questions about one environment, on its stdin and stdout.

    python -m verification.remote.serve module:callable     (the callable, without arguments, makes the environment)

For a child in another language, this is all that it must do (`frames` describes the frame itself). It first writes

    {"kind": "hello", "protocol": 1, "name": "…", "version": "…", "agents": ["p1", …], "capabilities": ["Taped", …]}

then answers each request with one frame that repeats the request's "id", in the order in which they come:
{"kind": "ok", "id": …} with what the table says, or {"kind": "error", "id": …, "type": "ValueError", "message": "…"}.

    request "kind"  carries                                       the answer carries
    reset           "seed": decimal string, "options": object     —
    step            group "actions": agent → action               —
    snapshot        —                                             group "state": path → value
    legal           —                                             group "mask": agent → bool array; of a continuous
                                                                  action groups "low", "high": agent → float array
    close           —                                             — ; then the child exits with status 0
  with Restorable:
    restore         group "state"                                 — ; error type "ValueError": an impossible state
  with Batched:
    restore_many    group "state": path → [N, …]                  group "state"
    step_many       groups "state" and "actions", each [N, …]     group "state"
    legal_many      group "state": path → [N, …]                  as legal, each [N, …]
  with Taped (a draw is {"label": …, "ordinal": n} in "draws", its value the array named by its position in the list):
    use_tape        "draws", group "values": "0", "1", …          — ; the next step takes its draws from these; its
                                                                  answer says "taken": {label: count}; error type
                                                                  "TapeError" for a draw that is not there
    draws           —                                             "draws", group "values"
  with Covered:
    coverage        —                                             "counts": {behaviour: count}

What may be asked for is what hello's "capabilities" announce. The end of stdin means the same as "close".
Whatever else the child prints must go to stderr: its end is shown when something fails.
"""

# This file is also copied into sandboxes, under another package's name, so that `verification` itself stays out of
# reach there. It imports the standard library, numpy, and relatively `frames` and the copy of `references.protocol`.

from __future__ import annotations

import importlib
import io
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from . import frames
from .frames import Groups, Message

if TYPE_CHECKING or __package__ == "verification.remote":
    from references.protocol import CAPABILITIES, Draw, Tape
else:  # in a sandbox, where a copy of references/protocol.py lies one folder up
    from ..protocol import CAPABILITIES, Draw, Tape  # pyright: ignore[reportMissingImports]

#: Capabilities that can be had over a pipe; a training environment cannot.
REMOTE = ("Restorable", "Batched", "Taped", "Covered")


def take_stdio() -> tuple[BinaryIO, BinaryIO]:
    """The protocol's streams (input, output). From now on stdin is empty and everything printed goes to stderr."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # or what was printed before a crash would be lost
    return source, sink


def load(entry: str) -> Any:
    """Call `module:callable`, and return what it makes. Raises `ValueError` for an entry of another form."""
    module, colon, name = entry.partition(":")
    if not (module and colon and name):
        raise ValueError(f"entry {entry!r}: expected module:callable")
    return getattr(importlib.import_module(module), name)()


def serve(env: Any, source: BinaryIO, sink: BinaryIO) -> None:
    """Answer until the verifier closes. `source` and `sink` are `take_stdio()`'s."""

    def exactly(size: int) -> bytes:
        data = source.read(size)
        if len(data) < size:
            raise EOFError
        return data

    server = Server(env)
    _send(sink, server.hello(), {})
    while True:
        try:
            request = frames.read(exactly)
        except EOFError:
            return
        token, kind = request.header.get("id"), request.header.get("kind")
        try:
            header, groups = server.answer(request)
        except Exception as error:
            _send(sink, {"kind": "error", "id": token, "type": type(error).__name__, "message": str(error)}, {})
        else:
            _send(sink, {**header, "kind": "ok", "id": token}, groups)
        if kind == "close":
            return


class Server:
    """Answers requests about one environment."""

    def __init__(self, env: Any) -> None:
        self.env = env
        self._tape: CountedTape | None = None

    def hello(self) -> dict[str, Any]:
        """The first frame's header."""
        info = self.env.info
        return {
            "kind": "hello",
            "protocol": frames.PROTOCOL,
            "name": info.name,
            "version": info.version,
            "agents": list(info.agents),
            "capabilities": [name for name in REMOTE if isinstance(self.env, CAPABILITIES[name])],
        }

    def answer(self, request: Message) -> tuple[dict[str, Any], Groups]:
        """Header and groups that answer one request. Raises `ValueError` for a kind that is not known."""
        env, kind = self.env, str(request.header.get("kind"))
        state, actions = request.group("state"), request.group("actions")
        header: dict[str, Any] = {}
        groups: Groups = {}
        match kind:
            case "reset":
                env.reset(int(request.header["seed"]), request.header.get("options") or None)
            case "step":
                tape, self._tape = self._tape, None
                env.step(actions)
                header = {"taken": dict(tape.taken)} if tape else {}
            case "snapshot":
                groups = {"state": dict(env.snapshot())}
            case "legal":
                groups = _legal(env.legal())
            case "restore":
                env.restore(state)
            case "restore_many":
                groups = {"state": dict(env.restore_many(state))}
            case "step_many":
                groups = {"state": dict(env.step_many(state, actions))}
            case "legal_many":
                groups = _legal(env.legal_many(state))
            case "use_tape":
                self._tape = CountedTape(from_wire(request))
                env.use_tape(self._tape)
            case "draws":
                header, groups = to_wire(env.draws())
            case "coverage":
                header = {"counts": dict(env.coverage())}
            case "close":
                getattr(env, "close", lambda: None)()
            case _:
                raise ValueError(f"unknown request {kind!r}")
        return header, groups


class CountedTape(Tape):
    """A tape that remembers how many draws of each label were taken."""

    def __init__(self, draws: Sequence[Draw]) -> None:
        super().__init__(draws)
        self.taken: Counter[str] = Counter()

    def take(self, label: str) -> Any:
        """As `Tape.take`."""
        value = super().take(label)
        self.taken[label] += 1
        return value


def _legal(legal: Mapping[str, Any]) -> Groups:
    groups: Groups = {}
    for agent, allowed in legal.items():
        # Duck typing: a candidate may bring a bounds class of its own.
        if hasattr(allowed, "low"):
            groups.setdefault("low", {})[agent] = allowed.low
            groups.setdefault("high", {})[agent] = allowed.high
        else:
            groups.setdefault("mask", {})[agent] = allowed
    return groups


def to_wire(draws: Sequence[Draw]) -> tuple[dict[str, Any], Groups]:
    """Draws as header and groups."""
    listed = [{"label": draw.label, "ordinal": draw.ordinal} for draw in draws]
    return {"draws": listed}, {"values": {str(position): draw.value for position, draw in enumerate(draws)}}


def from_wire(message: Message) -> list[Draw]:
    """The draws of a message; 0-d values as numpy scalars. Raises `ValueError` when the two lists do not fit."""
    listed, values = message.header.get("draws"), message.group("values")
    if not isinstance(listed, list) or len(listed) != len(values):
        raise ValueError("'draws' must be a list with one value each in group 'values'")
    try:
        return [
            Draw(str(draw["label"]), int(draw["ordinal"]), values[str(position)][()])
            for position, draw in enumerate(listed)
        ]
    except (KeyError, TypeError) as error:
        raise ValueError(f"a draw needs label, ordinal and value: {error!r}") from error


def _send(sink: BinaryIO, header: Mapping[str, Any], groups: Groups) -> None:
    try:
        data = frames.encode(header, groups)
    except TypeError as error:
        failure = {"kind": "error", "id": header.get("id"), "type": "TypeError", "message": str(error)}
        data = frames.encode(failure)
    try:
        sink.write(data)
        sink.flush()
    except BrokenPipeError:
        sys.exit("the verifier is gone")


def main(arguments: Sequence[str]) -> int:
    """Serve what the only argument names."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("usage: python -m verification.remote.serve module:callable", file=sys.stderr)
        return 2
    source, sink = take_stdio()
    serve(load(arguments[0]), source, sink)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
