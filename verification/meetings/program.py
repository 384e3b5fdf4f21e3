"""Conditions in the jaxpr of a step: what `select_n` and `cond` choose by, and the terms of `and` and `or`.

Each has the place in the source that computes it. `verification.meetings.evaluate` says of each whether it held.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.extend.core import Literal

from verification.meetings.expressions import AND, NOT, OR, Expressions
from verification.meetings.sites import Site, Source

_BODIES = ("jaxpr", "call_jaxpr", "fun_jaxpr", "call")
_SELECT, _COND, _SCAN, _WHILE = "select_n", "cond", "scan", "while"
_ROUNDS = 8
"""Loops of at most so many rounds are told round by round, as if each were a step of its own."""


@dataclass(frozen=True)
class Tap:
    """A bool value that is watched. `slot`: its place among the bits. `region`: the branch or loop that it is in.

    `condition`: it is a term of an `and` or `or`, or what a branch is chosen by; else only part of one.
    """

    slot: int
    expression: int
    site: Site
    region: int
    condition: bool


@dataclass(frozen=True)
class Decision:
    """A whole formula of `and`, `or` and `not`, which something else then uses: a bool scalar outside of long loops."""

    expression: int
    site: Site
    region: int


@dataclass(frozen=True)
class Region:
    """A part of the program that runs under one condition: `guard` is that expression (None: always) within `parent`.

    `slot`: the bit that says whether it ran; None for the whole program. `loop`: it may run more than once.
    """

    parent: int | None
    guard: int | None
    slot: int | None
    loop: bool


@dataclass
class Scope:
    """One jaxpr on the way: slots of its own values, and the scopes of what its equations call.

    `rounds`: of a short loop's body, whose rounds are told apart; 0 for anything else. `ran`: the slot of its region.
    """

    watched: dict[Any, int] = field(default_factory=dict)
    inner: dict[int, list[Scope]] = field(default_factory=dict)
    ran: int | None = None
    first: int = 0
    last: int = 0
    rounds: int = 0


@dataclass
class Collected:
    """All that `collect` finds. Slots `first` to `last` of a loop's scope lie together."""

    expressions: Expressions
    taps: list[Tap]
    decisions: list[Decision]
    regions: list[Region]
    scope: Scope
    scalars: set[int]
    integers: set[int]
    slots: int
    rounds: int


def body_of(equation: Any) -> tuple[Any, Sequence[Any]] | None:
    """(jaxpr, constants) of an equation that calls one function once, like `jit`; None for any other."""
    if equation.primitive.name in (_COND, _SCAN, _WHILE):
        return None
    for name in _BODIES:
        found = equation.params.get(name)
        if hasattr(found, "jaxpr") and hasattr(found, "consts"):
            return found.jaxpr, found.consts
        if hasattr(found, "eqns"):
            return found, ()
    return None


class _Collector:
    def __init__(self, source: Source) -> None:
        self.source, self.expressions = source, Expressions()
        self.taps: list[Tap] = []
        self.decisions: dict[tuple[int, int], Decision] = {}
        self.regions = [Region(None, None, None, False)]
        self.scalars: set[int] = set()
        self.integers: set[int] = set()
        self.slots = 0
        self.rounds = 1
        self._inside = 0
        self._where: dict[tuple[int, Any], int] = {}

    def slot(self) -> int:
        self.slots += 1
        return self.slots - 1

    def run(
        self,
        jaxpr: Any,
        constants: Sequence[int],
        arguments: Sequence[int],
        inherited: Site | None,
        region: int,
        inside: bool = False,
        sites: Sequence[Site | None] = (),
    ) -> tuple[Scope, list[int]]:
        """Walk one jaxpr; returns its scope and the expressions of its results. `sites`: where arguments are made."""
        scope = Scope(first=self.slots)
        for variable, expression in zip(jaxpr.invars, arguments, strict=True):
            if jnp.issubdtype(variable.aval.dtype, jnp.integer):
                self.integers.add(expression)
        known: dict[Any, int] = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*constants, *arguments], strict=True))
        made: dict[Any, Site] = {
            atom: site for atom, site in zip(jaxpr.invars, sites, strict=False) if site is not None
        }
        for number, equation in enumerate(jaxpr.eqns):
            site, within = self.source.site(equation, inherited, inside)
            operands = [self._of(known, atom) for atom in equation.invars]
            name = equation.primitive.name
            for atom in self._terms(equation):
                self._watch(scope, known, made, atom, site, region, condition=name != NOT)
            for operand, atom in zip(operands, equation.invars, strict=True):
                if name not in (AND, OR, NOT) and body_of(equation) is None:
                    self._decide(operand, site, made, atom, region)
            sites = [made.get(atom) if not isinstance(atom, Literal) else None for atom in equation.invars]
            results = self._call(scope, number, equation, operands, site, region, within, sites)
            for place, variable in enumerate(equation.outvars):
                known[variable] = results[place]
                if site is not None:
                    made[variable] = made.get(equation.invars[0], site) if _is_cast(equation) else site
                if _is_bool(variable) and variable.aval.shape == ():
                    self.scalars.add(results[place])
                if jnp.issubdtype(variable.aval.dtype, jnp.integer):
                    self.integers.add(results[place])
        for atom in jaxpr.outvars:
            self._decide(self._of(known, atom), None, made, atom, region)
        scope.last = self.slots
        return scope, [self._of(known, atom) for atom in jaxpr.outvars]

    def _of(self, known: dict[Any, int], atom: Any) -> int:
        return self.expressions.literal(atom.val) if isinstance(atom, Literal) else known[atom]

    def _terms(self, equation: Any) -> list[Any]:
        name = equation.primitive.name
        if name in (AND, OR, NOT):
            return [atom for atom in equation.invars if _is_bool(atom)]
        if name == _SELECT:
            return [atom for atom in equation.invars[:1] if _is_bool(atom)]
        return []

    def _watch(
        self, scope: Scope, known: dict[Any, int], made: dict[Any, Site], atom: Any, site: Site | None, region: int,
        condition: bool,
    ) -> None:  # fmt: skip
        if isinstance(atom, Literal):
            return
        expression, site = known[atom], made.get(atom, site)
        if site is None or not self.expressions.inputs[expression]:
            return
        if atom not in scope.watched:
            scope.watched[atom] = self.slot()
            self._where[id(scope), atom] = len(self.taps)
            if atom.aval.shape == ():
                self.scalars.add(expression)
            self.taps.append(Tap(scope.watched[atom], expression, site, region, condition))
            return
        place = self._where[id(scope), atom]
        if condition and not self.taps[place].condition:
            old = self.taps[place]
            self.taps[place] = Tap(old.slot, old.expression, old.site, old.region, True)

    def _decide(self, expression: int, site: Site | None, made: dict[Any, Site], atom: Any, region: int) -> None:
        if isinstance(atom, Literal) or self._looped(region):
            return
        site = made.get(atom, site)
        formula = self.expressions.kind[expression] in (AND, OR, NOT)
        if site is not None and formula and _is_bool(atom) and int(np.prod(atom.aval.shape)) == 1:
            self.decisions.setdefault((expression, region), Decision(expression, site, region))

    def _call(
        self, scope: Scope, number: int, equation: Any, operands: list[int], site: Site | None, region: int,
        inside: bool, sites: list[Site | None],
    ) -> list[int]:  # fmt: skip
        name, params = equation.primitive.name, equation.params
        count = len(equation.outvars)
        if name == _COND:
            inner = []
            for branch, closed in enumerate(params["branches"]):
                here = self._region(region, self._guard(operands[0], branch, len(params["branches"])))
                consts = [self.expressions.literal(const) for const in closed.consts]
                found, _ = self.run(closed.jaxpr, consts, operands[1:], site, here, inside, sites[1:])
                found.ran = self.regions[here].slot
                inner.append(found)
            scope.inner[number] = inner
            return [self.expressions.opaque(operands) for _ in range(count)]
        if name in (_SCAN, _WHILE):
            closed = params["jaxpr"] if name == _SCAN else params["body_jaxpr"]
            here = len(self.regions)
            short = name == _SCAN and 0 < params["length"] <= _ROUNDS and not self._looped(region) and not self._inside
            self.regions.append(Region(region, None, None, not short))
            consts = [self.expressions.literal(const) for const in closed.consts]
            arguments = [self.expressions.opaque(operands) for _ in closed.jaxpr.invars]
            self._inside += short
            body, _ = self.run(closed.jaxpr, consts, arguments, site, here, inside)
            self._inside -= short
            if short:
                body.rounds, self.rounds = params["length"], max(self.rounds, params["length"])
            scope.inner[number] = [body]
            return [self.expressions.opaque(operands) for _ in range(count)]
        body = body_of(equation)
        if body is not None:
            consts = [self.expressions.literal(const) for const in body[1]]
            found, results = self.run(body[0], consts, operands, site, region, inside, sites)
            scope.inner[number] = [found]
            return results
        same = _is_cast(equation)
        text = str(sorted((key, str(value)) for key, value in params.items())) if params else ""
        return [self.expressions.apply(name, text, operands, place, same) for place in range(count)]

    def _looped(self, region: int | None) -> bool:
        while region is not None:
            if self.regions[region].loop:
                return True
            region = self.regions[region].parent
        return False

    def _region(self, parent: int, guard: int) -> int:
        self.regions.append(Region(parent, guard, self.slot(), False))
        return len(self.regions) - 1

    def _guard(self, index: int, branch: int, branches: int) -> int:
        """The expression of "branch number `branch` is taken"; an index out of range takes the nearest one."""
        if branches == 2 and index in self.scalars:
            if branch:
                return index
            found = self.expressions.apply(NOT, "", [index], 0, scalar=False)
            self.scalars.add(found)
            return found
        relation = "le" if branch == 0 else "ge" if branch == branches - 1 else "eq"
        return self.expressions.apply(relation, "", [index, self.expressions.literal(branch)], 0, scalar=False)


def _is_bool(atom: Any) -> bool:
    return atom.aval.dtype == np.bool_


def _is_cast(equation: Any) -> bool:
    """A change of type or form that leaves every scalar what it was: bools and integers to no fewer bits."""
    if equation.primitive.name not in ("convert_element_type", "broadcast_in_dim", "reshape", "squeeze", "copy"):
        return False
    (before, *_), (after, *_) = equation.invars, equation.outvars
    if isinstance(before, Literal) or int(np.prod(before.aval.shape)) != 1 or int(np.prod(after.aval.shape)) != 1:
        return False
    old, new = before.aval.dtype, after.aval.dtype
    if old == new:
        return True
    if not all(jnp.issubdtype(kind, jnp.integer) or kind == np.bool_ for kind in (old, new)):
        return False
    return new != np.bool_ and np.can_cast(old, new)


def collect(closed: Any, arguments: Sequence[int], packages: Sequence[str]) -> Collected:
    """The conditions in a closed jaxpr that stand in these packages. `arguments`: the input number of each leaf."""
    collector = _Collector(Source(packages))
    inputs = [collector.expressions.input(number, leaf) for leaf, number in enumerate(arguments)]
    constants = [collector.expressions.literal(const) for const in closed.consts]
    scope, _ = collector.run(closed.jaxpr, constants, inputs, None, 0)
    decisions = list(collector.decisions.values())
    return Collected(
        collector.expressions,
        collector.taps,
        decisions,
        collector.regions,
        scope,
        collector.scalars,
        collector.integers,
        collector.slots,
        collector.rounds,
    )
