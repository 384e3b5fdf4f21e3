"""Rules of calls, branches and loops."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from jaxlanes.ir import BOOL, INT, Block, Loop, Memory, Store, While, dtype_limits, node_type
from jaxlanes.lower import carries as in_lane_memory
from jaxlanes.lower import loops
from jaxlanes.lower.context import Context, rule
from jaxlanes.lower.counters import step_of, values_in_scan, values_in_while
from jaxlanes.lower.shape_loops import reshaped
from jaxlanes.lower.values import Formula, Keys, Lanes, Stored, Value, is_wide, size_of
from jaxlanes.lower.windows import clamped

_CALLS = {"jit": "jaxpr", "pjit": "jaxpr", "closed_call": "call_jaxpr", "core_call": "call_jaxpr",
          "custom_jvp_call": "call_jaxpr", "custom_vjp_call": "call_jaxpr", "custom_vjp_call_jaxpr": "fun_jaxpr",
          "custom_vmap_call": "call", "remat": "jaxpr", "remat2": "jaxpr", "checkpoint": "jaxpr"}  # fmt: skip


@rule(*_CALLS, bodies=True)
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


def unflat_all(nodes: list[int], like: list[Value], exact: list[bool]) -> list[Value]:
    """Values of the kinds and shapes of `like` from nodes; `exact` says of each whether its nodes are all of it."""
    result, offset = [], 0
    for value, whole in zip(like, exact, strict=True):
        found, offset = _unflat(nodes, value, offset, whole)
        result.append(found)
    return result


def _unflat(nodes: list[int], like: Value, offset: int, exact: bool) -> tuple[Value, int]:
    """One value, and how many nodes were used by then."""
    if isinstance(like, Keys):
        words = []
        for word in like.words:
            found, offset = _unflat(nodes, word, offset, True)
            words.append(found)
        return Keys(tuple(words), like.dtype), offset
    end = offset + size_of(like)
    ids = np.array(nodes[offset:end], np.int64).reshape(like.shape)
    return Lanes(ids, np.dtype(like.dtype), exact), end


# ---- branches


@rule("cond", bodies=True)
def _cond(context: Context, equation: Any, which: Value, *operands: Value) -> list[Value]:
    builder, branches = context.builder, equation.params["branches"]
    if not context.is_exact(which):
        raise context.unsupported("a cond or switch by an index that may need 64 bits", "convert the index to int32")
    index = context.scalar(which)
    if which.dtype == np.bool_:
        index = builder.from_bool(index, INT)
    index = clamped(context, index, len(branches) - 1)
    known = builder.value_of(index)
    if known is not None:
        return context.run_closed(branches[known], list(operands))
    masks = [builder.compare("eq", index, builder.constant(i, INT)) for i in range(len(branches))]
    possible = [i for i, mask in enumerate(masks) if builder.value_of(mask) is not False]
    in_memory: dict[int, Value] = {}
    targets: dict[int, Stored] = {}
    for position, variable in enumerate(equation.outvars):
        if in_lane_memory.stays_in_memory(variable.aval):
            same = in_lane_memory.handed_through(branches, position)
            if same is None:
                targets[position] = loops.new_memory(context, variable.aval.shape, variable.aval.dtype)
            else:
                in_memory[position] = operands[same]
    in_memory |= targets
    small = [position for position in range(len(equation.outvars)) if position not in in_memory]
    blocks, template = [], []
    exact: list[bool] = []
    for i in possible:
        with builder.inside(builder.active(masks[i])) as block:
            results = context.run_closed(branches[i], list(operands))
            for position, target in targets.items():
                # The first block may write all lanes: those of the others are written later.
                loops.fill(context, target, results[position], masks[i] if blocks else None)
            template = [results[position] for position in small]
            block.yields = [node for value in template for node in flat(context, value)]
        whole = [context.is_exact(value) for value in template]
        exact = [a and b for a, b in zip(exact, whole, strict=True)] if exact else whole
        blocks.append(block)
    merged = unflat_all(builder.branch([masks[i] for i in possible], blocks), template, exact)
    return [value for _position, value in sorted([*in_memory.items(), *zip(small, merged, strict=True)], key=_first)]


def _first(pair: tuple[int, Value]) -> int:
    return pair[0]


# ---- loops


def _scan_sizes(params: dict[str, Any]) -> tuple[int, int]:
    """Numbers of constants and carries; JAX 0.11 writes a tree of the arguments where those before wrote numbers."""
    if "num_consts" in params:
        return params["num_consts"], params["num_carry"]
    constants, carries, _ = params["ft_in"].unpack()
    return len(constants), len(carries)


@rule("scan", bodies=True)
def _scan(context: Context, equation: Any, *values: Value) -> list[Value]:
    params = equation.params
    values = tuple(loops.stored(context, value) for value in values)
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
    outputs, builder = closed.jaxpr.outvars, context.builder
    number = context.loops
    context.loops += 1
    mask = builder.block.mask
    counters = {}
    for i, variable in enumerate(carry_variables):
        step = step_of(closed.jaxpr, variable, outputs[i])
        if step is not None and values_in_scan(context, carries[i], step, length) is not None:
            counters[i] = step
    moving = [i for i, variable in enumerate(carry_variables) if outputs[i] is not variable and i not in counters]
    large = [i for i in moving if in_lane_memory.stays_in_memory(carry_variables[i].aval)]
    moving = [i for i in moving if i not in large]
    cells = {i: loops.store(context, carries[i], "cell") for i in large}
    stored: list[Value] = []

    def body(inner: list[Value]) -> tuple[Block, list[Value], Any]:
        if not stored:
            stored.extend(_in_memory(context, row) for row in rows)
        with builder.inside(mask) as block:
            arguments = [cells.get(i, value) for i, value in enumerate(carries)]
            for i, value in zip(moving, inner, strict=True):
                arguments[i] = value
            index = builder.node("loop_index", INT, (), number, bounds=(0, length - 1))
            if counters:
                last = builder.constant(length - 1, INT)
                turn = builder.binary("sub", last, index) if reverse else index
                for i, step in counters.items():
                    arguments[i] = _counted(context, carries[i], step, turn)
            read = [_read_row(context, row, index) for row in stored]
            results = context.run_closed(closed, [*constants, *arguments, *read])
            block.yields = [node for i in moving for node in flat(context, results[i])]
            collected = [_collect(context, value, number, length) for value in results[len(carries) :]]
            in_lane_memory.write_back(context, cells, results)
        return block, [results[i] for i in moving], collected

    loop = _run_body(context, [carries[i] for i in moving], {}, body)
    builder.block.items.append(Loop(number, length, reverse, loop.initial, loop.phis, loop.made[0], loop.final))
    result = [cells.get(i, value) for i, value in enumerate(carries)]
    for i, value in zip(moving, loop.results, strict=True):
        result[i] = value
    for i, step in counters.items():
        result[i] = _counted(context, carries[i], step, builder.constant(length, INT))
    return [*result, *loop.made[-1]]


def _counted(context: Context, start: Value, step: int, turn: int) -> Value:
    """A counter of a scan after so many iterations."""
    builder, type_ = context.builder, node_type(start.dtype)
    added = builder.binary("mul", builder.convert(turn, type_), builder.constant(step, type_))
    return context.lanes(builder.binary("add", context.scalar(start), added), start.dtype)


@dataclasses.dataclass(frozen=True, eq=False)
class _Body:
    """A loop whose body is lowered: nodes of its carries before, in and after it, and the values after it. `made`:
    what the body's function gave."""

    initial: list[int]
    phis: list[int]
    final: list[int]
    results: list[Value]
    made: Any


def _run_body(
    context: Context, carries: list[Value], bounds: dict[int, tuple[int, int]], body: Callable[[list[Value]], Any]
) -> _Body:
    """Lower `body(carries)`, which gives anything of which the second part is the carries' next values.

    Carries of 64-bit types are taken to be all in their nodes, until the body makes one that is not; those with known
    `bounds` are.
    """
    builder = context.builder
    exact = [context.is_exact(value) for value in carries]
    initial = [node for value in carries for node in flat(context, value)]
    limits = [bounds.get(i, _limits(value)) for i, value in enumerate(carries) for _ in range(_count(value))]

    def new() -> list[int]:
        return [builder.phi(builder.nodes[node].type, limit) for node, limit in zip(initial, limits, strict=True)]

    while True:
        phis = new()
        made = body(unflat_all(phis, carries, exact))
        stays = [i in bounds or context.is_exact(value) for i, value in enumerate(made[1])]
        if not any(a and not b for a, b in zip(exact, stays, strict=True)):
            break
        exact = [a and b for a, b in zip(exact, stays, strict=True)]
    final = new()
    return _Body(initial, phis, final, unflat_all(final, carries, exact), made)


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
        return Stored(value.memory, value.offset + index * size, value.shape[1:], value.dtype, value.exact)
    if isinstance(value, Formula):
        return _row(context, loops.store(context, value), index)
    return Lanes(value.ids[index], value.dtype, value.exact)


def _with_axis(context: Context, value: Value) -> Value:
    if isinstance(value, Keys):
        return Keys(tuple(_with_axis(context, word) for word in value.words), value.dtype)
    if isinstance(value, np.ndarray):
        return value[None]
    if loops.is_looped(value):
        return reshaped(context, value, (1, *value.shape))
    return Lanes(context.ids(value)[None], value.dtype, value.exact)


def _in_memory(context: Context, rows: Value) -> Value:
    if isinstance(rows, Keys):
        return Keys(tuple(_in_memory(context, word) for word in rows.words), rows.dtype)
    if size_of(rows) == 0:
        return rows
    memory, offset = context.in_memory(rows)
    return Stored(memory, offset, rows.shape, np.dtype(rows.dtype), context.is_exact(rows))


def _read_row(context: Context, rows: Value, step: int) -> Value:
    """The row of this iteration."""
    if isinstance(rows, Keys):
        return Keys(tuple(_read_row(context, word, step) for word in rows.words), rows.dtype)
    if not isinstance(rows, Stored):
        return np.zeros(rows.shape[1:], rows.dtype)
    builder, size = context.builder, size_of(rows) // rows.shape[0]
    if loops.is_large((size,)) and not is_wide(rows.dtype):
        return in_lane_memory.read_row(context, rows, step)
    base = builder.binary("mul", step, builder.constant(size, INT))
    nodes = []
    for i in range(size):
        index = builder.binary("add", base, builder.constant(rows.offset + i, INT))
        nodes.append(context.element(rows.memory, index, rows.dtype))
    return Lanes(np.reshape(np.asarray(nodes, np.int64), rows.shape[1:]), rows.dtype, rows.exact)


def _collect(context: Context, value: Value, number: int, length: int) -> Value:
    """The rows that the loop stacks, in memory."""
    if isinstance(value, Keys):
        return Keys(tuple(_collect(context, word, number, length) for word in value.words), value.dtype)
    if not is_wide(value.dtype) and loops.is_large(value.shape):
        return in_lane_memory.collect(context, value, number, length)
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
    return Stored(memory, 0, shape, np.dtype(value.dtype), context.is_exact(value))


@rule("while", bodies=True)
def _while(context: Context, equation: Any, *values: Value) -> list[Value]:
    params, builder = equation.params, context.builder
    values = tuple(loops.stored(context, value) for value in values)
    test_count, body_count = params["cond_nconsts"], params["body_nconsts"]
    test_constants, body_constants = list(values[:test_count]), list(values[test_count : test_count + body_count])
    carries = list(values[test_count + body_count :])
    body_jaxpr = params["body_jaxpr"]
    variables = body_jaxpr.jaxpr.invars[body_count:]
    moving = [i for i, variable in enumerate(variables) if body_jaxpr.jaxpr.outvars[i] is not variable]
    outer = builder.block.mask
    several = params["cond_jaxpr"].out_avals[0].shape != ()
    large = [i for i in moving if not several and in_lane_memory.stays_in_memory(variables[i].aval)]
    moving = [i for i in moving if i not in large]
    cells = {i: loops.store(context, carries[i], "cell") for i in large}

    def body(inner: list[Value]) -> tuple[Any, list[Value]]:
        arguments = [cells.get(i, value) for i, value in enumerate(carries)]
        for i, value in zip(moving, inner, strict=True):
            arguments[i] = value
        with builder.inside(outer) as condition:
            (going,) = context.run_closed(params["cond_jaxpr"], [*test_constants, *arguments])
            tests = context.ids(going)
            condition.yields = [builder.active(_any(context, tests.reshape(-1).tolist()))]
            with builder.inside(condition.yields[0]) as block:
                results = context.run_closed(body_jaxpr, [*body_constants, *arguments])
                if several:  # loops side by side, as `jax.vmap` makes them: one that stopped keeps its carries
                    results = [_chosen(context, tests, new, old) for new, old in zip(results, arguments, strict=True)]
                block.yields = [node for i in moving for node in flat(context, results[i])]
                in_lane_memory.write_back(context, cells, results, condition.yields[0])
        return (condition, block), [results[i] for i in moving]

    # Counters of 64-bit types, and what they count to: arguments of the condition that stay as they are.
    known = dict(enumerate([*test_constants, *carries]))
    known = {i: value for i, value in known.items() if i < test_count or i - test_count not in moving}
    bounds = {}
    for place, i in enumerate(moving):
        step = step_of(body_jaxpr.jaxpr, variables[i], body_jaxpr.jaxpr.outvars[i])
        if step is not None and not several:
            condition = params["cond_jaxpr"].jaxpr
            found = values_in_while(context, condition, test_count + i, carries[i], step, known)
            if found is not None:
                bounds[place] = found
    loop = _run_body(context, [carries[i] for i in moving], bounds, body)
    condition, block = loop.made[0]
    builder.block.items.append(While(loop.initial, loop.phis, condition, block, loop.final))
    result = [cells.get(i, value) for i, value in enumerate(carries)]
    for i, value in zip(moving, loop.results, strict=True):
        result[i] = value
    return result


def _any(context: Context, tests: list[int]) -> int:
    """Bool node: one of them is true."""
    result = context.builder.constant(False, BOOL)
    for test in tests:
        result = context.builder.binary("or", test, result)
    return result


def _chosen(context: Context, tests: np.ndarray, new: Value, old: Value) -> Value:
    """`new` where a test (bool nodes, of the first axes) is true, else `old`."""
    if isinstance(new, Keys):
        words = zip(new.words, old.words, strict=True)  # type: ignore[union-attr]
        return Keys(tuple(_chosen(context, tests, a, b) for a, b in words), new.dtype)
    exact = context.is_exact(new) and context.is_exact(old)
    opened = tests.reshape(tests.shape + (1,) * (len(new.shape) - tests.ndim))
    arrays = np.broadcast_arrays(opened, context.ids(new), context.ids(old))
    rows = zip(*(array.reshape(-1).tolist() for array in arrays), strict=True)
    ids = [context.builder.select(test, a, b) for test, a, b in rows]
    return Lanes(np.reshape(np.asarray(ids, np.int64), new.shape), np.dtype(new.dtype), exact)
