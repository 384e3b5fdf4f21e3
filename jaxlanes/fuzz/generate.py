"""Random programs: of one primitive by itself, and of many that feed each other."""

from __future__ import annotations

import functools

import numpy as np

from jaxlanes.fuzz import arrays as _arrays  # noqa: F401 (registers its generators)
from jaxlanes.fuzz import elementwise as _elementwise  # noqa: F401
from jaxlanes.fuzz.classes import CLASSES
from jaxlanes.fuzz.control import DEEPEST
from jaxlanes.fuzz.programs import Program
from jaxlanes.fuzz.scope import Scope, any_type
from jaxlanes.fuzz.values import KEY, Type

BODIED = frozenset({"cond", "while", "scan", "jit", "remat2", "custom_jvp_call", "custom_vjp_call", "custom_vmap_call"})


@functools.cache
def _weights(depth: int) -> tuple[tuple[str, ...], np.ndarray]:
    names = tuple(n for n, c in CLASSES.items() if c.exact and c.in_programs and not (depth >= DEEPEST and n in BODIED))
    if depth:  # JAX cannot batch it in branches in which nothing depends on the lane
        names = tuple(name for name in names if name != "custom_vmap_call")
    weights = np.array([CLASSES[name].in_programs for name in names])
    return names, weights / weights.sum()


def grow(scope: Scope, equations: int) -> None:
    """Add about this many equations of random primitives."""
    names, weights = _weights(scope.depth)
    for _ in range(equations):
        CLASSES[names[int(scope.rng.choice(len(names), p=weights))]].make(scope)


def random_program(rng: np.random.Generator, equations: int) -> Program:
    """Its outputs are what nothing else uses, and some of the rest."""
    scope = Scope(rng)
    for type_ in (Type("int32", ()), Type("float32", ()), *(any_type(scope) for _ in range(scope.between(0, 2)))):
        scope.argument(type_)
    if scope.chance(0.4):
        scope.argument(Type(KEY, ()))
    while sum(equation.label != "constant" for equation in scope.equations) < equations:
        grow(scope, 1)
    used = {operand for equation in scope.equations for operand in equation.operands}
    made = [name for equation in scope.equations for name in equation.names]
    outputs = [name for name in made if name not in used or scope.chance(0.1)]
    return Program(tuple(scope.arguments), tuple(scope.equations), tuple(outputs)).without_dead()


def primitive_program(rng: np.random.Generator, name: str) -> Program:
    """The primitive once, on arguments of its own and constants."""
    while True:
        scope = Scope(rng, fresh=True)
        CLASSES[name].make(scope)
        if scope.arguments:
            last = scope.equations[-1]
            return Program(tuple(scope.arguments), tuple(scope.equations), last.names).without_dead()
