"""Environments over a pipe: frames, capabilities, a foreign child, and every way in which the other side can fail."""

from __future__ import annotations

import io
import json
import struct
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from references.protocol import Bounds, Draw, EnvInfo, Tape, TapeError, capabilities
from verification.batches import step_with_tape
from verification.remote import frames, serve
from verification.remote.client import RemoteEnv
from verification.remote.frames import Limits, RemoteError

ROOT = Path(__file__).resolve().parents[2]
FOREIGN = [sys.executable, "-I", "-S", str(Path(__file__).parent / "adversaries" / "foreign_child.py")]
HELLO = {"kind": "hello", "protocol": 1, "name": "n", "version": "1", "agents": ["a"], "capabilities": []}


def sent(header: dict[str, Any], groups: Any = None, limits: Limits = frames.LIMITS) -> frames.Message:
    """The part of a frame that arrives."""
    return read(frames.encode(header, groups), limits)


def read(data: bytes, limits: Limits = frames.LIMITS) -> frames.Message:
    stream = io.BytesIO(data)
    message = frames.read(stream.read, limits)
    assert stream.read() == b""
    return message


def raw(header: Any, blob: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<I", len(text)) + text + blob


@pytest.mark.parametrize(
    "dtype",
    ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "f2", "f4", "f8", "U3", "S3"],
)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3, 4)])
def test_every_dtype_and_shape_arrives_as_it_was(dtype: str, shape: tuple[int, ...]) -> None:
    array = (np.arange(np.prod(shape, dtype=int)).reshape(shape) % 7 * 40).astype(dtype)
    (got,) = sent({"kind": "x"}, {"g": {"a": array}}).group("g").values()
    assert got.dtype == array.dtype and got.shape == shape and got.tobytes() == array.tobytes()
    assert got.flags.writeable


def test_names_extremes_and_layouts_arrive_as_they_were() -> None:
    values = {
        "p1.team.0.hp": np.int16(-3),
        "größe/½ 🎲": np.array([np.nan, np.inf, -0.0, 5e-324]),
        "big endian": np.arange(5, dtype=">i4"),
        "transposed": np.arange(6).reshape(2, 3).T,
        "text": np.array(["é🎲", ""]),
        "largest": np.array([2**64 - 1], np.uint64),
        "plain": 7,
        "": True,
    }
    message = sent({"kind": "x", "note": "ä", "n": 2**60}, {"g": values, "empty": {}, "h": {"plain": 8.5}})
    assert message.header == {"kind": "x", "note": "ä", "n": 2**60}
    for name, value in values.items():
        got = message.group("g")[name]
        assert np.array_equal(got, value, equal_nan=got.dtype.kind == "f") and got.shape == np.shape(value)
    assert np.signbit(message.group("g")["größe/½ 🎲"][2])
    assert message.group("h")["plain"] == 8.5 and message.group("empty") == {}


def test_a_frame_of_many_megabytes_arrives() -> None:
    array = np.arange(1 << 21, dtype=np.int64)
    assert np.array_equal(sent({"kind": "x"}, {"g": {"a": array}}).group("g")["a"], array)


@pytest.mark.parametrize("value", [object(), np.array([None]), 1j, np.datetime64("2020-01-01"), np.zeros(2, "i4,i4")])
def test_what_no_frame_carries_is_refused_where_it_is_sent(value: Any) -> None:
    with pytest.raises(TypeError, match=r"g/the\.path has dtype .*convert it"):
        frames.encode({"kind": "x"}, {"g": {"the.path": value}})


def test_a_header_of_more_than_json_is_refused() -> None:
    for value in (np.int64(1), float("nan"), object()):
        with pytest.raises(TypeError, match="'reset' frame must be plain JSON"):
            frames.encode({"kind": "reset", "options": {"x": value}})


def entry(**changes: Any) -> dict[str, Any]:
    return {"group": "g", "name": "a", "dtype": "<i4", "shape": [2], **changes}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"<!DOCTYPE html>" + b" " * 99, r"header of \d+ bytes.*a print\?"),
        (raw(b"{not json"), "no JSON"),
        (raw(b"\xff\xfe"), "no JSON"),
        (raw(b'{"x": NaN}'), "NaN is not JSON"),
        (raw(b"[" * 100_000), "no JSON"),
        (raw([1]), "must be a JSON object"),
        (raw({"arrays": {}}), "must be a list"),
        (raw({"arrays": [7]}), "must be an object"),
        (raw({"arrays": [entry(name=3)]}), "strings 'group' and 'name'"),
        (raw({"arrays": [entry(dtype="|O8")]}), "dtype '|O8', which no frame carries"),
        (raw({"arrays": [entry(dtype=">i4")]}), "which no frame carries"),
        (raw({"arrays": [entry(dtype="<i4,<i4")]}), "which no frame carries"),
        (raw({"arrays": [entry(dtype="<U0")]}), "which no frame carries"),
        (raw({"arrays": [entry(shape=[-1])]}), "shape"),
        (raw({"arrays": [entry(shape=[True])]}), "shape"),
        (raw({"arrays": [entry(shape=[1] * 40)]}), "shape"),
        (raw({"arrays": [entry(shape=[1 << 20, 1 << 20])]}), "larger than"),
        (raw({"arrays": [entry(shape=[1]), entry(shape=[1])]}, bytes(8)), "stands twice"),
        (raw({"arrays": [entry(dtype="|b1")]}, b"\x01\x02"), "other than 0 and 1"),
        (raw({"arrays": [entry(dtype="<U2")]}, b"\xff" * 16), "no code point"),
    ],
)
def test_what_is_no_frame_is_refused(data: bytes, told: str) -> None:
    with pytest.raises(RemoteError, match=told):
        read(data)


def test_the_limits_hold_before_anything_is_read() -> None:
    with pytest.raises(RemoteError, match="larger than 100 bytes"):
        sent({"kind": "x"}, {"g": {"a": np.zeros(13)}}, Limits(frame=100))
    with pytest.raises(RemoteError, match="at most 2 entries"):
        sent({"kind": "x"}, {"g": {"a": 1, "b": 1, "c": 1}}, Limits(arrays=2))
    with pytest.raises(RemoteError, match="at most 10 are taken"):
        sent({"kind": "x"}, None, Limits(header=10))


def test_a_child_written_from_the_description_alone() -> None:
    with RemoteEnv(FOREIGN, timeout=10) as env:
        assert env.info == EnvInfo("zähler", "3", ("p1", "p2"))
        has = {name for name, there in capabilities(env).items() if there}
        assert has == {"Restorable", "Covered"}
        env.reset(2**60 + 1, {"bonus": 1})
        env.step({"p1": np.int8(2), "p2": np.array([3.0])})
        snapshot = env.snapshot()
        assert snapshot["total"] == 2**60 + 7 and snapshot["total"].shape == ()
        env.restore({"total": np.int64(5)})  # type: ignore[attr-defined]
        assert env.snapshot()["halb.½"].tolist() == [2.5, -2.5]
        legal = env.legal()
        assert np.asarray(legal["p1"]).tolist() == [True, True, False]
        assert isinstance(legal["p2"], Bounds) and legal["p2"].high.tolist() == [1.0]
        with pytest.raises(ValueError, match="total is -4, at least 0"):
            env.restore({"total": np.int64(-4)})  # type: ignore[attr-defined]
        counts = env.coverage()  # type: ignore[attr-defined]
        assert counts == Counter(reset=1, step=1, snapshot=2, restore=2, legal=1, coverage=1)


class Everything:
    """Adds up actions and draws; has every capability that can be had over a pipe."""

    info = EnvInfo("everything", "1")

    def __init__(self) -> None:
        self.total, self.tape, self.drawn = 0.0, None, []

    def reset(self, seed: int, options: Any = None) -> None:
        self.total = float(seed + (options or {}).get("bonus", 0))

    def step(self, actions: Any) -> None:
        self.drawn = [Draw("crit", 0, np.float32(0.25)), Draw("hit", 0, np.int16(3)), Draw("hit", 1, np.int16(4))]
        if self.tape is not None:
            names = ["hit", "crit", *["hit"] * int(actions["agent"])]
            self.drawn = [Draw(name, names[:i].count(name), self.tape.take(name)) for i, name in enumerate(names)]
            self.tape = None
        self.total += float(actions["agent"]) + sum(float(draw.value) for draw in self.drawn)

    def snapshot(self) -> Any:
        return {"total": np.float64(self.total)}

    def legal(self) -> Any:
        return {"agent": np.ones(3, bool)}

    def restore(self, snapshot: Any) -> None:
        self.total = float(snapshot["total"])

    def restore_many(self, snapshots: Any) -> Any:
        return dict(snapshots)

    def step_many(self, snapshots: Any, actions: Any) -> Any:
        return {"total": snapshots["total"] + actions["agent"]}

    def legal_many(self, snapshots: Any) -> Any:
        return {"agent": np.ones((len(snapshots["total"]), 3), bool)}

    def use_tape(self, tape: Tape) -> None:
        self.tape = tape

    def draws(self) -> Any:
        return self.drawn

    def coverage(self) -> Any:
        return Counter(step=2)


class Noisy(Everything):
    """Prints in every way while it serves."""

    def __init__(self) -> None:
        super().__init__()
        print("a print on import and start")

    def step(self, actions: Any) -> None:
        import os

        print("a print in a step")
        os.system("echo a print of another process")
        os.write(1, b"a print past Python\n")
        sys.stderr.write("x" * 300_000 + "\n")
        super().step(actions)


class Bare:
    """Only what every environment has; raises in its step."""

    info = EnvInfo("bare", "1")

    def reset(self, seed: int, options: Any = None) -> None: ...

    def step(self, actions: Any) -> None:
        raise KeyError("no such move")

    def snapshot(self) -> Any:
        return {"odd": object()}

    def legal(self) -> Any:
        return {}


def served(name: str, **settings: Any) -> RemoteEnv:
    environment = {"PYTHONPATH": f"{ROOT}:{Path(__file__).parent}", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "verification.remote.serve", f"{Path(__file__).stem}:{name}"]
    return RemoteEnv(command, timeout=20, env=environment, **settings)


def test_all_capabilities_over_a_pipe() -> None:
    with served("Everything") as env:
        remote: Any = env
        assert [name for name, there in capabilities(env).items() if not there] == ["Rollable"]
        remote.reset(4, {"bonus": 2})
        remote.step({"agent": 1})
        assert remote.snapshot()["total"] == 4 + 2 + 1 + 7.25
        assert remote.draws() == [Draw("crit", 0, 0.25), Draw("hit", 0, 3), Draw("hit", 1, 4)]
        assert [draw.value.dtype for draw in remote.draws()] == [np.float32, np.int16, np.int16]
        batch = {"total": np.arange(3.0)}
        assert remote.step_many(batch, {"agent": np.arange(3)})["total"].tolist() == [0, 2, 4]
        assert remote.restore_many(batch)["total"].tolist() == [0, 1, 2]
        assert remote.legal_many(batch)["agent"].shape == (3, 3)
        assert remote.coverage() == Counter(step=2)


def test_a_tape_over_a_pipe_tells_what_was_left_and_what_was_missing() -> None:
    reference = Everything()
    reference.step({"agent": 0})
    with served("Everything") as env:
        remote: Any = env
        remote.reset(0)
        tape = Tape(reference.draws())
        remote.use_tape(tape)
        remote.step({"agent": 1})
        assert tape.leftover() == [] and remote.snapshot()["total"] == 1 + 3 + 0.25 + 4
        assert step_with_tape(reference, env, {"agent": 0}) == (
            "draws of the reference that the candidate did not make: [('hit', 1)]"
        )
        remote.use_tape(Tape(reference.draws()))
        with pytest.raises(TapeError, match="draw 2 of 'hit' was never made"):
            remote.step({"agent": 2})


def test_what_the_environment_prints_never_reaches_the_protocol() -> None:
    with served("Noisy") as env:
        env.reset(1)
        env.step({"agent": 1})
        assert env.snapshot()["total"] == 1 + 1 + 7.25
        assert "x" * 100 in env.link.stderr


def test_an_error_of_the_environment_names_it_and_the_process_lives_on() -> None:
    with served("Bare") as env:
        assert not any(capabilities(env).values())
        with pytest.raises(RemoteError, match="bare: step raised KeyError: 'no such move'"):
            env.step({})
        with pytest.raises(RemoteError, match="snapshot raised TypeError: state/odd has dtype object"):
            env.snapshot()
        env.reset(1)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["no.such.module:x"], "No module named 'no'"),
        (["verification.remote.serve"], "expected module:callable"),
        ([], "usage: python -m verification.remote.serve"),
    ],
)
def test_an_environment_that_cannot_be_made_says_why(arguments: list[str], told: str) -> None:
    with pytest.raises(RemoteError, match=told):
        RemoteEnv([sys.executable, "-m", "verification.remote.serve", *arguments], cwd=ROOT)


@pytest.fixture
def child(tmp_path: Path) -> Callable[..., RemoteEnv]:
    """A process that says hello, then runs `code`, which may `send(header)`, `write(bytes)` and `request()`."""

    def started(code: str, hello: Any = HELLO, **settings: Any) -> RemoteEnv:
        head = f"""
            import json, os, struct, sys, time
            def write(data):
                sys.stdout.buffer.write(data); sys.stdout.buffer.flush()
            def send(header, blob=b""):
                text = json.dumps(header).encode(); write(struct.pack("<I", len(text)) + text + blob)
            def request():
                size, = struct.unpack("<I", sys.stdin.buffer.read(4))
                return json.loads(sys.stdin.buffer.read(size))
            hello = {hello!r}
            send(hello) if hello else None
        """
        file = tmp_path / "child.py"
        file.write_text(textwrap.dedent(head) + textwrap.dedent(code))
        return RemoteEnv([sys.executable, "-I", "-S", str(file)], **{"timeout": 5.0, **settings})

    return started


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("sys.stderr.write('out of luck'); sys.exit(3)", r"exited with status 3 .*\n?.*out of luck"),
        ("request(); os.abort()", "ended by signal SIGABRT"),
        ("request(); os.close(1); time.sleep(60)", "closed its output but still runs"),
        ("request(); write(b'Hello, World! ' * 10)", "header of .* bytes was announced"),
        ("request(); write(b'\\x00\\x01')", "exited with status 0 instead of answering"),
        ("send({'kind': 'ok', 'id': 'forged'}); request()", "answers no question: .*forged"),
        ("send({'kind': 'verdict', 'id': request()['id']})", "answers no question"),
        ("send({'kind': 'ok', 'id': request()['id'], 'arrays': [5]})", "must be an object"),
    ],
)
def test_a_child_that_breaks_the_protocol_is_ended_and_named(
    child: Callable[..., RemoteEnv], code: str, told: str
) -> None:
    env = child(code)
    with pytest.raises(RemoteError, match=told):
        env.reset(1)
    with pytest.raises(RemoteError, match="has been ended; make a new one"):
        env.reset(1)
    env.close()


@pytest.mark.parametrize(
    ("hello", "told"),
    [
        ({"kind": "ok"}, "first frame must be of kind 'hello'"),
        ({**HELLO, "protocol": 2}, "protocol 2, this verifier speaks 1"),
        ({**HELLO, "name": 7}, "the strings 'name' and 'version'"),
        ({**HELLO, "agents": "abc"}, "list of strings 'agents'"),
        ({**HELLO, "capabilities": ["Restorable", "Teachable"]}, r"unknown capabilities \['Teachable'\]"),
        ({**HELLO, "agents": []}, r"agents \[\]"),
    ],
)
def test_a_hello_that_does_not_fit_is_refused(child: Callable[..., RemoteEnv], hello: Any, told: str) -> None:
    with pytest.raises(RemoteError, match=told):
        child("time.sleep(60)", hello)


def test_no_answer_in_time_ends_the_child_and_all_that_it_started(
    child: Callable[..., RemoteEnv], tmp_path: Path
) -> None:
    env = child(f"""
        import subprocess
        grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        open({str(tmp_path / "pid")!r}, "w").write(str(grandchild.pid))
        request(); time.sleep(600)
    """)
    env.link.timeout = 0.5
    # The grandchild is started before the request is read, but not before it is sent.
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        time.sleep(0.01)
    begin = time.monotonic()
    with pytest.raises(RemoteError, match=r"answered nothing \(or 0 of 4 bytes\) within 0.5 s"):
        env.reset(1)
    assert time.monotonic() - begin < 60
    status = Path(f"/proc/{(tmp_path / 'pid').read_text()}/stat")
    while status.exists() and status.read_text().split(") ")[1][0] != "Z":  # a signal takes its time on a busy machine
        assert time.monotonic() - begin < 60
        time.sleep(0.01)


def test_a_child_that_says_no_hello_is_ended(child: Callable[..., RemoteEnv]) -> None:
    with pytest.raises(RemoteError, match="answered nothing"):
        child("time.sleep(60)", None, start_timeout=0.3)


def test_a_child_that_reads_nothing_is_ended(child: Callable[..., RemoteEnv]) -> None:
    env = child("time.sleep(60)")
    env.link.timeout = 0.5
    with pytest.raises(RemoteError, match="did not read its input"):
        env.step({"a": np.zeros(1 << 20)})


def test_an_answer_that_drips_is_late(child: Callable[..., RemoteEnv]) -> None:
    env = child("request()\nfor _ in range(100): write(b'\\x01'); time.sleep(0.4)")
    env.link.timeout = 1.0
    with pytest.raises(RemoteError, match=r"within 1 s"):
        env.reset(1)


def test_a_command_that_does_not_exist_is_named() -> None:
    with pytest.raises(RemoteError, match="'no-such-command' cannot be started: No such file"):
        RemoteEnv(["no-such-command"])


def test_a_draw_list_that_does_not_fit_is_refused() -> None:
    for header in ({"draws": 3}, {"draws": [{"label": "a"}]}, {"draws": [{"label": "a", "ordinal": 0}] * 2}):
        with pytest.raises(ValueError, match="draw"):
            serve.from_wire(frames.Message(header, {"values": {"0": np.array(1)}}))
