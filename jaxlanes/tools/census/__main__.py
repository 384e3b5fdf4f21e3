"""`python -m jaxlanes.tools.census`: each environment of each suite in a process of its own, one row after another."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from jaxlanes.tools.census.suites import SUITES
from jaxlanes.tools.census.table import summary

ROOT = Path(__file__).parents[3]
DONE, COULD_NOT, INTERRUPTED = 0, 2, 130


class SuiteError(RuntimeError):
    """A suite cannot be installed or listed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0: every environment has a row; 2: the command is wrong or uv is missing; 130: interrupted."""
    options = _parser().parse_args(arguments)
    chosen = options.suite.split(",") if options.suite else list(SUITES)
    unknown = [name for name in chosen if name not in SUITES]
    problem = f"--suite {unknown[0]}: no such suite; there are {', '.join(SUITES)}" if unknown else ""
    if not problem and shutil.which("uv") is None:
        problem = "uv is not installed: pip install uv"
    if not problem and options.out.exists() and not options.resume:
        problem = f"{options.out} is there already; go on with it by --resume, or choose another file"
    if problem:
        print(f"census: {problem}", file=sys.stderr)
        return COULD_NOT
    report = json.loads(options.out.read_text("utf-8")) if options.out.exists() else {"suites": {}, "rows": []}
    try:
        for suite in chosen:
            take(report, suite, options.timeout, lambda: _write(options.out, report), options.python)
    except KeyboardInterrupt:
        print("interrupted; go on with --resume", file=sys.stderr)
        return INTERRUPTED
    print(summary(report))
    return DONE


def take(
    report: dict[str, Any], suite: str, timeout: float, write: Callable[[], None], python: str | None = None
) -> None:
    """Add the rows of a suite that are not there yet."""
    try:
        listed = _run(suite, [], timeout, python)
    except SuiteError as error:
        report["suites"][suite] = {"error": str(error)}
        print(f"{suite}: {error}", flush=True)
        return write()
    report["suites"][suite] = {"versions": listed["versions"], "environments": len(listed["names"])}
    there = {(row["suite"], row["env"]) for row in report["rows"]}
    for number, name in enumerate(listed["names"], 1):
        if (suite, name) in there:
            continue
        try:
            row = _run(suite, [name], timeout, python)
        except SuiteError as error:
            row = {"suite": suite, "env": name, "died": str(error)}
        report["rows"].append(row)
        write()
        print(f"{suite} {number}/{len(listed['names'])} {name}: {told(row)}", flush=True)


def told(row: dict[str, Any]) -> str:
    """A row in a few words."""
    for what in ("died", "xla", "kernel"):
        if what in row:
            return f"{what}: {row[what]}"
    ratio = row["kernel_steps_per_second"] / row["xla_steps_per_second"]
    same = "equal" if not row["different"] else f"{row['different']} of {row['compared']} differ"
    return f"{same}, compiled in {row['kernel_compile_seconds']} s, {ratio:.1f} times XLA"


def _run(suite: str, arguments: list[str], timeout: float, python: str | None) -> dict[str, Any]:
    """The line of JSON of a worker. Raises SuiteError where it gives none."""
    packages = [part for package in SUITES[suite].packages for part in ("--with", package)]
    chosen = ["--python", python] if python else []
    command = ["uv", "run", "--no-project", "--isolated", "--quiet", *chosen, *packages]
    command += ["python", "-m", "jaxlanes.tools.census.worker", suite, *arguments]
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=variables, check=False)
    except subprocess.TimeoutExpired:
        raise SuiteError(f"not done after {timeout:.0f} s") from None
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [""]
        raise SuiteError(f"exit status {done.returncode}: {last[0][:200]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def _write(path: Path, report: dict[str, Any]) -> None:
    beside = path.with_name(path.name + ".new")
    beside.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    beside.replace(path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m jaxlanes.tools.census", description=__doc__)
    parser.add_argument("--suite", metavar="NAMES", help=f"comma-separated, of {', '.join(SUITES)} (default: all)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="write the rows there, one by one")
    parser.add_argument("--resume", action="store_true", help="go on with the rows that FILE has")
    parser.add_argument(
        "--timeout", type=float, default=600, metavar="S", help="seconds for one (default: %(default)s)"
    )
    parser.add_argument("--python", metavar="PYTHON", help="the interpreter of the suites (default: uv's choice)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
