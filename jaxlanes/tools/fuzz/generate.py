"""Random programs: of one primitive by itself, and of many that feed each other."""

from __future__ import annotations

import numpy as np

from jaxlanes.tools.fuzz import arrays as _arrays  # noqa: F401 (registers its generators)
from jaxlanes.tools.fuzz import composed as _composed  # noqa: F401
from jaxlanes.tools.fuzz import elementwise as _elementwise  # noqa: F401
from jaxlanes.tools.fuzz.classes import CLASSES, grow
from jaxlanes.tools.fuzz.programs import Program
from jaxlanes.tools.fuzz.scope import Scope, any_type
from jaxlanes.tools.fuzz.values import KEY, Type

# isort: split
from jaxlanes.tools.fuzz import control as _control  # noqa: F401 (the last: the classes' order decides a seed's draws)


def random_program(rng: np.random.Generator, equations: int, *, large: bool = False) -> Program:
    """Its outputs are what nothing else uses, and some of the rest. `large`: on arrays of thousands of elements."""
    scope = Scope(rng, large=large)
    for type_ in (Type("int32", ()), Type("float32", ()), *(any_type(scope) for _ in range(scope.between(0, 2)))):
        scope.argument(type_)
    if scope.chance(0.4):
        scope.argument(Type(KEY, ()))
    while sum(equation.label != "constant" for equation in scope.equations) < equations:
        grow(scope, 1)
    used = {operand for equation in scope.equations for operand in equation.operands}
    made = [name for equation in scope.equations for name in equation.names]
    outputs = [name for name in made if name not in used or scope.chance(0.1)]
    return Program(tuple(scope.arguments), tuple(scope.equations), tuple(outputs)).without_dead_code()


def primitive_program(rng: np.random.Generator, name: str) -> Program:
    """The primitive once, on arguments of its own and constants."""
    while True:
        scope = Scope(rng, fresh=True)
        CLASSES[name].make(scope)
        if scope.arguments:
            last = scope.equations[-1]
            return Program(tuple(scope.arguments), tuple(scope.equations), last.names).without_dead_code()
