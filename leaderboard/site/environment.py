"""The page of one environment, as plain values for its template."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from leaderboard.checking.finding import section_of
from leaderboard.section import count
from leaderboard.site import charts
from leaderboard.site.collected import Collected, env_of
from leaderboard.site.described import describe
from leaderboard.site.equivalence import Mutants
from leaderboard.site.overview import Line, engine, hardware, mode

_OUTCOMES = {True: "found", False: "missed"}


def page(collected: Collected, env: str, lines: list[Line]) -> dict[str, Any]:
    """All that the page shows. `lines`: the environment's, of the overview."""
    proof = lines[0].equivalence
    speed = [_speed(collected, path, row) for path, row in collected.of("sps", env)]
    return {
        "env": env,
        "described": describe(env),
        "slug": slug(env),
        "lines": lines,
        "best": next((line for line in lines if line.best), lines[0]),
        "proof": proof,
        "speed": speed,
        "voided": [{"path": path, "row": row} for path, _, row in collected.void if row["env"] == env],
        "curve": charts.batch_curve([_point(one) for one in speed]) if speed else None,
        "history": charts.history(_dated(speed)) if speed else None,
        "peers": [found for one in speed if (found := _peers(one))],
        "checksums": _checksums(speed),
        "mutants": [_mutants(one) for one in proof.mutants],
        "forests": [_forest(collected, path, row) for path, row in collected.of("gap", env)],
        "training": [{"path": path, "row": row} for path, row in collected.of("training", env)],
        "training_speed": [{"path": path, "row": row} for path, row in collected.of("training speed", env)],
        "files": [
            {"path": path, "command": data.get("command", "")}
            for path, data in collected.evidence()
            if env_of(data) == env
        ],
    }


def slug(env: str) -> str:
    """Name of an environment's page, without its ending."""
    return env.replace("/", "-")


def _speed(collected: Collected, path: str, row: dict[str, Any]) -> dict[str, Any]:
    series = f"{engine(row)}, {mode(row)}, {hardware(row)}"
    return {"path": path, "row": row, "series": series, "standing": collected.standing(path, row)}


def _point(one: dict[str, Any]) -> dict[str, Any]:
    row = one["row"]
    return {
        "series": one["series"],
        "batch": row["batch"],
        "steps": row["median_sps"],
        **{name: row[name] for name in ("q25", "q75", "ratio")},
    }


def _dated(speed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The fastest row of each commit and series."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for one in speed:
        row, commit = one["row"], (one["row"]["commit"] or "")[:8]
        point = {**_point(one), "date": row["date"], "commit": commit}
        before = found.get((one["series"], commit))
        if before is None or before["steps"] < point["steps"]:
            found[one["series"], commit] = point
    return list(found.values())


def _peers(one: dict[str, Any]) -> dict[str, Any] | None:
    """Ours, the reference and the peers of one row; None where they were not timed in turns with it."""
    row = one["row"]
    timed = [peer for peer in row.get("peers", ()) if peer["median_sps"]]
    if not timed or not row.get("peers_in_turns", True):
        return None
    bars = [{"name": f"ours ({engine(row)})", "steps": row["median_sps"], "ours": True}]
    if row["reference"]:
        bars.append({"name": row["reference"]["name"], "steps": row["reference"]["median_sps"], "ours": False})
    bars += [{"name": peer["name"], "steps": peer["median_sps"], "ours": False} for peer in timed]
    return {**one, "timed": timed, "chart": charts.engines(sorted(bars, key=lambda bar: -bar["steps"]))}


def _checksums(speed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Programs that were run, and the checksums of their first runs from seed 0, which must agree."""
    groups: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for one in speed:
        row = one["row"]
        key = (section_of(row), row["batch"], row["scan"], row["devices"], repr(row.get("compiler_options")))
        groups[key].append(one)
    found = []
    for group in groups.values():
        sums = {one["row"]["checksum"] for one in group}
        verdict = "agree" if len(sums) == 1 else "differ"
        found.append(
            {
                "series": group[0]["series"],
                "batch": group[0]["row"]["batch"],
                "sums": sorted(sums),
                "verdict": "one run, nothing to compare"
                if len(group) == 1
                else f"{count(len(group), 'run')} {verdict}",
                "paths": [one["path"] for one in group],
            }
        )
    return found


def _mutants(one: Mutants) -> dict[str, Any]:
    """Every bug with the levels that find it; where a run has recorded the first finder alone, that one."""
    rows = []
    for row in one.rows:
        killed = row.get("killed_by")
        if killed is not None:
            levels = {level: _OUTCOMES.get(value, "not run") for level, value in killed.items()}
            outcome = "found" if any(killed.values()) else "missed"
        else:
            levels = {row["level"]: "found"} if row.get("level") else {}
            outcome = {"killed": "found", "survived": "missed"}.get(row["outcome"], row["outcome"])
        text = row.get("changes") or f"{row.get('operator', '')}: {row.get('place', '')}, line {row.get('line', '?')}"
        rows.append({"id": row["id"], "module": row["module"], "text": text, "levels": levels, "outcome": outcome})
    order = {"missed": 0, "found": 1}
    rows.sort(key=lambda row: order.get(row["outcome"], 2))
    return {"of": one, "rows": rows, "levels": list(one.by_level)}


def _forest(collected: Collected, path: str, row: dict[str, Any]) -> dict[str, Any]:
    """The row, and the plot of each policy's difference where the evidence holds their intervals."""
    file = collected.named(row["evidence"])
    judged = collected.files[file].get("judgement", {}).get("policies", []) if file else []
    points = [
        {
            "name": policy["name"],
            "difference": policy["test"]["difference"],
            "low": policy["test"]["ci90"][0],
            "high": policy["test"]["ci90"][1],
            "combined": False,
        }
        for policy in judged
        if policy.get("test")
    ]
    low, high = row["ci90"]
    points.append({"name": "all policies", "difference": row["difference"], "low": low, "high": high, "combined": True})
    chart = charts.forest(points, row["margin"], row["metric"].replace("_", " "))
    return {"path": path, "row": row, "file": file or path, "chart": chart}
