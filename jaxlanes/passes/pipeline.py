"""The passes over a whole program before it is written out: value ranges, copy propagation, in-place updates."""

from __future__ import annotations

from jaxlanes.ir import Branch, Loop, Program, walk
from jaxlanes.passes.copy_propagation import propagate_copies
from jaxlanes.passes.dead_code import remove_dead_code
from jaxlanes.passes.in_place import find_in_place_updates
from jaxlanes.passes.multiply_high import find_high_products
from jaxlanes.passes.uses import reads
from jaxlanes.passes.value_ranges import refine


def optimise(program: Program) -> None:
    """Run every pass once, in place. A program that was optimised before is left as it is."""
    if program.optimised:
        return
    program.optimised = True
    refine(program)
    propagate_copies(program)
    find_high_products(program)
    remove_dead_code(program)
    find_in_place_updates(program)
    for item in walk(program.body):
        if isinstance(item, Loop):
            _find_unread(program, item)


def _find_unread(program: Program, loop: Loop) -> None:
    """Fill `Loop.unread`: carries that the body does not read."""
    read: set[int] = set(loop.body.yields)
    made: set[int] = set()
    for item in walk(loop.body):
        read.update(reads(item, program.nodes))
    for item in loop.body.items:
        if isinstance(item, int):
            made.add(item)
        elif isinstance(item, Branch):  # what a loop gives lies where the loop's own carry does
            made.update(item.results)
    seen: set[int] = set()
    for position, (carry, value) in enumerate(zip(loop.carries, loop.body.yields, strict=True)):
        if carry not in read and value in made and value not in seen and loop.body.yields.count(value) == 1:
            loop.unread.add(position)
            seen.add(value)
