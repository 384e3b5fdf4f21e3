"""Files of results: reports to render, compare or resume, plans of transfers, runs' figures."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bad_input.case import Case, command, with_file

REPORT = "verification.report/1"


@functools.cache
def whole() -> str:
    """The text of a whole report."""
    import tempfile

    from verification.cli import main

    with tempfile.TemporaryDirectory() as folder:
        words = ("run", "toy_pair:good", "--levels", "3", "--episodes", "4", "--json", f"{folder}/r.json")
        assert main([*words, "--failures", "cases"]) == 0
        return Path(folder, "r.json").read_text()


def changed(*words: str, **changes: Any) -> Callable[[Path], Any]:
    """A command on a whole report of which some values are changed, or removed by None."""

    def call(folder: Path) -> Any:
        report = {**json.loads(whole()), **changes}
        report = {key: value for key, value in report.items() if value is not ...}
        return with_file(json.dumps(report), command("verification", *words), "r.json")(folder)

    return call


def rendered(**changes: Any) -> Callable[[Path], Any]:
    return changed("report", "{folder}/r.json", **changes)


def text(content: str, word: str = "report") -> Callable[[Path], Any]:
    return with_file(content, command("verification", word, "{folder}/r.json"), "r.json")


def resumed(*words: Any, **changes: Any) -> Callable[[Path], Any]:
    same = ("--levels", "3", "--episodes", "4", "--failures", "cases", *words)
    return changed("run", "toy_pair:good", *map(str, same), "--json", "{folder}/r.json", "--resume", **changes)


def compared(**changes: Any) -> Callable[[Path], Any]:
    def call(folder: Path) -> Any:
        (folder / "a.json").write_text(whole())
        return changed("compare", "{folder}/a.json", "{folder}/r.json", **changes)(folder)

    return call


def plan(content: str, *words: str) -> Callable[[Path], Any]:
    transfer = ("transfer", "pongjax/puffer_pong", "--policies", "uniform", "--episodes", "2", *words)
    return with_file(content, command("baselines", *transfer, "--json", "{folder}/p.json"), "p.json")


FILE, PLAN = "{folder}/r.json", "{folder}/p.json"
AGAIN = "run the verification again"
CASES = [
    Case("a report of no file", command("verification", "report", FILE), FILE, "r.json", "verification run"),
    Case("a report cut off", text('{"schema": "verification.rep'), "line 1", FILE, AGAIN),
    Case("an empty report", text(""), "cut short", FILE, AGAIN),
    Case("a report of words", text("all is well"), "line 1", FILE, AGAIN),
    Case("a report of a list", text("[1]"), "[1]", FILE, "verification run"),
    Case("a report of another schema", rendered(schema="a/1"), "'a/1'", FILE, "verification run"),
    Case("a report without a schema", rendered(schema=...), "schema", FILE, "verification run"),
    Case("a report of the future", rendered(schema="verification.report/9"), "report/9", FILE, "update the checkout"),
    Case("a report without levels", rendered(levels=...), "levels", FILE, AGAIN),
    Case("a report of another type", rendered(command=7), "command is 7", FILE, AGAIN),
    Case("a report of a verdict", rendered(verdict="great"), "great", FILE, AGAIN),
    Case("a report that says too much", rendered(complete=False), "verdict is pass", FILE, "run it again"),
    Case("a report that is half", rendered(complete=True, interrupted=True), "it is complete", FILE, "run it again"),
    Case("coverage of no report", text("{}", "coverage"), "schema", FILE, "verification run"),
    Case("coverage cut off", text('{"a', "coverage"), "line 1", FILE, AGAIN),
    Case("compare with nothing", command("verification", "compare", FILE, FILE), FILE, "r.json", "verification run"),
    Case("compare two environments", compared(env="toy_pair:late"), "'toy_pair:late'", "B", "of one environment"),
    Case("compare with another schema", compared(schema="x"), "'x'", FILE, "verification run"),
    Case(
        "merge a whole report",
        changed("merge", "{folder}/r.json", "--json", "{folder}/all.json"),
        FILE,
        "could not merge",
        "--shard 1/N",
    ),
    Case(
        "merge nothing",
        command("verification", "merge", FILE, "--json", "{folder}/all.json"),
        FILE,
        "could not run",
        "verification run",
    ),
    Case(
        "merge into a shard",
        changed("merge", "{folder}/r.json", "--json", "{folder}/r.json"),
        FILE,
        "would be overwritten",
        "another file with --json",
    ),
    Case(
        "merge no bench",
        with_file("{}", command("leaderboard", "merge", FILE, "--json", "{folder}/all.json"), "r.json"),
        "None",
        FILE,
        "bench --shard",
    ),
    Case(
        "merge no training",
        command("baselines", "merge", "{folder}/run", "--json", "{folder}/all.json"),
        "{folder}/run",
        "there is no result",
        "--resume",
    ),
    Case("resume other amounts", resumed("--injected", 7), "injected", FILE, "start anew without --resume"),
    Case("resume another seed", resumed("--seed", 9), "'seed': 9", FILE, "start anew without --resume"),
    Case("resume another environment", resumed(env="toy_pair:late"), "toy_pair:late", FILE, "without --resume"),
    Case(
        "resume another verifier",
        resumed(provenance={"verifier_hash": "x"}),
        "verifier_hash is x",
        FILE,
        "start anew without --resume",
    ),
    Case("resume another schema", resumed(schema="x/1"), "'x/1'", FILE, "verification run"),
    Case(
        "resume no report",
        command("verification", "run", "toy_pair:good", "--json", FILE, "--resume"),
        FILE,
        "r.json",
        "verification run",
    ),
    Case("a plan cut off", plan('{"pl'), "Unterminated", PLAN, "give another --json"),
    Case("a plan of a list", plan("[]"), "list", PLAN, "--json"),
    Case("a plan of something else", plan('{"rows": []}'), "plan", PLAN, "--json"),
    Case("a plan of another seed", plan('{"plan": {"seed": 7}, "policies": {}, "looks": []}'), "7", PLAN, "--json"),
    Case(
        "a sweep's report of something else",
        with_file("{}", command("sweep", "--json", FILE, "--resume"), "r.json"),
        "schema is None",
        FILE,
        "start anew without --resume",
    ),
    Case(
        "a sweep's report cut off",
        with_file('{"s', command("sweep", "--json", FILE, "--resume"), "r.json"),
        "cannot be read",
        FILE,
        "start anew without --resume",
    ),
    Case(
        "figures of no run", command("baselines", "plot", "{folder}/run"), "{folder}/run", "plot", "the folder of a run"
    ),
    Case(
        "figures of nothing",
        with_file("", command("baselines", "plot", "{folder}"), "metrics.jsonl"),
        "no figures",
        "{folder}",
        "train",
    ),
]
