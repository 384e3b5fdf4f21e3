"""Feedback of a failed check, in at most `LIMIT` bytes: the minimal counterexample and what is known of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Any

from translator.verifier import Failure

LIMIT = 6000
_SLICE = 1500


def render(
    failures: Sequence[Failure],
    *,
    broken: Sequence[str] = (),
    attempts: Sequence[Mapping[str, Any]] = (),
    sources: Mapping[str, str] | None = None,
    repro: str = "",
) -> str:
    """Markdown of at most `LIMIT` bytes. What matters least is cut first.

    `broken`: rules that the last attempt broke. `attempts`: earlier calls with the same signature. `sources`: name →
    text of the reference's sources. `repro`: the command that plays a counterexample again, `{case}` for its file.
    """
    for rows, before, slice_limit, others in ((12, 24, _SLICE, 3), (8, 16, 800, 2), (6, 12, 0, 1), (4, 6, 0, 0)):
        parts = []
        if broken:
            parts.append("The last attempt was taken back, because it broke rules:\n" + _list(broken, 12))
        if failures:
            parts.append(_main(failures[0], rows, before, repro))
            parts += [_other(failure) for failure in failures[1 : 1 + others]]
            if attempts:
                parts.append(_attempts(attempts[-4:]))
            if sources and slice_limit:
                parts.append(_slice(failures[0], sources, slice_limit))
        text = "\n\n".join(part for part in parts if part) + "\n"
        if len(text.encode()) <= LIMIT:
            return text
    return text.encode()[: LIMIT - 30].decode(errors="ignore") + "\n(cut to size)\n"


def _main(failure: Failure, rows: int, before: int, repro: str) -> str:
    lines = [
        f"**{failure.check}** failed: {failure.count} of {failure.cases} cases differ"
        + (f", this one at step {failure.step}" if failure.rows else "")
    ]
    if failure.before:
        shown = _sorted_by_use(failure)[:before]
        lines.append("before: " + ", ".join(f"{path} = {_value(failure.before[path])}" for path in shown))
    if failure.actions:
        lines.append("actions: " + "; ".join(_value(action) for action in failure.actions))
    if failure.draws:
        lines.append(f"draws: {failure.draws[:300]}")
    if failure.rows:
        lines += ["", "| field | expected | actual | owner |", "|---|---|---|---|"]
        for row in failure.rows[:rows]:
            lines.append(f"| {row.path} | {_value(row.expected)} | {_value(row.actual)} | {row.owner} |")
        lines += ["", f"suspects, the likeliest first: module {', module '.join(failure.owners)}"]
    if failure.message:
        lines += ["", "```", failure.message.strip()[-1400:], "```"]
    if failure.first_fields:
        told = ", ".join(f"{path} in {count}" for path, count in list(failure.first_fields.items())[:6])
        lines.append(f"first differing field over all cases: {told}")
    if failure.case and repro:
        lines.append(f"again: `{repro.replace('{case}', failure.case)}`")
    return "\n".join(lines)


def _other(failure: Failure) -> str:
    rows = ", ".join(f"{r.path} {_value(r.expected)} ≠ {_value(r.actual)}" for r in failure.rows[:3])
    return f"also {failure.check}: {failure.count} of {failure.cases} differ; {rows or failure.message[-300:]}"


def _attempts(attempts: Sequence[Mapping[str, Any]]) -> str:
    told = [f"- call {one['number']} changed {', '.join(one['changed'][:4]) or 'nothing'}" for one in attempts]
    return "\n".join([f"The same failure was there before; {len(attempts)} earlier calls did not mend it:", *told])


def _slice(failure: Failure, sources: Mapping[str, str], limit: int) -> str:
    """The reference's function that names the differing fields most often."""
    words = {re.split(r"[.\[]", row.path)[-1] for row in failure.rows} | set(failure.owners)
    named = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(words, key=len, reverse=True)))})\b")
    best: tuple[int, str, int, str] | None = None
    for name, text in sources.items():
        if not name.endswith(".py"):
            continue
        try:
            tree = ast.parse(text)
        except SyntaxError:
            continue
        lines = text.splitlines()
        counts = [len(named.findall(line)) for line in lines]
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                count = sum(counts[node.lineno - 1 : node.end_lineno])
                if count and (best is None or count > best[0]):
                    best = (count, name, node.lineno, "\n".join(lines[node.lineno - 1 : node.end_lineno]))
    if best is None:
        return ""
    _, name, line, body = best
    return f"reference/{name}, from line {line}:\n```python\n{body[:limit]}\n```"


def _sorted_by_use(failure: Failure) -> list[str]:
    differing = {row.path for row in failure.rows}
    return sorted(failure.before, key=lambda path: (path not in differing, path))


def _list(texts: Sequence[str], most: int) -> str:
    return "\n".join(f"- {text[:300]}" for text in texts[:most])


def _value(value: Any) -> str:
    if isinstance(value, dict) and len(value) == 1:
        return _value(next(iter(value.values())))
    text = repr(value) if isinstance(value, float) else str(value)
    return text if len(text) <= 80 else text[:77] + "..."
