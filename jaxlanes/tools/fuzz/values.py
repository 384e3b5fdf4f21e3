"""Types of the fuzzer's variables, and the values that it gives to arguments: half of them random, half edges."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

SIGNED, UNSIGNED = ("int8", "int16", "int32"), ("uint8", "uint16", "uint32")
INTEGERS = (*SIGNED, *UNSIGNED)
NUMBERS = (*INTEGERS, "float32")
DTYPES = ("bool", *NUMBERS)
KEY = "key"


class Type(NamedTuple):
    """`dtype`: a NumPy name of `DTYPES`, or `KEY` for random keys (threefry)."""

    dtype: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        return math.prod(self.shape)


FLOAT_EDGES = (
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, np.inf, -np.inf, np.nan, 1e-40, -1e-45, 1.1754944e-38,
    -1.1754944e-38, 3.4028235e38, -3.4028235e38, 2.0**23, 2.0**24 + 2, -(2.0**23) - 1, 127.5, -128.5, 255.9,
    32767.5, -32768.5, 65535.5, 2147483520.0, 2.0**31, -(2.0**31), 4294967040.0, 2.0**32, 1e10, 88.7, -87.5, 104.0,
    1e-4, 1048576.0, 3.14159265,
)  # fmt: skip


def integer_edges(dtype: str) -> np.ndarray:
    info = np.iinfo(dtype)
    bits = 8 * info.dtype.itemsize
    near = [info.min, info.min + 1, -9, -2, -1, 0, 1, 2, 3, 5, 7, bits - 1, bits, bits + 1, 31, 32, 33, info.max - 1]
    near.append(info.max)
    return np.array([value for value in near if info.min <= value <= info.max], dtype)


def draw(rng: np.random.Generator, type_: Type, lanes: int, domain: str = "any") -> np.ndarray:
    """Values of `lanes` variables of a type: [lanes, *shape], a key's two words as a last axis of uint32.

    Domains: "any"; "exact", floats whose sums and products are exact in every order, odd numbers times 1/4, for XLA's
    sums begin at 0, which makes 0 of a sum of -0 alone, and a kernel's at their first term;
    "powers", floats that are signs times powers of two; "signs", 1 and -1, whose products cannot overflow;
    "unit", floats about -1..1; "index:n", integers about 0..n - 1 and their type's edges.
    """
    shape = (lanes, *type_.shape)
    if type_.dtype == KEY:
        return rng.integers(0, 2**32, (*shape, 2), np.uint32)
    if type_.dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    if type_.dtype == "float32":
        return _floats(rng, shape, domain)
    edges = integer_edges(type_.dtype)
    if domain.startswith("index:"):
        size = int(domain.removeprefix("index:"))
        info = np.iinfo(type_.dtype)
        random = rng.integers(max(-size - 2, info.min), min(size + 3, info.max), shape).astype(type_.dtype)
        return np.where(rng.random(shape) < 0.06, rng.choice(edges, shape), random)
    info = np.iinfo(type_.dtype)
    random = rng.integers(info.min, info.max, shape, type_.dtype, endpoint=True)
    bits = np.array(8 * info.dtype.itemsize - 4, type_.dtype)
    random = np.where(rng.random(shape) < 0.4, random >> bits, random)
    return np.where(rng.random(shape) < 0.5, rng.choice(edges, shape), random)


def _floats(rng: np.random.Generator, shape: tuple[int, ...], domain: str) -> np.ndarray:
    if domain == "exact":
        return ((2 * rng.integers(-16, 16, shape) + 1) / 4).astype(np.float32)
    if domain == "signs":
        return rng.choice(np.array([-1, 1], np.float32), shape)
    if domain == "powers":
        return rng.choice(np.array([-2, -1, -0.5, 0.5, 1, 2], np.float32), shape)
    if domain == "unit":
        edges = np.array([1, -1, 0, -0.0, 1.5, np.nan, 1e-6, 1 - 6e-8, -1 + 6e-8, 0.5, -0.5, 1e-4], np.float32)
        random = rng.uniform(-1, 1, shape).astype(np.float32)
        return np.where(rng.random(shape) < 0.1, rng.choice(edges, shape), random)
    sizes = np.exp2(np.where(rng.random(shape) < 0.5, rng.uniform(-8, 8, shape), rng.uniform(-126, 127, shape)))
    random = (rng.choice([-1.0, 1.0], shape) * sizes).astype(np.float32)
    whole = rng.integers(-40, 41, shape).astype(np.float32) / 4
    random = np.where(rng.random(shape) < 0.3, whole, random)
    return np.where(rng.random(shape) < 0.4, rng.choice(np.array(FLOAT_EDGES, np.float32), shape), random)


def literal(value: np.ndarray) -> str:
    """Python source of an array or scalar: every bit of it, in terms of `np`."""
    if value.dtype == np.float32 and (value.size > 64 or not np.isfinite(value).all()):
        return f"np.array({value.view(np.uint32).tolist()}, np.uint32).view(np.float32)"
    name = "bool" if value.dtype == np.bool_ else f"np.{value.dtype.name}"
    return f"np.array({value.tolist()}, {name})"
