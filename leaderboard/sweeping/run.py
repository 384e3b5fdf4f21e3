"""The loop of a sweep: items in their order as long as the time lasts, each one written as it is done."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from jaxenv.commands import files
from leaderboard.child import variables
from leaderboard.sweeping.plan import Item

SCHEMA = 1
FILE, LOG = "sweep.json", "sweep.log"
REMEDY = "choose another folder with --out"
START_SECONDS = 120.0
PATIENCE = 4.0
GRACE = 60.0
"""An item that takes so many times its guess, and so many seconds more, is ended."""
TIMED_OUT = "took longer than"


class SweepError(RuntimeError):
    """A sweep that cannot begin; the message says what to do."""


class Sweep:
    """The results of a folder, and the items that are still to do.

    `resume`: go on with what is there. `shard`: what the file says of the part that it is. Raises `SweepError` for a
    folder that holds another sweep or part of one, and `files.StorageError` where it cannot be written.
    """

    def __init__(
        self,
        out: Path,
        device: str,
        items: Sequence[Item],
        command: str,
        *,
        resume: bool,
        shard: dict[str, Any] | None = None,
    ) -> None:
        self.path, self.items, self.device, self.command = out / FILE, list(items), device, command
        self.data: dict[str, Any] = {"schema": SCHEMA, "kind": "sweep", "device": device, "command": command}
        self.data |= {"facts": None, "items": {}, **({"shard": shard} if shard else {})}
        if self.path.exists():
            if not resume:
                raise SweepError(f"{self.path}: there is a sweep already; --resume goes on with it, or {REMEDY}")
            self.data = self._earlier()
            if self.data.get("shard") != shard:
                raise SweepError(f"{self.path}: is {_part(self.data.get('shard'))}, not {_part(shard)}; {REMEDY}")

    def _earlier(self) -> dict[str, Any]:
        try:
            data = json.loads(self.path.read_text("utf-8"))
            schema, device, items = data["schema"], data["device"], data["items"]
            facts = data["facts"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SweepError(f"{self.path}: not a sweep that can be gone on with ({error!r}); {REMEDY}") from error
        if schema != SCHEMA:
            raise SweepError(f"{self.path}: schema is {schema!r}, known is {SCHEMA}; {REMEDY}")
        if device != self.device:
            raise SweepError(f"{self.path}: is of --device {device}, not {self.device}; {REMEDY}")
        if not isinstance(items, dict) or not (facts is None or isinstance(facts, dict)):
            raise SweepError(f"{self.path}: its items or facts are not whole; {REMEDY}")
        return data

    def done(self, item: Item) -> bool:
        """True for an item that was measured, or that cannot be: one that failed is tried again."""
        found = self.data["items"].get(item.name)
        return found is not None and found["status"] == "done"

    def guess(self, item: Item) -> float:
        """Seconds that the item will take: the longest of those of its kind and environment, if any was timed."""
        found = [
            entry["seconds"]
            for entry in self.data["items"].values()
            if entry["status"] == "done"
            and (entry["item"]["kind"], entry["item"]["env_id"]) == (item.kind, item.env_id)
            and entry["item"]["backend"] == item.backend
        ]
        return 1.2 * max(found) if found else item.seconds()

    def same_machine(self, facts: dict[str, Any]) -> None:
        """Keep the facts, or raise `SweepError` where an earlier part of the sweep was made with others."""
        before = self.data["facts"]
        if before is not None:
            for name, pick in (("machine", hardware), ("commit", lambda f: f["commit"]), ("versions", _versions)):
                if pick(before) != pick(facts):
                    raise SweepError(
                        f"{self.path}: was begun with another {name}: {pick(before)}, now {pick(facts)}; {REMEDY}"
                    )
        else:
            self.data["facts"] = facts
        self.write()

    def put(self, item: Item, status: str, seconds: float, **result: Any) -> None:
        """The item's result, on disk when this returns."""
        date = datetime.now(UTC).isoformat(timespec="seconds")
        entry = {"item": item.to_json(), "status": status, "seconds": round(seconds, 2), "date": date, **result}
        self.data["items"][item.name] = entry
        self.write()

    def write(self) -> None:
        """Replace the file in one move. files.StorageError."""
        files.write(self.path, json.dumps(self.data, indent=1) + "\n", REMEDY)


def _part(shard: dict[str, Any] | None) -> str:
    if shard is None:
        return "a whole sweep"
    return f"shard {shard['number']}/{shard['of']} of a sweep of {len(shard['plan'])} items"


def hardware(facts: dict[str, Any]) -> Any:
    """Facts by which two machines are different ones for a measurement."""
    machine = facts["machine"]
    return [machine[name] for name in ("cpu", "cores", "device", "device_count")]


def _versions(facts: dict[str, Any]) -> Any:
    return facts["versions"]


def run(sweep: Sweep, budget_seconds: float, say: Callable[[str], None], log: Path) -> None:
    """Measure until the items or the time end. What was left out for want of time is written as not run.

    Raises `SweepError` where the device is not there, and `files.StorageError` when the disk is full.
    """
    ends = time.monotonic() + budget_seconds
    with contextlib.ExitStack() as stack:
        said = stack.enter_context(log.open("a", encoding="utf-8"))
        worker = stack.enter_context(_Worker(sweep.device, said))
        sweep.same_machine(worker.facts)
        todo = [item for item in sweep.items if not sweep.done(item)]
        for number, item in enumerate(todo):
            left, guess = ends - time.monotonic(), sweep.guess(item)
            place = f"[{number + 1}/{len(todo)}, {max(left, 0):.0f} s left]"
            if guess > left:
                sweep.put(
                    item, "not run", 0, reason=f"budget: about {guess:.0f} s are needed, {max(left, 0):.0f} s left"
                )
                say(f"{place} {item.name}: not run, for want of time")
                continue
            say(f"{place} {item.name} …")
            started = time.monotonic()
            patience = min(PATIENCE * guess, left) + GRACE
            answer = worker.ask({"item": item.to_json(), "command": sweep.command}, patience)
            seconds = time.monotonic() - started
            if "row" in answer:
                sweep.put(item, "done", seconds, row=answer["row"])
            elif "not_run" in answer:
                sweep.put(item, "not run", seconds, reason=answer["not_run"])
            else:
                sweep.put(item, "failed", seconds, reason=answer["failed"])
            say(f"{' ' * len(place)} {words(sweep.data['items'][item.name])} ({seconds:.1f} s)")


def words(entry: dict[str, Any]) -> str:
    """A result in one line."""
    if entry["status"] != "done":
        return f"{entry['status']}: {entry['reason']}"
    row, kind = entry["row"], entry["item"]["kind"]
    if kind == "equivalence":
        detail = f", {row['excess']:.2g} of the tolerance" if "excess" in row else ""
        return f"{'equal' if row['equal'] else 'NOT EQUAL'} in {row['steps']:,} steps{detail}"
    if kind == "training":
        return f"training {row['train_sps']:,.0f} steps/s, environment alone {row['env_sps']:,.0f}"
    if kind == "profile":
        return f"{row['step_ns']:.3g} ns a step; " + ", ".join(f"{k} {v['ns']:.3g}" for k, v in row["parts"].items())
    peers = "".join(f", {peer['ratio']:.3g} × {peer['name']}" for peer in row["peers"] if peer["ratio"])
    return f"{row['median_sps']:,.0f} steps/s, compiled in {row['trace_seconds'] + row['compile_seconds']:.1f} s{peers}"


class _Worker:
    """A process that is started again after it died or was ended."""

    def __init__(self, device: str, said: IO[str]) -> None:
        self._device, self._said = device, said
        self._process: subprocess.Popen[str] | None = None
        self.facts: dict[str, Any] = {}

    def __enter__(self) -> _Worker:
        answer = self._start()
        if "facts" not in answer:
            self.__exit__()
            why = answer.get("not_run") or answer.get("failed")
            raise SweepError(f"cannot measure on {self._device}: {why}; see {self._said.name}")
        self.facts = answer["facts"]
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with contextlib.suppress(BrokenPipeError):
                        pipe.close()
            self._process = None

    def ask(self, order: dict[str, Any], patience: float) -> dict[str, Any]:
        """Its answer; {"failed": …} where it died, or took longer than `patience` seconds."""
        if self._process is None:
            answer = self._start()
            if "facts" not in answer:
                return {"failed": answer.get("not_run") or answer.get("failed")}
        return self._exchange(order, patience)

    def _start(self) -> dict[str, Any]:
        self._said.flush()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "leaderboard.sweeping.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            env=variables(),
            start_new_session=True,  # an interrupt from the terminal reaches it once, from us
        )
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=_read, args=(self._process, self._lines), daemon=True).start()
        return self._exchange({"start": self._device}, START_SECONDS)

    def _exchange(self, order: dict[str, Any], patience: float) -> dict[str, Any]:
        process = self._process
        assert process is not None and process.stdin is not None
        try:
            process.stdin.write(json.dumps(order) + "\n")
            process.stdin.flush()
            line = self._lines.get(timeout=patience)
        except queue.Empty:
            self.__exit__()
            return {"failed": f"{TIMED_OUT} {patience:.0f} s, and was ended"}
        except BrokenPipeError:
            line = ""
        if not line:
            status = process.wait()
            self.__exit__()
            return {"failed": f"its process died with status {status}; see {LOG}"}
        return json.loads(line)


def _read(process: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
    assert process.stdout is not None
    for line in _lines(process.stdout):
        lines.put(line)
    lines.put("")


def _lines(stream: IO[str]) -> Iterator[str]:
    with contextlib.suppress(ValueError):  # closed
        yield from stream
