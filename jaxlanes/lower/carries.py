"""Large arrays that cross the border of a branch or of an iteration: they stay in memory of the lanes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend import core

from jaxlanes.ir import INT
from jaxlanes.lower import loops
from jaxlanes.lower.context import Context
from jaxlanes.lower.loops import Index
from jaxlanes.lower.values import Formula, Keys, Stored, Value, is_wide, size_of


def stays_in_memory(aval: Any) -> bool:
    """True for the type of an array that is not handled element by element."""
    if jnp.issubdtype(aval.dtype, jax.dtypes.prng_key) or aval.dtype == jax.dtypes.float0 or is_wide(aval.dtype):
        return False
    return loops.is_large(aval.shape)


def handed_through(branches: Sequence[Any], position: int) -> int | None:
    """The number of the operand that every branch gives as this result, if there is one."""
    found = set()
    for closed in branches:
        numbers = {variable: number for number, variable in enumerate(closed.jaxpr.invars)}
        result = closed.jaxpr.outvars[position]
        found.add(None if isinstance(result, core.Literal) else numbers.get(result))
    return found.pop() if len(found) == 1 else None


def write_back(context: Context, cells: dict[int, Stored], results: list[Value], mask: int | None = None) -> None:
    """Make the cells what an iteration made of them, in the lanes of the mask. New values are computed before that."""
    changed = {}
    for number, cell in cells.items():
        new = results[number]
        if isinstance(new, Stored) and new.memory is cell.memory and new.offset == cell.offset:
            continue
        reads_cells = isinstance(new, Formula) or (isinstance(new, Stored) and new.memory.kind == "cell")
        changed[number] = loops.store(context, new) if reads_cells else new
    for number, new in changed.items():
        loops.fill(context, cells[number], new, mask)


def read_row(context: Context, rows: Stored, step: int) -> Value:
    """Row `step` (a node) of rows that are large."""
    shape, size = rows.shape[1:], size_of(rows) // rows.shape[0]
    builder = context.builder
    base = builder.binary("mul", step, builder.constant(size, INT))

    def element(index: Index) -> int:
        place = builder.binary("add", base, loops.flat_index(context, index, shape, rows.offset))
        return context.element(rows.memory, place, rows.dtype)

    return Formula(element, shape, rows.dtype)


def collect(context: Context, value: Value, number: int, length: int) -> Value:
    """The large rows that the loop of this number stacks, in memory."""
    assert not isinstance(value, Keys)
    builder = context.builder
    target = loops.new_memory(context, (length, *value.shape), value.dtype)
    read = loops.reader(context, value)
    step = builder.node("loop_index", INT, (), number, bounds=(0, length - 1))
    loops.nest(context, value.shape, lambda index: loops.put(context, target, (step, *index), read.element(index)))
    return target
