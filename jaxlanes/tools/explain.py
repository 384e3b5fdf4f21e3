"""Report on a function: its primitives, the operations of its kernel, and everything that no kernel has."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import jax

from jaxlanes import lower as _rules  # noqa: F401 (registers them)
from jaxlanes.errors import UnsupportedError
from jaxlanes.ir import operations, walk
from jaxlanes.lower.context import RULES, describe, source_line
from jaxlanes.trace.program import lower


@dataclasses.dataclass(frozen=True)
class Report:
    """`equations` and `primitives` count what was traced, calls and branches included; `operations` what is emitted, by
    kind, after simplification: zero if something is unsupported. `unsupported`: each thing with its source line."""

    equations: int
    primitives: dict[str, int]
    unsupported: tuple[str, ...]
    operations: int
    kinds: dict[str, int]

    @property
    def supported(self) -> bool:
        return not self.unsupported

    def __str__(self) -> str:
        lines = [f"{self.equations} equations: {_counted(self.primitives)}"]
        if self.supported:
            lines.append(f"{self.operations} operations per lane: {_counted(self.kinds)}")
        lines += [f"unsupported: {what}" for what in self.unsupported]
        return "\n".join(lines)


def explain(fn: Callable[..., Any], *examples: Any) -> Report:
    """Trace `fn`, one lane of it, on examples of its arguments (arrays or `jax.ShapeDtypeStruct`) and report."""
    closed = jax.make_jaxpr(fn)(*examples)
    counts: Counter[str] = Counter()
    unsupported: list[str] = []
    for equation, where in _equations(closed.jaxpr, ""):
        counts[equation.primitive.name] += 1
        if equation.primitive.name not in RULES:
            text = describe(equation) + (f" at {where}" if where else "")
            if text not in unsupported:
                unsupported.append(text)
    emitted: Counter[str] = Counter()
    total = 0
    if not unsupported:
        try:
            program = lower(closed, [True] * len(closed.jaxpr.invars)).program
        except UnsupportedError as error:
            unsupported.append(f"{error.what}{f' at {error.where}' if error.where else ''}")
        else:
            total = operations(program.body)
            emitted.update(program.nodes[item].kind for item in walk(program.body) if isinstance(item, int))
    return Report(
        sum(counts.values()), dict(counts.most_common()), tuple(unsupported), total, dict(emitted.most_common())
    )


def _equations(jaxpr: Any, outer: str) -> Iterator[tuple[Any, str]]:
    """Of a jaxpr and of every one inside its equations, with the user's line."""
    for equation in jaxpr.eqns:
        where = source_line(equation) or outer
        yield equation, where
        for value in equation.params.values():
            for inner in value if isinstance(value, tuple | list) else (value,):
                inner = getattr(inner, "jaxpr", inner)
                if hasattr(inner, "eqns"):
                    yield from _equations(inner, where)


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
