"""Representations of a traced array while it is lowered: constants, nodes, a range of memory, or a formula."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from jaxlanes.ir import WIDE, Memory


@dataclasses.dataclass(frozen=True, eq=False)
class Lanes:
    """An array of node numbers, all of its elements known one by one. `exact`: see `wide`."""

    ids: np.ndarray
    dtype: np.dtype
    exact: bool = True

    @property
    def shape(self) -> tuple[int, ...]:
        return self.ids.shape


@dataclasses.dataclass(frozen=True, eq=False)
class Stored:
    """An array that lies in memory, in row-major order from element `offset` on. It can be read at any index. `exact`:
    see `wide`. `as_float`: of an argument of 64-bit integers, the same numbers as float32."""

    memory: Memory
    offset: int
    shape: tuple[int, ...]
    dtype: np.dtype
    exact: bool = True
    as_float: Stored | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class Formula:
    """A large array of which no element is computed yet. `element` gives the node of one, in the block where operations
    go, from the index nodes of each axis, which are in bounds. `cost`: operations of an element; `depth`: of formulas
    in one another."""

    element: Callable[[tuple[int, ...]], int]
    shape: tuple[int, ...]
    dtype: np.dtype
    cost: int = 1
    depth: int = 1
    exact: bool = True


@dataclasses.dataclass(frozen=True, eq=False)
class Keys:
    """An array of random keys: its words as arrays of uint32, one after the other."""

    words: tuple[Any, ...]  # of Value
    dtype: Any

    @property
    def shape(self) -> tuple[int, ...]:
        return self.words[0].shape


Value: TypeAlias = np.ndarray | Lanes | Stored | Formula | Keys


def is_wide(dtype: Any) -> bool:
    """True for a 64-bit type. (Random keys have a dtype that is none of NumPy's.)"""
    return getattr(dtype, "name", "") in WIDE


def size_of(value: Value) -> int:
    """Number of elements."""
    return int(np.prod(value.shape, dtype=np.int64))
