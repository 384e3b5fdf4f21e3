"""A random program: equations in Python source over typed variables, with nested bodies."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.custom_batching
import jax.extend
import jax.extend.random
import jax.numpy as jnp
import numpy as np
from jax import lax

from jaxlanes.tools.fuzz.values import Type

PRELUDE = """
def _with_jvp(f):
    g = jax.custom_jvp(f)
    g.defjvp(lambda primals, tangents: (g(*primals), f(*primals)))
    return g

def _with_vjp(f):
    g = jax.custom_vjp(f)
    g.defvjp(lambda *args: (f(*args), None), lambda _, cotangents: cotangents)
    return g

def _with_vmap(f):
    g = jax.custom_batching.custom_vmap(f)
    def over_lanes(size, batched, *args):
        results = jax.vmap(f, [0 if b else None for b in batched], axis_size=size)(*args)
        return results, (True,) * len(results)

    g.def_vmap(over_lanes)
    return g

def _compared(name, a, b):
    from jax._src.lax import lax as internal
    return getattr(internal, name + "_p").bind(a, b)
"""
"""Helpers that the source of a program may use."""


@dataclasses.dataclass(frozen=True)
class Body:
    """A function of its parameters alone, which gives a tuple."""

    name: str
    parameters: tuple[tuple[str, Type], ...]
    equations: tuple[Equation, ...]
    results: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Equation:
    """`names = text`, where `{0}` stands for the first operand and `{f0}` for the first body. `results` of more than
    one name, or of bodies, are taken from a sequence."""

    names: tuple[str, ...]
    types: tuple[Type, ...]
    text: str
    operands: tuple[str, ...]
    bodies: tuple[Body, ...] = ()
    label: str = ""
    pointwise: bool = False  # element by element, whatever the shapes

    def assignment(self) -> str:
        names = {f"f{i}": body.name for i, body in enumerate(self.bodies)}
        right = self.text.format(*self.operands, **names)
        left = ", ".join(self.names)
        return f"{left}{',' if self.bodies and len(self.names) == 1 else ''} = {right}"


@dataclasses.dataclass(frozen=True)
class Argument:
    name: str
    type: Type
    domain: str = "any"


@dataclasses.dataclass(frozen=True)
class Program:
    """A function of one lane: `arguments` to the variables named by `outputs`."""

    arguments: tuple[Argument, ...]
    equations: tuple[Equation, ...]
    outputs: tuple[str, ...]

    def types(self) -> dict[str, Type]:
        """Of every variable outside of bodies."""
        found = {argument.name: argument.type for argument in self.arguments}
        for equation in self.equations:
            found |= dict(zip(equation.names, equation.types, strict=True))
        return found

    def size(self) -> int:
        """Equations, those in bodies included."""
        return sum(1 for _ in every_equation(self.equations))

    def without_dead_code(self) -> Program:
        """Only what the outputs need."""
        equations = live_equations(self.equations, self.outputs)
        used = {*self.outputs, *(operand for equation in equations for operand in equation.operands)}
        kept = tuple(argument for argument in self.arguments if argument.name in used)
        return Program(kept or self.arguments[:1], equations, self.outputs)

    def source(self, name: str = "program") -> str:
        lines = [f"def {name}({', '.join(argument.name for argument in self.arguments)}):"]
        lines += _lines(self.equations, "    ")
        lines.append(f"    return ({', '.join(self.outputs)},)")
        return "\n".join(lines)

    def function(self) -> Callable[..., Any]:
        space: dict[str, Any] = {"jax": jax, "jnp": jnp, "lax": lax, "np": np}
        exec(PRELUDE + self.source(), space)
        return space["program"]


def live_equations(equations: tuple[Equation, ...], wanted: tuple[str, ...]) -> tuple[Equation, ...]:
    """The equations that the wanted variables need."""
    needed = set(wanted)
    kept = []
    for equation in reversed(equations):
        if needed & set(equation.names):
            kept.append(equation)
            needed |= set(equation.operands)
    return tuple(reversed(kept))


def every_equation(equations: tuple[Equation, ...]) -> Iterator[Equation]:
    for equation in equations:
        yield equation
        for body in equation.bodies:
            yield from every_equation(body.equations)


def _lines(equations: tuple[Equation, ...], indent: str) -> list[str]:
    lines = []
    for equation in equations:
        for body in equation.bodies:
            lines.append(f"{indent}def {body.name}({', '.join(name for name, _ in body.parameters)}):")
            lines += _lines(body.equations, indent + "    ")
            results = "".join(f"{name}, " for name in body.results).rstrip()
            lines.append(f"{indent}    return ({results})")
        lines.append(f"{indent}{equation.assignment()}")
    return lines
