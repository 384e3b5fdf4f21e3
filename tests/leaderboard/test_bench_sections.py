"""Sections: which ones run, each on the cores it says, with rows and tables of its own."""

import json
import os
import re
import signal
import sys

import pytest

from leaderboard import bench, child, machine
from leaderboard.__main__ import main
from leaderboard.bench import Settings
from leaderboard.section import Section, choose
from leaderboard.task import Task

pytestmark = pytest.mark.usefixtures("toys")

DECLARED = (Section(cores=1), Section(), Section(mode="policy_in_loop"))
needs_two_cores = pytest.mark.skipif(machine.cores() < 2, reason="one core cannot be restricted to fewer")
needs_affinity = pytest.mark.skipif(not child.can_restrict(), reason="this system cannot restrict a process's cores")


def run(*arguments):
    return main(["bench", *arguments, "--batch", "4", "--samples", "2", "--seconds", "0.01"])


def test_choice_of_sections():
    both = ("env_random_legal", "policy_in_loop")
    pairs = lambda *arguments, **named: [(s.mode, s.cores) for s in choose(*arguments, **named)]  # noqa: E731
    assert pairs(DECLARED, 8) == [(both[0], 1), (both[0], 8), (both[1], 8)]
    assert pairs(DECLARED, 1) == [(both[0], 1), (both[1], 1)]
    assert pairs(DECLARED, 8, cores=3) == [(both[0], 3), (both[1], 3)]
    assert pairs(DECLARED, 8, mode=both[0]) == [(both[0], 1), (both[0], 8)]
    assert pairs((Section(),), 8, mode=both[1]) == [(both[1], 8)]
    assert pairs(DECLARED, 8, mode=both[1], cores=2) == [(both[1], 2)]
    with pytest.raises(ValueError, match=r"9 cores are wanted, and this process may use 8; lower --cores"):
        choose(DECLARED, 8, cores=9)
    with pytest.raises(ValueError, match="at least 1, got 0"):
        choose(DECLARED, 8, cores=0)
    with pytest.raises(ValueError, match="mode 'train' is not built"):
        Section(mode="train")


@needs_two_cores
@needs_affinity
def test_all_sections(tmp_path, capsys):
    out, may_use = tmp_path / "rows.json", os.sched_getaffinity(0)
    assert run("toys/sectioned", "--set", "noise=0.25", "--json", str(out)) == 0
    assert os.sched_getaffinity(0) == may_use
    rows, every = json.loads(out.read_text())["rows"], machine.cores()
    assert [(row["mode"], row["cores"]) for row in rows] == [
        ("env_random_legal", 1),
        ("env_random_legal", every),
        ("policy_in_loop", every),
    ]
    for row in rows:
        assert row["best"] and row["config"]["noise"] == 0.25 and "noise=0.25" in row["command"]
        assert row["machine"]["cores"] == row["reference"]["cores"] == row["cores"]
        tuning = row["reference"]["tuning"]
        assert tuning["mode"] == row["mode"] and tuning["may use"] == row["cores"]
        assert (tuning["process"] == os.getpid()) == (row["cores"] == every)
        assert row["reference"]["samples"] == [1000.0 * row["cores"]] * 2
    assert rows[0]["devices"] == rows[0]["machine"]["device_count"] == 1
    assert [row["policy"] for row in rows[:2]] == [None, None]
    assert rows[2]["policy"]["layers"] == [2, 128, 128, 2]
    captured = capsys.readouterr()
    titles = re.findall(r"toys/sectioned, \w+, \d+ cores?", captured.out)
    assert [title.split(", ")[1:] for title in titles] == [
        ["env_random_legal", "1 core"],
        ["env_random_legal", f"{every} cores"],
        ["policy_in_loop", f"{every} cores"],
    ]
    assert "the pretended reference starts" in captured.err, "what a child prints is shown, as a message"


@needs_two_cores
@needs_affinity
def test_interrupt_keeps_the_sections_before(tmp_path, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(bench, "_measure", interrupted)  # in this process; the child has its own
    out = tmp_path / "rows.json"
    assert run("toys/sectioned", "--no-reference", "--json", str(out)) == 130
    assert [row["cores"] for row in json.loads(out.read_text())["rows"]] == [1]


@needs_two_cores
def test_system_that_cannot_restrict(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(child, "can_restrict", lambda: False)
    out = tmp_path / "rows.json"
    assert run("toys/sectioned", "--mode", "env_random_legal", "--json", str(out)) == 0
    assert [row["cores"] for row in json.loads(out.read_text())["rows"]] == [machine.cores()]
    assert "left out: env_random_legal, 1 core: this system" in capsys.readouterr().err
    assert run("toys/referenced", "--cores", "1") == 2
    assert "no section is left" in capsys.readouterr().err


def test_too_many_cores(capsys):
    assert run("toys/sectioned", "--cores", str(machine.cores() + 1)) == 2
    assert "lower --cores" in capsys.readouterr().err


def task(**fields):
    settings = Settings(batches=(4,), samples=1, seconds=0.01)
    return Task(**{"env_id": "toys/sectioned", "set": (), "mode": "env_random_legal", **fields}, settings=settings)


@needs_affinity
def test_failing_child():
    never = lambda *arguments: pytest.fail(f"nothing was measured: {arguments}")  # noqa: E731
    with pytest.raises(child.ChildError, match=r"no Node here; --no-reference goes without$"):
        child.run(task(set=("missing='Node'",), with_reference=True), 1, never, lambda now: None, lambda line: None)


@needs_affinity
def test_crashing_child(monkeypatch):
    lines = []
    monkeypatch.setattr(child, "command", lambda: [sys.executable, "-c", "raise SystemExit('out of luck')"])
    with pytest.raises(child.ChildError, match="the process on 1 core ended with status 1, see above"):
        child.run(task(with_reference=False), 1, lambda rows: None, lambda now: None, lines.append)
    assert lines == ["out of luck"]


@needs_affinity
def test_interrupted_child_ends(monkeypatch):
    started, start = [], child._start

    def started_too(cores):
        started.append(start(cores))
        return started[-1]

    def interrupt(now):
        raise KeyboardInterrupt

    monkeypatch.setattr(child, "_start", started_too)
    with pytest.raises(KeyboardInterrupt):
        child.run(task(with_reference=True), 1, lambda rows: None, interrupt, lambda line: None)
    assert started[0].returncode in (130, -signal.SIGINT)


def loses_interrupts(count):
    return f"""
import signal, time
heard = []
def hear(*arguments):
    heard.append(1)
    if len(heard) > {count}:
        raise SystemExit(130)
signal.signal(signal.SIGINT, hear)
print("ready", flush=True)
for _ in range(3000):
    time.sleep(0.01)
"""


@needs_affinity
@pytest.mark.parametrize(("lost", "status"), [(0, 130), (1, 130), (child._INTERRUPTS, -signal.SIGKILL)])
def test_lost_interrupts(lost, status, monkeypatch):
    monkeypatch.setattr(child, "_GRACE", 0.3)
    monkeypatch.setattr(child, "command", lambda: [sys.executable, "-c", loses_interrupts(lost)])
    process = child._start(1)
    assert process.stdout is not None
    with process:
        assert process.stdout.readline() == "ready\n"
        child._end(process)
    assert process.returncode == status


def test_task_goes_through_json():
    for settings in (Settings(), Settings(batches=(1, 2), chunk=1, devices=3, command="x")):
        sent = Task(env_id="a/b", set=("x=1",), mode="policy_in_loop", with_reference=True, settings=settings)
        assert Task.from_json(json.loads(json.dumps(sent.to_json()))) == sent
