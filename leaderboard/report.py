"""Rows as tables, one for each section: rows of another mode, configuration or number of cores never stand in it.

Where other engines were timed, a table of them follows that of their section.
"""

from __future__ import annotations

import json
from typing import Any

from rich.table import Table

from leaderboard.section import count, short


def tables(rows: list[dict[str, Any]]) -> list[Table]:
    """A table for each section, in the order of their first rows; after it its peers', if any."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(_section(row), []).append(row)
    views = []
    for group in groups.values():
        views.append(_table(group))
        compared = [row for row in group if row.get("peers_in_turns")]
        views += [_peers(row) for row in compared[:1]]
    return views


def line(row: dict[str, Any]) -> str:
    """A row in one line, for when it is made."""
    seconds = row["trace_seconds"] + row["compile_seconds"]
    words = [
        f"{row['mode']}, {count(_cores(row), 'core')}, batch {row['batch']:,}: {short(row['median_sps'])} steps/s"
        + (" (noisy)" if row["noisy"] else ""),
        f"compiled in {seconds:.1f} s",
    ]
    if row["reference"]:
        words.append(f"{_number(row['ratio'], 1)} × {row['reference']['name']}")
    if xla := row.get("xla"):
        words.append(f"{_number(xla['ratio'], 1)} × XLA")
    return ", ".join(words)


def _section(row: dict[str, Any]) -> str:
    """The facts that all rows of a table share. Rows made before there were sections lack `config` and `cores`."""
    machine, reference = row["machine"], row["reference"] or {}
    compared = (row["env"], row["env_version"], row["mode"], row.get("config"), row.get("policy"), _cores(row))
    return json.dumps((*compared, row["backend"], machine["cpu"], machine["device"], reference.get("version")))


def _table(rows: list[dict[str, Any]]) -> Table:
    """One line for each batch. "ratio" is against all the reference's workers, "per core" against one; ~ is noisy."""
    first = rows[0]
    starts = [row["cached_start_seconds"] for row in rows if row.get("cached_start_seconds")]
    started = f"\nwith the kernels on disk another process plays within {max(starts):.2f} s" if starts else ""
    view = Table(title=_title(first), caption=_caption(first) + started)
    beside = any(row.get("xla") for row in rows)
    for name in ("batch", "steps/s", "quartiles", "compile", "episode", "ratio", "per core", *["× XLA"] * beside):
        view.add_column(name, justify="right")
    for row in rows:
        view.add_row(
            f"{row['batch']:,}",
            short(row["median_sps"]) + ("~" if row["noisy"] else ""),
            f"{row['q25'] / row['median_sps'] - 1:+.0%} {row['q75'] / row['median_sps'] - 1:+.0%}",
            f"{row['trace_seconds'] + row['compile_seconds']:.1f} s",
            _number(row["mean_episode_length"], 1),
            _number(row["ratio"], 2),
            _number(row["ratio_per_reference_core"], 2),
            *([_number((row.get("xla") or {}).get("ratio"), 2)] if beside else []),
            style="bold" if row["best"] and len(rows) > 1 else None,
        )
    return view


def _peers(row: dict[str, Any]) -> Table:
    """Our row, the reference and the engines that took turns with them. "x" is ours over theirs."""
    title = f"{row['env']}, {row['mode']}: other engines in the same run"
    view = Table(title=title, caption=_peers_caption(row), caption_justify="left")
    for name in ("engine", "batch", "steps/s", "phys/s", "×", "compile", "|dq|", "|dv|"):
        view.add_column(name, justify="left" if name == "engine" else "right")

    def add(name: str, batch: str, facts: dict[str, Any], ratio: float | None, bold: bool = False) -> None:
        error, compiled = facts.get("error") or {}, facts.get("compile_seconds")
        view.add_row(
            name,
            batch,
            short(facts["median_sps"]),
            short(facts["physics_sps"]) if facts.get("physics_sps") else "–",
            _number(ratio, 2),
            "–" if compiled is None else f"{compiled + facts['trace_seconds']:.0f} s",
            _scientific(error.get("max_dq")),
            _scientific(error.get("max_dv")) + (f" ({error['not_finite']} lost)" if error.get("not_finite") else ""),
            style="bold" if bold else None,
        )

    add("ours", f"{row['batch']:,}", row, None, bold=True)
    if reference := row["reference"]:
        add(reference["name"], "–", reference, row["ratio"])
    for peer in row["peers"]:
        add(peer["name"], f"{peer['batch']:,}", peer, peer["ratio"])
    return view


def _peers_caption(row: dict[str, Any]) -> str:
    """Meanings of the columns, and every peer's settings: whatever differs from ours stands there."""
    lines = ["steps/s, phys/s: environment and physics steps per second, medians; ×: ours over theirs"]
    if row["error"]:
        lines.append(
            f"|dq|, |dv|: largest error of one env step from {row['error']['states']} states of random play, the same "
            f"ones and under the same actions for all, beside {row['error']['against']}"
        )
    if options := row.get("compiler_options"):
        lines.append("ours compiled with " + ", ".join(f"{key}={value}" for key, value in options.items()))
    if solver := row.get("solver"):
        counts = [f"{name} {value['total']:,}" for name, value in solver.items() if isinstance(value, dict)]
        lines.append(f"our solver in {solver['physics_steps']:,} physics steps: {', '.join(counts)}")
    for peer in row["peers"]:
        shown = {key: value for key, value in peer["config"].items() if key != "model_sha256"}
        settings = ", ".join(f"{key} {value}" for key, value in shown.items())
        lines.append(f"{peer['name']} {peer['version']}: {settings}")
    return "\n".join(lines)


def _title(row: dict[str, Any]) -> str:
    config = ", ".join(f"{k}={v}" for k, v in (row.get("config") or {}).items() if v not in (None, ""))
    return f"{row['env']}, {row['mode']}, {count(_cores(row), 'core')}, {row['backend']}" + (
        f"\n{config}" if config else ""
    )


def _caption(row: dict[str, Any]) -> str:
    machine, reference, policy = row["machine"], row["reference"], row.get("policy")
    lines = [f"{machine['cpu']}, {count(_cores(row), 'core')}, {machine['device_count']} × {machine['device']}"]
    if policy:
        sizes = " → ".join(map(str, policy["layers"]))
        whose = "on both sides" if reference else "in the loop"
        lines.insert(0, f"network {whose}: {sizes}, {policy['parameters']:,} parameters")
    if reference is None:
        return "\n".join(["no reference timed", *lines])
    tuning = ", ".join(f"{name} {value}" for name, value in (reference.get("tuning") or {}).items())
    return "\n".join(
        [
            f"reference: {reference['name']} {reference['version']}, {reference['median_sps']:,.0f} "
            f"{reference['unit']} on {count(reference['cores'], 'core')}" + (f" ({tuning})" if tuning else ""),
            *([reference["note"]] if reference.get("note") else []),
            *lines,
        ]
    )


def _cores(row: dict[str, Any]) -> int:
    return row.get("cores", row["machine"]["cores"])


def _scientific(value: float | None) -> str:
    return "–" if value is None else f"{value:.1e}"


def _number(value: float | None, digits: int) -> str:
    """Digits after the point, and no fewer than two that matter."""
    if value is None:
        return "–"
    return f"{value:,.{digits}f}" if abs(value) >= 0.1 or not value else f"{value:.2g}"
