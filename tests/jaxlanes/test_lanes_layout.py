"""Layout conversion between the batch outside and the lanes inside: any batch, any shape, any type."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

INTEGERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32"]


@pytest.mark.parametrize("lanes", [1, 2, 15, 16, 17, 63, 64, 100])
def test_any_batch_and_shape(same: Any, lanes: int) -> None:
    """Lanes past the end, and rows that are no multiple of sixteen bytes."""
    rng = np.random.default_rng(lanes)
    arrays = {}
    for shape in ((), (3,), (4,), (5,), (16,), (33,), (2, 3)):
        for dtype in (*INTEGERS, "float32", "bool"):
            arrays[f"{dtype}{shape}"] = rng.integers(0, 2 if dtype == "bool" else 100, (lanes, *shape)).astype(dtype)
    same(lambda tree: (jax.tree.map(lambda x: x + x if x.dtype != bool else ~x, tree), tree), arrays)
