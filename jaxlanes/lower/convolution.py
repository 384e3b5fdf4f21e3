"""The rule of convolutions: each element is a sum of products, in the order of the kernel's index."""

from __future__ import annotations

from typing import Any

import numpy as np

from jaxlanes.ir import node_type
from jaxlanes.lower.context import Context, rule
from jaxlanes.lower.elementwise import binary, convert_value
from jaxlanes.lower.reduce import is_plain
from jaxlanes.lower.values import Lanes, Value


@rule("conv_general_dilated")
def _conv(context: Context, equation: Any, x: Value, kernel: Value) -> Value:
    params, dtype = equation.params, equation.outvars[0].aval.dtype
    if not is_plain(params["precision"]):
        raise context.unsupported(f"conv_general_dilated with precision={params['precision']}")
    asked = params["preferred_element_type"]
    assert asked is None or asked == dtype
    of_x, of_kernel, of_result = params["dimension_numbers"]
    image = np.transpose(context.ids(convert_value(context, x, dtype)), of_x)  # batch, feature, space
    weights = np.transpose(context.ids(convert_value(context, kernel, dtype)), of_kernel)  # result, feature, space
    zero = context.builder.constant(0, node_type(dtype))
    image = _spread(image, params["lhs_dilation"], zero)
    weights = _spread(weights, params["rhs_dilation"], zero, gaps=True)
    image = _padded(image, params["padding"], zero)
    groups, batches = params["feature_group_count"], params["batch_group_count"]
    strides, window = params["window_strides"], weights.shape[2:]
    shape = [equation.outvars[0].aval.shape[axis] for axis in of_result]
    result = np.zeros(shape, np.int64)
    multiply, add = binary(context, dtype, "mul"), binary(context, dtype, "add")
    outputs = weights.shape[0]
    for place in np.ndindex(*shape):
        row, feature, *space = place
        if batches > 1:  # a group of the batch for each group of results
            row += feature * batches // outputs * shape[0]
        first = feature * groups // outputs * weights.shape[1]
        start = [index * stride for index, stride in zip(space, strides, strict=True)]
        part = image[row, first : first + weights.shape[1]]
        part = part[(slice(None), *(slice(a, a + size) for a, size in zip(start, window, strict=True)))]
        pairs = zip(part.reshape(-1).tolist(), weights[feature].reshape(-1).tolist(), strict=True)
        terms = [multiply(a, b) for a, b in pairs if b != _GAP]
        total = zero  # as XLA begins, so that a sum of -0 alone is 0
        for term in terms:
            total = add(total, term)
        result[place] = total
    return Lanes(np.transpose(result, np.argsort(of_result)), dtype)


_GAP = -1
"""Stands between the elements of a dilated kernel."""


def _spread(array: np.ndarray, dilation: tuple[int, ...], zero: int, gaps: bool = False) -> np.ndarray:
    """Nodes with so many places between neighbours in space, filled by zeros or, if they are `gaps`, by `_GAP`."""
    shape = [(size - 1) * step + 1 if size else 0 for size, step in zip(array.shape[2:], dilation, strict=True)]
    result = np.full((*array.shape[:2], *shape), _GAP if gaps else zero, np.int64)
    result[(slice(None), slice(None), *(slice(None, None, step) for step in dilation))] = array
    return result


def _padded(array: np.ndarray, padding: tuple[tuple[int, int], ...], zero: int) -> np.ndarray:
    """Nodes with zeros around them in space, or, where the padding is negative, with fewer of them."""
    for axis, (low, high) in enumerate(padding, 2):
        widths = [(0, 0)] * array.ndim
        widths[axis] = (max(low, 0), max(high, 0))
        array = np.pad(array, widths, constant_values=zero)
        end = array.shape[axis] + min(high, 0)
        array = np.take(array, np.arange(max(-low, 0), end), axis)
    return array
