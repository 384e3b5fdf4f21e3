"""Walks a jaxpr and hands each equation to the rule of its primitive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core

from jaxlanes.errors import UnsupportedError
from jaxlanes.ir import BOOL, DTYPES, FLOAT, INT, LIMITS, WIDE, Memory, dtype_limits, node_type
from jaxlanes.lower import loops
from jaxlanes.lower.builder import Builder
from jaxlanes.lower.parameters import Parameters
from jaxlanes.lower.values import Formula, Keys, Lanes, Stored, Value, size_of

UNROLL_LIMIT = 1 << 15
"""Elements of an array that may be handled one by one."""
TABLE_LIMIT = 1 << 12
"""Elements of a constant that is written into the source; a bigger one is an argument of the kernel."""

Rule = Callable[..., Any]
RULES: dict[str, Rule] = {}
"""`RULES[primitive](context, equation, *values)` gives the value, or the list of values, of the equation's outputs."""
_CALLS_PYTHON = ("debug_print", "debug_callback", "pure_callback", "io_callback")
WITH_BODIES: set[str] = set()
"""Primitives whose rules run other jaxprs, and see to values of 64-bit types by themselves."""


def rule(*names: str, bodies: bool = False) -> Callable[[Rule], Rule]:
    """Register a function as the rule of these primitives. `bodies`: they are in `WITH_BODIES`."""

    def register(function: Rule) -> Rule:
        for name in names:
            RULES[name] = function
        if bodies:
            WITH_BODIES.update(names)
        return function

    return register


class Context:
    """State of one lowering. `where`: the user's source line of the equation at hand. `inexact`: set by whatever makes
    a node that is not all of a 64-bit value (`wide`). `lower_wide`: lowers an equation with such values. `platform`:
    JAX's name of what the kernel is for."""

    def __init__(self, concerns_wide: Callable[[Any], bool], lower_wide: Rule, platform: str = "cpu") -> None:
        self._concerns_wide, self._lower_wide, self.platform = concerns_wide, lower_wide, platform
        self.inexact = False
        self.builder = Builder()
        self.where = ""
        self.loops = 0
        self.shared: list[Memory] = []
        self.large_constants: dict[int, tuple[Any, Memory]] = {}

    # ---- equations

    def run(self, jaxpr: Any, constants: Any, arguments: list[Value]) -> list[Value]:
        """The outputs of an (open) jaxpr."""
        values: dict[Any, Value] = {}

        def read(atom: Any) -> Value:
            if isinstance(atom, core.Literal):
                return np.asarray(atom.val, dtype=getattr(atom.aval, "dtype", None))
            return values[atom]

        for variable, constant in zip(jaxpr.constvars, constants, strict=True):
            values[variable] = self.import_constant(constant)
        readers: Counter[Any] = Counter()

        def settled(variable: Any, value: Value) -> Value:
            """The value; computed if it is a formula that much depends on."""
            if not isinstance(value, Formula):
                return value
            if not readers:
                readers.update(atom for each in jaxpr.eqns for atom in each.invars if isinstance(atom, core.Var))
                readers.update(atom for atom in jaxpr.outvars if isinstance(atom, core.Var))
            return loops.for_many_readers(self, value) if readers[variable] > 1 else value

        for variable, argument in zip(jaxpr.invars, arguments, strict=True):
            values[variable] = settled(variable, argument)
        outer = self.where
        for equation in jaxpr.eqns:
            self.where = source_line(equation) or outer
            results = self.equation(equation, [read(atom) for atom in equation.invars])
            for variable, result in zip(equation.outvars, results, strict=True):
                values[variable] = settled(variable, result)
        self.where = outer
        return [read(atom) for atom in jaxpr.outvars]

    def run_closed(self, closed: Any, arguments: list[Value]) -> list[Value]:
        return self.run(closed.jaxpr, closed.consts, arguments)

    def equation(self, equation: Any, values: list[Value]) -> list[Value]:
        """The outputs of an equation by the rule of its primitive. Raises UnsupportedError."""
        name = equation.primitive.name
        found = RULES.get(name)
        if found is None:
            remedy = ("a kernel cannot call Python: take it out",) if name in _CALLS_PYTHON else ()
            raise self.unsupported(describe(equation), *remedy)
        for variable in equation.outvars:
            self.check_dtype(variable.aval, equation)
        parameters = Parameters(equation.params)
        equation = equation.replace(params=parameters)
        if name not in WITH_BODIES and self._concerns_wide(equation):
            result = self._lower_wide(self, equation, found, values)
        else:
            result = found(self, equation, *values)
        unheeded = parameters.unheeded(name)
        if unheeded:
            raise self.unsupported(f"{', '.join(unheeded)} of {describe(equation)}")
        results = list(result) if isinstance(result, list | tuple) else [result]
        self.check_types(equation, results)
        return results

    def check_types(self, equation: Any, results: list[Value]) -> None:
        """Refuse results whose shape or dtype is not that of the equation."""
        for variable, result in zip(equation.outvars, results, strict=True):
            aval = variable.aval
            if aval.dtype != jax.dtypes.float0 and (result.dtype != aval.dtype or result.shape != aval.shape):
                raise self.unsupported(
                    f"{describe(equation)}, of which the kernel makes {result.dtype}{list(result.shape)}"
                )

    def check_dtype(self, aval: Any, equation: Any) -> None:
        dtype = aval.dtype
        if jnp.issubdtype(dtype, jax.dtypes.prng_key) or dtype == jax.dtypes.float0:
            return
        if np.dtype(dtype).name not in (*DTYPES, *WIDE):
            remedy = f"a lane has 32 bits: use {', '.join(DTYPES[1:])} or bool instead of {dtype}"
            raise self.unsupported(describe(equation), remedy)

    def unsupported(self, what: str, remedy: str = 'use backend="xla" for this function') -> UnsupportedError:
        return UnsupportedError(what, self.where, remedy)

    # ---- values

    def import_constant(self, constant: Any) -> Value:
        """A value closed over by the function."""
        if isinstance(constant, Lanes | Stored | Formula | Keys):
            return constant
        dtype = jnp.asarray(constant).dtype if not hasattr(constant, "dtype") else constant.dtype
        if jnp.issubdtype(dtype, jax.dtypes.prng_key):
            data = np.asarray(jax.random.key_data(constant))
            return Keys(tuple(data[..., word] for word in range(data.shape[-1])), dtype)
        return np.asarray(constant)

    def ids(self, value: Value) -> np.ndarray:
        """The value as an array of nodes."""
        if isinstance(value, Lanes):
            return value.ids
        if isinstance(value, Keys):
            raise self.unsupported("arithmetic on random keys")
        if size_of(value) > UNROLL_LIMIT:
            raise self.unsupported(
                f"{value.dtype}{list(value.shape)} has too many elements to be handled one by one "
                f"(at most {UNROLL_LIMIT})"
            )
        if isinstance(value, Formula):
            value = loops.store(self, value)
        type_ = node_type(value.dtype)
        if isinstance(value, np.ndarray) and value.dtype.name in WIDE:
            self.inexact |= not self.is_exact(value)
            value = value.astype(type_)  # an integer's low word, a float rounded
        if isinstance(value, Stored):
            found = [self.load(value.memory, value.offset + i, value.dtype) for i in range(size_of(value))]
        else:
            found = [self.builder.constant(element, type_) for element in value.ravel()]
        return np.array(found, np.int64).reshape(value.shape)

    def is_exact(self, value: Value) -> bool:
        """True if nodes of 32 bits are all of the value."""
        if isinstance(value, Lanes | Stored | Formula):
            return value.exact
        if isinstance(value, Keys) or value.dtype.name not in WIDE:
            return True
        type_ = WIDE[value.dtype.name]
        if type_ == FLOAT:
            rounded = value.astype(np.float32)
            tiny = (rounded != 0) & (np.abs(rounded) < np.finfo(np.float32).tiny)  # the processor makes zeros of them
            return bool(np.array_equal(rounded.astype(value.dtype), value, equal_nan=True) and not tiny.any())
        low, high = LIMITS[type_]
        return not value.size or bool(low <= int(value.min()) and int(value.max()) <= high)

    def scalar(self, value: Value) -> int:
        """The node of a value of one element."""
        return int(self.ids(value).reshape(-1).item())

    def load(self, memory: Memory, index: int, dtype: Any) -> int:
        """One element of a memory, as a node."""
        return self.element(memory, self.builder.constant(index, INT), dtype)

    def element(self, memory: Memory, index: int, dtype: Any) -> int:
        """The element of a memory at an index node that is surely in bounds."""
        if np.dtype(dtype).name == BOOL:  # kept as numbers: masks cannot be indexed
            number = self.builder.gather(memory, index, INT, (0, 1))
            return self.builder.compare("ne", number, self.builder.constant(0, INT))
        limits = None if node_type(dtype) == FLOAT else dtype_limits(dtype)
        return self.builder.gather(memory, index, node_type(dtype), limits)

    def lanes(self, ids: Any, dtype: Any) -> Lanes:
        return Lanes(np.asarray(ids, np.int64), np.dtype(dtype))

    def in_memory(self, value: Value) -> tuple[Memory, int]:
        """The value in memory that can be indexed, and where in it the value begins."""
        value = loops.stored(self, value)
        if isinstance(value, Stored):
            return value.memory, value.offset
        if isinstance(value, np.ndarray):
            return self.table(value), 0
        ids = self.ids(value).reshape(-1)
        constants = [self.builder.value_of(int(i)) for i in ids]
        if all(constant is not None for constant in constants):
            return self.table(np.array(constants, value.dtype)), 0
        if node_type(value.dtype) == BOOL:
            ids = [self.builder.from_bool(int(i), INT) for i in ids]
        return self.builder.spill(tuple(int(i) for i in ids)), 0

    def table(self, array: np.ndarray) -> Memory:
        """Constants that can be indexed; equal ones are one."""
        flat = np.ascontiguousarray(array).reshape(-1)
        if flat.dtype.name in WIDE:
            self.inexact |= not self.is_exact(flat)
            flat = flat.astype(WIDE[flat.dtype.name])
        key = ("table", flat.dtype.name, flat.tobytes())
        root = self.builder.root.known
        found: Any = root.get(key)
        if found is None:
            if flat.size <= TABLE_LIMIT:
                found = Memory("table", flat.dtype.name, flat.size, tuple(flat.tolist()))
            else:
                found = self.add_shared(flat.dtype.name, flat.size)
                self.large_constants[found.attribute] = (flat, found)
            root[key] = found
        return found

    def add_shared(self, dtype: str, size: int) -> Memory:
        memory = Memory("shared", dtype, size, len(self.shared))
        self.shared.append(memory)
        return memory


def describe(equation: Any) -> str:
    types = ", ".join(atom.aval.str_short() for atom in equation.invars)
    results = ", ".join(variable.aval.str_short() for variable in equation.outvars)
    return f"the primitive {equation.primitive.name} ({types} -> {results})"


def source_line(equation: Any) -> str:
    """The user's source line of an equation, "" if unknown."""
    try:
        from jax._src import source_info_util

        return source_info_util.summarize(equation.source_info)
    except (ImportError, AttributeError):  # not part of JAX's public interface
        return ""
