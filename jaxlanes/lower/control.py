"""Rules of calls, branches and loops."""

from __future__ import annotations

from typing import Any

import numpy as np

from jaxlanes.ir import INT, Loop, Memory, Store, While, dtype_limits, node_type
from jaxlanes.lower.context import Context, rule
from jaxlanes.lower.index import clamped
from jaxlanes.lower.values import Keys, Lanes, Stored, Value, size_of

_CALLS = {"jit": "jaxpr", "pjit": "jaxpr", "closed_call": "call_jaxpr", "core_call": "call_jaxpr",
          "custom_jvp_call": "call_jaxpr", "custom_vjp_call": "call_jaxpr", "custom_vjp_call_jaxpr": "fun_jaxpr",
          "custom_vmap_call": "call", "remat": "jaxpr", "remat2": "jaxpr", "checkpoint": "jaxpr"}  # fmt: skip


@rule(*_CALLS)
def _call(context: Context, equation: Any, *values: Value) -> list[Value]:
    inner = equation.params[_CALLS[equation.primitive.name]]
    if hasattr(inner, "consts"):
        return context.run_closed(inner, list(values))
    return context.run(inner, (), list(values))


@rule("device_put", "sharding_constraint")
def _device_put(context: Context, equation: Any, *values: Value) -> list[Value]:
    return list(values)


# ---- values as flat lists of nodes


def flat(context: Context, value: Value) -> list[int]:
    words = value.words if isinstance(value, Keys) else (value,)
    return [int(node) for word in words for node in context.ids(word).reshape(-1)]


def unflat(nodes: list[int], like: Value, offset: int = 0) -> tuple[Value, int]:
    """A value of the kind and shape of `like` from nodes; and how many were used."""
    size = size_of(like)
    if isinstance(like, Keys):
        words = []
        for _ in like.words:
            words.append(
                Lanes(np.array(nodes[offset : offset + size], np.int64).reshape(like.shape), np.dtype(np.uint32))
            )
            offset += size
        return Keys(tuple(words), like.dtype), offset
    ids = np.array(nodes[offset : offset + size], np.int64).reshape(like.shape)
    return Lanes(ids, np.dtype(like.dtype)), offset + size


def unflat_all(nodes: list[int], like: list[Value]) -> list[Value]:
    result, offset = [], 0
    for value in like:
        found, offset = unflat(nodes, value, offset)
        result.append(found)
    return result


# ---- branches


@rule("cond")
def _cond(context: Context, equation: Any, which: Value, *operands: Value) -> list[Value]:
    builder, branches = context.builder, equation.params["branches"]
    index = context.scalar(which)
    if which.dtype == np.bool_:
        index = builder.from_bool(index, INT)
    index = clamped(context, index, len(branches) - 1)
    known = builder.value_of(index)
    if known is not None:
        return context.run_closed(branches[known], list(operands))
    masks = [builder.compare("eq", index, builder.constant(i, INT)) for i in range(len(branches))]
    possible = [i for i, mask in enumerate(masks) if builder.value_of(mask) is not False]
    blocks, template = [], []
    for i in possible:
        with builder.inside(builder.active(masks[i])) as block:
            template = context.run_closed(branches[i], list(operands))
            block.yields = [node for value in template for node in flat(context, value)]
        blocks.append(block)
    return unflat_all(builder.branch([masks[i] for i in possible], blocks), template)


# ---- loops


def _scan_sizes(params: dict[str, Any]) -> tuple[int, int]:
    """Numbers of constants and carries; JAX 0.11 writes a tree of the arguments where those before wrote numbers."""
    if "num_consts" in params:
        return params["num_consts"], params["num_carry"]
    constants, carries, _ = params["ft_in"].unpack()
    return len(constants), len(carries)


@rule("scan")
def _scan(context: Context, equation: Any, *values: Value) -> list[Value]:
    params = equation.params
    closed, length, reverse = params["jaxpr"], params["length"], params["reverse"]
    constants, carries, rows = _split(values, *_scan_sizes(params))
    carry_variables = closed.jaxpr.invars[len(constants) : len(constants) + len(carries)]
    if length == 0:
        empty = [np.zeros(v.aval.shape, v.aval.dtype) for v in equation.outvars[len(carries) :]]
        return [*carries, *empty]
    if length == 1:
        results = context.run_closed(closed, [*constants, *carries, *(_row(context, row, 0) for row in rows)])
        return [*results[: len(carries)], *(_with_axis(context, value) for value in results[len(carries) :])]

    # A carry that the body hands through is a constant of the loop.
    outputs = closed.jaxpr.outvars
    fixed = [outputs[i] is variable for i, variable in enumerate(carry_variables)]
    moving = [i for i in range(len(carries)) if not fixed[i]]
    builder = context.builder
    number = context.loops
    context.loops += 1
    initial = [node for i in moving for node in flat(context, carries[i])]
    limits = [_limits(carries[i]) for i in moving for _ in range(_count(carries[i]))]
    phis = [builder.phi(builder.nodes[node].type, limit) for node, limit in zip(initial, limits, strict=True)]
    inner = unflat_all(phis, [carries[i] for i in moving])
    stored = [_in_memory(context, row) for row in rows]
    mask = builder.block.mask
    with builder.inside(mask) as block:
        arguments = list(carries)
        for i, value in zip(moving, inner, strict=True):
            arguments[i] = value
        step = builder.node("loop_index", INT, (), number, bounds=(0, length - 1))
        read = [_read_row(context, row, step) for row in stored]
        results = context.run_closed(closed, [*constants, *arguments, *read])
        block.yields = [node for i in moving for node in flat(context, results[i])]
        collected = [_collect(context, value, number, length) for value in results[len(carries) :]]
    final = [builder.phi(builder.nodes[node].type, limit) for node, limit in zip(initial, limits, strict=True)]
    builder.block.items.append(Loop(number, length, reverse, initial, phis, block, final))
    result = list(carries)
    for i, value in zip(moving, unflat_all(final, [carries[i] for i in moving]), strict=True):
        result[i] = value
    return [*result, *collected]


def _split(values: tuple[Value, ...], constants: int, carries: int) -> tuple[list[Value], list[Value], list[Value]]:
    end = constants + carries
    return list(values[:constants]), list(values[constants:end]), list(values[end:])


def _count(value: Value) -> int:
    return size_of(value) * (len(value.words) if isinstance(value, Keys) else 1)


def _limits(value: Value) -> tuple[int, int] | None:
    if isinstance(value, Keys) or value.dtype.kind in "fb":
        return None
    return dtype_limits(value.dtype)


def _row(context: Context, value: Value, index: int) -> Value:
    """Row `index` of an array."""
    if isinstance(value, Keys):
        return Keys(tuple(_row(context, word, index) for word in value.words), value.dtype)
    if isinstance(value, np.ndarray):
        return value[index]
    if isinstance(value, Stored):
        size = size_of(value) // value.shape[0]
        return Stored(value.memory, value.offset + index * size, value.shape[1:], value.dtype)
    return Lanes(value.ids[index], value.dtype)


def _with_axis(context: Context, value: Value) -> Value:
    if isinstance(value, Keys):
        return Keys(tuple(_with_axis(context, word) for word in value.words), value.dtype)
    if isinstance(value, np.ndarray):
        return value[None]
    return Lanes(context.ids(value)[None], value.dtype)


def _in_memory(context: Context, rows: Value) -> Value:
    if isinstance(rows, Keys):
        return Keys(tuple(_in_memory(context, word) for word in rows.words), rows.dtype)
    if size_of(rows) == 0:
        return rows
    memory, offset = context.in_memory(rows)
    return Stored(memory, offset, rows.shape, np.dtype(rows.dtype))


def _read_row(context: Context, rows: Value, step: int) -> Value:
    """The row of this iteration."""
    if isinstance(rows, Keys):
        return Keys(tuple(_read_row(context, word, step) for word in rows.words), rows.dtype)
    if not isinstance(rows, Stored):
        return np.zeros(rows.shape[1:], rows.dtype)
    builder, size = context.builder, size_of(rows) // rows.shape[0]
    base = builder.binary("mul", step, builder.constant(size, INT))
    nodes = []
    for i in range(size):
        index = builder.binary("add", base, builder.constant(rows.offset + i, INT))
        nodes.append(context.element(rows.memory, index, rows.dtype))
    return context.lanes(np.reshape(nodes, rows.shape[1:]), rows.dtype)


def _collect(context: Context, value: Value, number: int, length: int) -> Value:
    """The rows that the loop stacks, in memory."""
    if isinstance(value, Keys):
        return Keys(tuple(_collect(context, word, number, length) for word in value.words), value.dtype)
    nodes = flat(context, value)
    size = len(nodes)
    shape = (length, *value.shape)
    if size == 0:
        return np.zeros(shape, value.dtype)
    type_ = "int32" if value.dtype == np.bool_ else node_type(value.dtype)
    memory = Memory("rows", type_, size * length, (number, len(context.builder.nodes)))
    for offset, node in enumerate(nodes):
        if value.dtype == np.bool_:
            node = context.builder.from_bool(node, INT)
        context.builder.block.items.append(Store(memory, number, size, offset, node))
    return Stored(memory, 0, shape, np.dtype(value.dtype))


@rule("while")
def _while(context: Context, equation: Any, *values: Value) -> list[Value]:
    params, builder = equation.params, context.builder
    test_count, body_count = params["cond_nconsts"], params["body_nconsts"]
    test_constants, body_constants = list(values[:test_count]), list(values[test_count : test_count + body_count])
    carries = list(values[test_count + body_count :])
    body_jaxpr = params["body_jaxpr"]
    variables = body_jaxpr.jaxpr.invars[body_count:]
    moving = [i for i, variable in enumerate(variables) if body_jaxpr.jaxpr.outvars[i] is not variable]
    initial = [node for i in moving for node in flat(context, carries[i])]
    limits = [_limits(carries[i]) for i in moving for _ in range(_count(carries[i]))]
    phis = [builder.phi(builder.nodes[node].type, limit) for node, limit in zip(initial, limits, strict=True)]
    arguments = list(carries)
    for i, value in zip(moving, unflat_all(phis, [carries[i] for i in moving]), strict=True):
        arguments[i] = value
    outer = builder.block.mask
    with builder.inside(outer) as condition:
        (going,) = context.run_closed(params["cond_jaxpr"], [*test_constants, *arguments])
        condition.yields = [builder.active(context.scalar(going))]
        with builder.inside(condition.yields[0]) as body:
            results = context.run_closed(body_jaxpr, [*body_constants, *arguments])
            body.yields = [node for i in moving for node in flat(context, results[i])]
    final = [builder.phi(builder.nodes[node].type, limit) for node, limit in zip(initial, limits, strict=True)]
    builder.block.items.append(While(initial, phis, condition, body, final))
    result = list(carries)
    for i, value in zip(moving, unflat_all(final, [carries[i] for i in moving]), strict=True):
        result[i] = value
    return result
