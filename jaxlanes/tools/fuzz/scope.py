"""The scope in which a program grows: its variables, and the choice of an equation's operands."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator

import numpy as np

from jaxlanes.tools.fuzz.oracles import flushed
from jaxlanes.tools.fuzz.programs import Argument, Body, Equation
from jaxlanes.tools.fuzz.values import DTYPES, KEY, NUMBERS, Type, draw, literal

MOST_ELEMENTS = 16
LARGE_ELEMENTS = 5000
"""Elements of the largest array of a program of large arrays."""
_SHAPES = ((), (1,), (2,), (3,), (4,), (5,), (2, 2), (2, 3), (3, 2), (1, 4), (4, 3), (2, 1, 3), (2, 2, 2), (1, 2, 4))
_WEIGHTS = (9, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5)


@dataclasses.dataclass(eq=False)
class Scope:
    """`fresh`: every operand is an argument of its own, or a constant (a primitive by itself); else variables are used
    again and again (a program). `inner`: the inside of a body, which has no arguments to add. `large`: most arrays have
    up to `LARGE_ELEMENTS`, which kernels handle in loops."""

    rng: np.random.Generator
    fresh: bool = False
    inner: bool = False
    large: bool = False
    depth: int = 0
    numbers: Iterator[int] = dataclasses.field(default_factory=itertools.count)
    arguments: list[Argument] = dataclasses.field(default_factory=list)
    equations: list[Equation] = dataclasses.field(default_factory=list)
    variables: list[tuple[str, Type]] = dataclasses.field(default_factory=list)

    # ---- choices

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def below(self, limit: int) -> int:
        return int(self.rng.integers(limit))

    def between(self, low: int, high: int) -> int:
        """Both included."""
        return int(self.rng.integers(low, high + 1))

    def one_of(self, options):
        return options[self.below(len(options))]

    def dtype(self, options: tuple[str, ...] = NUMBERS) -> str:
        favourites = [name for name in ("int32", "float32", "bool", "int32") if name in options]
        return self.one_of(favourites) if favourites and self.chance(0.5) else self.one_of(options)

    def shape(self, least: int = 0) -> tuple[int, ...]:
        """Of at least this many axes."""
        if not self.fresh and self.chance(0.7):  # fewer conversions, more equations that feed each other
            there = [type_.shape for _, type_ in self.variables[-12:] if least <= len(type_.shape) <= 3]
            if there:
                return self.one_of(there)
        if self.large and self.chance(0.6):
            return self.large_shape(least)
        allowed = [i for i, shape in enumerate(_SHAPES) if len(shape) >= least]
        weights = np.array([_WEIGHTS[i] for i in allowed], np.float64)
        return _SHAPES[int(self.rng.choice(allowed, p=weights / weights.sum()))]

    def large_shape(self, least: int = 0) -> tuple[int, ...]:
        """Of 1 to `LARGE_ELEMENTS` elements: as many of each order of magnitude."""
        rank = self.between(max(1, least), max(3, least))
        left, shape = int(np.exp(self.rng.uniform(0, np.log(LARGE_ELEMENTS)))), []
        for axis in range(rank - 1):
            size = max(1, int(left ** self.rng.uniform(0, 1 if axis else 0.7)))
            shape.append(size)
            left //= size
        shape.append(max(1, left))
        return tuple(int(size) for size in self.rng.permutation(shape))

    # ---- variables

    def name(self, letter: str = "v") -> str:
        return f"{letter}{next(self.numbers)}"

    def argument(self, type_: Type, domain: str = "any") -> str:
        argument = Argument(self.name(), type_, domain)
        self.arguments.append(argument)
        if not self.fresh:
            self.variables.append((argument.name, type_))
        return argument.name

    def add(
        self, text: str, operands: list[str], types: list[Type], bodies: tuple[Body, ...] = (), label: str = "",
        pointwise: bool = False,
    ) -> tuple[str, ...]:  # fmt: skip
        names = tuple(self.name() for _ in types)
        self.equations.append(Equation(names, tuple(types), text, tuple(operands), bodies, label, pointwise))
        self.variables += zip(names, types, strict=True)
        return names

    def operand(self, type_: Type, domain: str = "any", constant: float = 0.12) -> str:
        """The name of a variable of this type; of a constant with probability `constant`."""
        if domain == "powers" and self.large:
            domain = "signs"
        if type_.dtype != KEY and self.chance(constant):
            return self.constant(type_, domain)
        if self.fresh:
            return self.argument(type_, domain)
        if domain in ("exact", "powers", "signs") and type_.dtype == "float32":
            number = self.operand(Type("int32", type_.shape), constant=0)
            text = {"exact": "lax.convert_element_type({0} % 9, jnp.float32) + jnp.float32(-4.5)",
                    "signs": "jnp.where({0} % 2 == 0, jnp.float32(1), jnp.float32(-1))",
                    "powers": "jnp.where({0} % 2 == 0, jnp.float32(2), jnp.float32(-0.5))"}[domain]  # fmt: skip
            return self.add(text, [number], [type_], label="helper")[0]
        same = [name for name, its in self.variables if its == type_]
        if same and self.chance(0.85):
            return same[max(0, len(same) - 1 - int(self.rng.geometric(0.25) - 1))]
        if not self.inner and len(self.arguments) < 6:
            return self.argument(type_, domain)
        return self.converted(type_)

    def constant(self, type_: Type, domain: str) -> str:
        # (A compiler may fold a comparison with a subnormal constant, which the processor would flush.)
        value = flushed(draw(self.rng, type_, 1, domain)[0])
        return self.add(f"jnp.asarray({literal(value)})", [], [type_], label="constant")[0]

    def converted(self, type_: Type) -> str:
        """A variable made from another one."""
        if type_.dtype == KEY:
            data = self.operand(Type("uint32", (*type_.shape, 2)), constant=0)
            return self.add("jax.random.wrap_key_data({0})", [data], [type_], label="helper")[0]
        usable = [(name, its) for name, its in self.variables if its.dtype != KEY and its.size]
        if not usable:
            return self.constant(type_, "any")
        name, its = self.one_of(usable)
        if its.dtype != type_.dtype:
            text = f"lax.convert_element_type({{0}}, jnp.{type_.dtype}{'_' if type_.dtype == 'bool' else ''})"
            its = Type(type_.dtype, its.shape)
            name = self.add(text, [name], [its], label="helper")[0]
        if its.shape != type_.shape:
            name = self.add(f"jnp.resize({{0}}, {type_.shape})", [name], [type_], label="helper")[0]
        return name

    def body(self, parameters: list[Type], grow) -> tuple[Body, list[Type]]:
        """A body that `grow(scope)` fills; it gives the names of the results."""
        inner = Scope(self.rng, inner=True, large=self.large, depth=self.depth + 1, numbers=self.numbers)
        inner.variables = [(self.name(), type_) for type_ in parameters]
        taken = tuple(inner.variables)
        results = grow(inner)
        types = dict(inner.variables)
        return Body(self.name("f"), taken, tuple(inner.equations), tuple(results)), [types[name] for name in results]


def any_type(scope: Scope, options: tuple[str, ...] = DTYPES) -> Type:
    return Type(scope.dtype(options), scope.shape())
