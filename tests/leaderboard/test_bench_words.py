"""Input and output of the bench: configurations, predictions, tables."""

import io
import time

import pytest
from rich.console import Console

from leaderboard import configuration
from leaderboard.__main__ import main
from leaderboard.bench import Progress, Settings
from leaderboard.duration import Schedule
from leaderboard.report import tables


def test_settings_are_literals():
    assert configuration.parse([]) == {}
    assert configuration.parse(["a=1", "b='x=y'", "c=False", "d=None", "e=(1, 2)", "f=-0.5"]) == {
        **{"a": 1, "b": "x=y", "c": False, "d": None},
        **{"e": (1, 2), "f": -0.5},
    }


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("autoreset", "write it as field=value"),
        ("=3", "write it as field=value"),
        ("a b=3", "write it as field=value"),
        ("autoreset=full", "must be a Python literal"),
        ("autoreset=__import__('os')", "must be a Python literal"),
        ("autoreset=", "must be a Python literal"),
        ("autoreset='half'", "autoreset must be one of"),
        ("autorest='full'", "did you mean autoreset"),
        ("autoreset='full' --set autoreset='full'", "set twice"),
    ],
)
def test_bad_settings(text, complaint, toys, capsys):
    arguments = [part for setting in text.split(" --set ") for part in ("--set", setting)]
    assert main(["bench", "toys/duel", *arguments]) == 2
    error = capsys.readouterr().err
    assert complaint in error and text.split("=")[0] in error


def test_configuration_names_every_field(toys):
    env = configuration.make("toys/referenced", {"autoreset": "full"})
    assert configuration.of(env) == {"autoreset": "full", "broken": ""}


def test_prediction():
    settings = Settings(samples=10, seconds=1)
    assert Schedule(3, settings, True).prediction() == (
        "3 sections × about 7 rows × 10 samples × 1 s, the reference in turns: about 7 min; "
        "starting, compiling and warming up come on top"
    )
    assert (
        Schedule(1, Settings(batches=(4,), samples=1, seconds=0.5), False)
        .prediction()
        .startswith("1 section × 1 row × 1 sample × 0.5 s: 0 s;")
    )
    assert "about 3.9 h" in Schedule(2, Settings(samples=100, seconds=10), False).prediction()


def test_schedule_counts_and_learns(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    schedule = Schedule(2, Settings(batches=(1, 2), samples=10), True)
    assert schedule.at(Progress("batch 1", 0, 5)) == (5, 40) and schedule.left() == ""
    now[0] = 60.0
    assert schedule.at(Progress("batch 2", 1, 0)) == (10, 40) and schedule.left() == "about 3 min left"
    schedule.end_section(2)
    assert schedule.at(Progress("batch 2", 1, 10)) == (40, 40) and schedule.left() == "about 0 s left"


def test_schedule_of_a_search():
    schedule = Schedule(2, Settings(samples=10), False)
    assert schedule.at(Progress("batch 16,384", 8, 0)) == (80, 160), "more rows than usual"
    schedule.end_section(9)
    assert schedule.at(Progress("batch 1", 0, 0)) == (90, 160)
    schedule.end_section(6)
    assert schedule.left().endswith(" left")


def row(**changes):
    return {
        **{"env": "toys/duel", "env_version": "v0", "mode": "env_random_legal", "config": {"skip": 8, "pool": None}},
        **{"policy": None, "cores": 2, "backend": "xla:cpu", "batch": 64, "median_sps": 2e6, "q25": 1.9e6, "q75": 2e6},
        **{"noisy": False, "trace_seconds": 1.0, "compile_seconds": 1.0, "mean_episode_length": 3.0, "best": True},
        **{"ratio": 0.0123, "ratio_per_reference_core": 12.345, "reference": REFERENCE, "machine": MACHINE, **changes},
    }


MACHINE = {"cpu": "Z80", "cores": 2, "device_count": 2, "device": "cpu"}
REFERENCE = {"name": "slow", "version": "1", "median_sps": 5000.0, "unit": "steps/s", "cores": 2, "samples": [5000.0]}


def printed(table):
    text = io.StringIO()
    Console(file=text, width=120).print(table)
    return text.getvalue()


def test_a_table_never_mixes():
    network = {"layers": [8, 128, 128, 3], "activation": "gelu", "parameters": 18051, "seed": 0}
    changes = (
        *({"cores": 1}, {"config": {"skip": 1, "pool": None}}, {"mode": "policy_in_loop", "policy": network}),
        *({"env_version": "v1"}, {"backend": "xla:gpu"}, {"reference": None}, {"machine": {**MACHINE, "cpu": "6502"}}),
    )
    views = tables([row(), *(row(**change) for change in changes), row(batch=512, best=False)])
    assert [view.row_count for view in views] == [2] + [1] * len(changes)


def test_a_table_says_what_is_compared():
    text = printed(tables([row()])[0])
    assert "toys/duel, env_random_legal, 2 cores, xla:cpu" in text and "skip=8" in text and "pool" not in text
    assert "slow 1, 5,000 steps/s on 2 cores" in text and "0.012" in text and "12.35" in text
    network = {"layers": [8, 128, 128, 3], "activation": "gelu", "parameters": 18051, "seed": 0}
    tuned = {**REFERENCE, "cores": 1, "tuning": {"games per thread": 256}}
    text = printed(tables([row(cores=1, policy=network, reference=tuned)])[0])
    assert "network on both sides: 8 → 128 → 128 → 3, 18,051 parameters" in text
    assert "on 1 core (games per thread 256)" in text and "1 core, xla:cpu" in text
    assert "no reference timed" in printed(tables([row(reference=None, ratio=None)])[0])


def test_rows_from_before_there_were_sections():
    old = row()
    del old["cores"], old["config"], old["policy"]
    assert "toys/duel, env_random_legal, 2 cores, xla:cpu" in printed(tables([old])[0])
