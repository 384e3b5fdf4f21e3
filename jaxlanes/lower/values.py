"""Representations of a traced array while it is lowered: constants, nodes, or a range of memory."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeAlias

import numpy as np

from jaxlanes.ir import Memory


@dataclasses.dataclass(frozen=True, eq=False)
class Lanes:
    """An array of node numbers, all of its elements known one by one."""

    ids: np.ndarray
    dtype: np.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        return self.ids.shape


@dataclasses.dataclass(frozen=True, eq=False)
class Stored:
    """An array that lies in memory, in row-major order from element `offset` on. It can be read at any index."""

    memory: Memory
    offset: int
    shape: tuple[int, ...]
    dtype: np.dtype


@dataclasses.dataclass(frozen=True, eq=False)
class Keys:
    """An array of random keys: its words as arrays of uint32, one after the other."""

    words: tuple[Any, ...]  # of Value
    dtype: Any

    @property
    def shape(self) -> tuple[int, ...]:
        return self.words[0].shape


Value: TypeAlias = np.ndarray | Lanes | Stored | Keys


def size_of(value: Value) -> int:
    return int(np.prod(value.shape, dtype=np.int64))
