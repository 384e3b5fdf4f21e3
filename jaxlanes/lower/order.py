"""The orders in which values are sorted and compared."""

from __future__ import annotations

import numpy as np

from jaxlanes.ir import FLOAT, INT
from jaxlanes.lower.context import Context


def before(context: Context, x: int, y: int) -> int:
    """Bool node: x stands strictly before y where XLA sorts: -inf < ... < -0 = 0 < ... < inf < NaN."""
    builder = context.builder
    if builder.nodes[x].type != FLOAT:
        return builder.compare("lt", x, y)
    return builder.compare("lt", _rank(context, x), _rank(context, y))


def total(context: Context, kind: str, x: int, y: int) -> int:
    """Bool node: a comparison of XLA's total order, in which a float comes by its bits."""
    builder = context.builder
    if builder.nodes[x].type != FLOAT:
        return builder.compare(kind, x, y)
    return builder.compare(kind, total_rank(context, x), total_rank(context, y))


def _rank(context: Context, x: int) -> int:
    """An int32 that is ordered as floats are sorted: zeros are equal, all NaNs are equal and last."""
    builder = context.builder
    x = builder.select(builder.compare("eq", x, builder.constant(0.0, FLOAT)), builder.constant(0.0, FLOAT), x)
    x = builder.select(builder.compare("ne", x, x), builder.constant(np.nan, FLOAT), x)
    return total_rank(context, x)


def total_rank(context: Context, x: int) -> int:
    """An int32 that is ordered as the float's bits: -NaN < -inf < ... < -0 < 0 < ... < inf < NaN."""
    builder = context.builder
    bits = builder.bits(x, INT)
    flipped = builder.binary("xor", bits, builder.constant(2**31 - 1, INT))
    return builder.select(builder.compare("lt", bits, builder.constant(0, INT)), flipped, bits)
