"""Constant folding and interval arithmetic: results of operations on known constants or known intervals."""

from __future__ import annotations

import contextlib
import contextvars
import operator
from collections.abc import Iterator
from typing import Any

import numpy as np

from jaxlanes.ir import FLOAT, INT, LIMITS, UINT, Node

_COMPARE = {
    "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge, "eq": operator.eq, "ne": operator.ne,
}  # fmt: skip
_FLOAT = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide}
_TINY = np.finfo(np.float32).tiny


def wrap(value: int, low: int, high: int) -> int:
    return (value - low) % (high - low + 1) + low


def binary(kind: str, type_: str, x: Any, y: Any) -> Any:
    """The constant, or None where it is left to the kernel."""
    if type_ == FLOAT:
        return _binary_float(kind, x, y)
    if type_ == "bool":
        x, y = bool(x), bool(y)
        return {"and": x and y, "or": x or y, "xor": x != y, "max": x or y, "min": x and y}.get(kind)
    result = _binary_integer(kind, type_, int(x), int(y))
    return None if result is None else wrap(result, *LIMITS[type_])


def _binary_float(kind: str, x: Any, y: Any) -> Any:
    if kind not in _FLOAT:
        return None
    with np.errstate(all="ignore"):
        result = _FLOAT[kind](np.float32(x), np.float32(y))
    # What the processor makes of subnormal numbers is its own business (it may flush them).
    subnormal = any(0 < abs(v) < _TINY for v in (x, y, result))
    return None if subnormal or np.isnan(result) else result


def _binary_integer(kind: str, type_: str, x: int, y: int) -> int | None:
    unsigned = x % 2**32
    match kind:
        case "add":
            return x + y
        case "sub":
            return x - y
        case "mul":
            return x * y
        case "div":
            return -1 if y == 0 else quotient(x, y)
        case "min":
            return min(x, y)
        case "max":
            return max(x, y)
        case "and":
            return x & y
        case "or":
            return x | y
        case "xor":
            return x ^ y
        case "shl":
            return unsigned << y if 0 <= y < 32 else 0
        case "shr":
            return unsigned >> y if 0 <= y < 32 else 0
        case "shra":
            return x >> y if 0 <= y < 32 else (-1 if x < 0 else 0)
    return None


_divisions_stay: contextvars.ContextVar[bool] = contextvars.ContextVar("divisions_stay", default=False)


@contextlib.contextmanager
def divisions_stay() -> Iterator[None]:
    """A context in which float divisions by constants stay divisions, as in XLA without its rewrites."""
    token = _divisions_stay.set(True)
    try:
        yield
    finally:
        _divisions_stay.reset(token)


def reciprocal(x: Any) -> Any:
    """1 / x of a float, or None where that is not a normal number or divisions stay."""
    if _divisions_stay.get():
        return None
    with np.errstate(all="ignore"):
        result = np.float32(1) / np.float32(x)
    return result if np.isfinite(result) and abs(result) >= _TINY else None


def quotient(x: int, y: int) -> int:
    whole = abs(x) // abs(y)
    return whole if (x < 0) == (y < 0) else -whole


def unary(kind: str, type_: str, x: Any) -> Any:
    if type_ == FLOAT:
        if kind == "neg":
            return -np.float32(x)
        return abs(np.float32(x)) if kind == "abs" else None
    low, high = LIMITS[type_]
    match kind:
        case "neg":
            return wrap(-x, low, high)
        case "abs":
            return wrap(abs(x), low, high)
        case "sign":
            return (x > 0) - (x < 0)
        case "popcount":
            return (x % 2**32).bit_count()
        case "clz":
            return 32 - (x % 2**32).bit_length()
    return None


def compare(kind: str, x: Any, y: Any) -> bool:
    return bool(_COMPARE[kind](x, y))


def compare_intervals(kind: str, a: Node, b: Node) -> bool | None:
    """The result where the intervals decide it."""
    apart = a.high < b.low or b.high < a.low
    match kind:
        case "lt" | "ge":
            known = True if a.high < b.low else False if a.low >= b.high else None
            return known if kind == "lt" or known is None else not known
        case "gt" | "le":
            known = True if a.low > b.high else False if a.high <= b.low else None
            return known if kind == "gt" or known is None else not known
        case "eq":
            return False if apart else None
    return True if apart else None


def convert(source: str, target: str, x: Any) -> Any:
    if {source, target} == {INT, UINT}:
        return wrap(int(x), *LIMITS[target])
    if target == FLOAT:
        return np.float32(x)
    if np.isnan(x):
        return 0
    low, high = LIMITS[target]
    return int(min(max(np.trunc(float(x)), low), high))


def unary_bounds(kind: str, a: Node) -> tuple[int, int] | None:
    match kind:
        case "neg":
            return None if a.type == UINT else (-a.high, -a.low)
        case "abs":
            return (0 if a.low <= 0 <= a.high else min(abs(a.low), abs(a.high)), max(abs(a.low), abs(a.high)))
        case "popcount" | "clz":
            return 0, 32
    return None


def bounds(kind: str, a: Node, b: Node) -> tuple[int, int] | None:
    """Interval of the result of an integer operation; None: anywhere, or it may wrap around."""
    match kind:
        case "add":
            return a.low + b.low, a.high + b.high
        case "sub":
            return a.low - b.high, a.high - b.low
        case "mul":
            corners = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
            return min(corners), max(corners)
        case "min":
            return min(a.low, b.low), min(a.high, b.high)
        case "max":
            return max(a.low, b.low), max(a.high, b.high)
        case "and":
            tops = [n.high for n in (a, b) if n.low >= 0]
            return (0, min(tops)) if tops else None
        case "or" | "xor":
            if a.low >= 0 and b.low >= 0:
                return 0, (1 << max(a.high.bit_length(), b.high.bit_length())) - 1
    return _bounds_of_quotients(kind, a, b)


def fits(kind: str, a: Node, b: Node) -> bool:
    """True if the node of an integer operation holds the result that more bits would have."""
    low, high = LIMITS[a.type]
    if kind in ("and", "or", "xor", "min", "max"):
        return True
    if kind == "div":  # by zero gives all ones, of the least number by -1 one that is too great
        return b.low > 0 or (a.type == INT and a.low > low)
    found = bounds(kind, a, b)
    return found is not None and low <= found[0] and found[1] <= high


def _bounds_of_quotients(kind: str, a: Node, b: Node) -> tuple[int, int] | None:
    match kind:
        case "div":
            if b.low > 0:
                corners = [quotient(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
                return min(corners + [0] * (a.low <= 0 <= a.high)), max(corners)
        case "rem":
            if b.low > 0:
                top = b.high - 1
                return max(min(a.low, 0), -top), min(max(a.high, 0), top)
        case "shr" | "shra":
            if a.low >= 0:
                if b.kind == "const" and 0 <= b.attribute < 32:
                    return a.low >> b.attribute, a.high >> b.attribute
                return 0, a.high
            if kind == "shra" and b.kind == "const" and 0 <= b.attribute < 32:
                return a.low >> b.attribute, a.high >> b.attribute
            if kind == "shr" and b.kind == "const" and 0 < b.attribute < 32:
                return 0, (2**32 - 1) >> b.attribute
        case "shl":
            if a.low >= 0 and b.kind == "const" and 0 <= b.attribute < 32:
                return a.low << b.attribute, a.high << b.attribute
    return None
