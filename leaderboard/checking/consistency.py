"""Facts of a row that have to fit each other: its place, its command, its fingerprint and its environment."""

from __future__ import annotations

import argparse
import contextlib
import io
import shlex
from collections.abc import Iterator
from typing import Any

from jaxenv.environment import Environment
from leaderboard import compiler, configuration
from leaderboard.checking.finding import Finding, noted, refused, section_of
from leaderboard.commands import bench
from leaderboard.records import submission
from leaderboard.records.speed import SpeedRow

_OPTIONAL = ("probe",)
_MACHINE = ("cpu", "cores", "memory_gib", "system", "device", "device_count", "load_before")
_PACKAGES = ("python", "jax", "jaxlib", "numpy", "pokejax")
_ACCELERATOR = ("driver", "power_limit_w", "sm_clock_mhz")


def place(path: str, data: dict[str, Any]) -> Iterator[Finding]:
    """A path in the checkout that is not the file's own."""
    wanted = submission.place(data)
    if path != wanted:
        yield refused("path", path, f"its contents belong at {wanted}; `python -m leaderboard submit` puts them there")
    if data["submitter"] == submission.UNNAMED:
        yield refused("path", path, "has no submitter; `python -m leaderboard submit FILE --submitter HANDLE` says who")


def duplicate(data: dict[str, Any], path: str, board: dict[str, dict[str, Any]]) -> Iterator[Finding]:
    """Rows that are on the board already, whoever handed them in."""
    known = {_same(row): other for other, found in board.items() if other != path for row in found["rows"]}
    seen: dict[str, int] = {}
    for number, row in enumerate(data["rows"]):
        key = _same(row)
        if key in known:
            yield refused("duplicate", f"rows[{number}]", f"is on the board already, in {known[key]}")
        if key in seen:
            yield refused("duplicate", f"rows[{number}]", f"is rows[{seen[key]}] once more")
        seen[key] = number


def _same(row: dict[str, Any]) -> str:
    """The part of a row that no two measurements share: all samples, or else the whole row."""
    return repr(row["samples"]) if row.get("samples") else repr(sorted(row.items()))


def whole(row: dict[str, Any], where: str) -> Iterator[Finding]:
    """Fields that a row measured today has, and older ones lack."""
    missing = [name for name in SpeedRow.__struct_fields__ if name not in row and name not in _OPTIONAL]
    if missing:
        yield refused(
            "schema", where, f"lacks {', '.join(missing)}, which the bench writes; measure with this checkout"
        )


def fingerprint(row: dict[str, Any], where: str) -> Iterator[Finding]:
    """Holes in what says on what a row was measured."""
    machine, versions = row["machine"], row["versions"]
    holes = [f"machine.{name}" for name in _MACHINE if machine[name] in (None, "", 0, [])]
    holes += [f"versions.{name}" for name in _PACKAGES if versions.get(name, "not installed") == "not installed"]
    if not row["backend"].endswith(":cpu"):
        accelerator = machine["accelerator"] or {}
        holes += [f"machine.accelerator.{name}" for name in _ACCELERATOR if accelerator.get(name) in (None, "")]
    if holes:
        remedy = (
            "; install nvidia-ml-py for those of the accelerator" if any("accelerator" in one for one in holes) else ""
        )
        yield refused("fingerprint", where, f"is not known: {', '.join(holes)}; measure again{remedy}")
    cores = row.get("cores", machine["cores"])
    if cores != machine["cores"]:
        yield refused("fingerprint", f"{where}.cores", f"is {cores}, machine.cores is {machine['cores']}")
    if row["devices"] > machine["device_count"]:
        yield refused(
            "fingerprint", f"{where}.devices", f"is {row['devices']}, the machine has {machine['device_count']}"
        )
    reference = row["reference"]
    if reference is not None and reference["cores"] > machine["cores"]:
        yield refused("fingerprint", f"{where}.reference.cores", f"is {reference['cores']}, more than the machine's")


def environment(
    row: dict[str, Any], where: str, env: Environment, board: dict[str, dict[str, Any]]
) -> Iterator[Finding]:
    """An environment version or a configuration that there is not. `env` is the row's, made by this checkout."""
    version = row["env_version"]
    if version != env.version:
        known = {
            other["env_version"]
            for found in board.values()
            for other in found["rows"]
            if other["env"] == row["env"] and "env_version" in other
        }
        if version not in known:
            yield refused("environment", f"{where}.env_version", f"is {version!r}, this checkout's is {env.version!r}")
        else:
            yield noted("environment", f"{where}.env_version", f"{version!r} is older than this checkout's: not re-run")
    elif "config" in row and row["config"] != (config := configuration.of(env)):
        yield refused("environment", f"{where}.config", f"is {row['config']}, the environment's fields are {config}")


def command(rows: list[dict[str, Any]]) -> Iterator[Finding]:
    """Rows that are not those of the command that is said to have made them."""
    commands = {row["command"] for row in rows}
    if len(commands) > 1:
        yield refused("command", "rows", f"are of {len(commands)} commands; hand in a file for each")
        return
    (text,) = commands
    arguments = parsed(text)
    if arguments is None:
        yield refused("command", "rows[0].command", f"{text!r} is no command of this bench")
        return
    for number, row in enumerate(rows):
        yield from _fits(arguments, row, f"rows[{number}]")
    if arguments.batch is not None:
        sections: dict[Any, set[int]] = {}
        for row in rows:
            sections.setdefault(section_of(row), set()).add(row["batch"])
        for key, batches in sections.items():
            if absent := sorted(set(arguments.batch) - batches):
                yield refused(
                    "command", "rows", f"batch {absent[0]} is asked for by the command, and missing in {key[2]}, "
                    f"{key[-1]} cores; hand in every row of a run",
                )  # fmt: skip


def parsed(text: str) -> argparse.Namespace | None:
    """Arguments of a command line of the bench; None for another one."""
    try:
        words = shlex.split(text)
    except ValueError:
        return None
    if "bench" not in words:
        return None
    parser = argparse.ArgumentParser(exit_on_error=False)
    bench.add(parser)
    with contextlib.redirect_stderr(io.StringIO()):
        try:
            return parser.parse_args(words[words.index("bench") + 1 :])
        except (argparse.ArgumentError, SystemExit):
            return None


def _fits(arguments: argparse.Namespace, row: dict[str, Any], where: str) -> Iterator[Finding]:
    pairs: list[tuple[str, Any, Any]] = [("env", row["env"], arguments.env)]
    pairs.append(("samples", len(row["samples"]), arguments.samples))
    pairs.append(("short", row["short"], arguments.samples < 10 or arguments.seconds < 1))
    if arguments.mode is not None:
        pairs.append(("mode", row["mode"], arguments.mode))
    if arguments.cores is not None:
        pairs.append(("cores", row.get("cores"), arguments.cores))
    if arguments.backend != bench.AUTO:
        pairs.append(("backend", row["backend"].partition(":")[0], arguments.backend))
    if arguments.batch is not None and row["batch"] not in arguments.batch:
        pairs.append(("batch", row["batch"], " ".join(map(str, arguments.batch))))
    if arguments.no_reference and row["reference"] is not None:
        pairs.append(("reference", row["reference"]["name"], "--no-reference"))
    with contextlib.suppress(ValueError):
        for name, value in configuration.parse(arguments.set).items():
            pairs.append((f"config.{name}", (row.get("config") or {}).get(name), value))
        if arguments.xla_option and row.get("compiler_options") != (options := compiler.parse(arguments.xla_option)):
            pairs.append(("compiler_options", row.get("compiler_options"), options))
    for name, said, asked in pairs:
        if said != asked and str(said) != str(asked):
            yield refused("command", f"{where}.{name}", f"is {said}, the command says {asked}")
