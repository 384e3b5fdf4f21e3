"""The number of the active mutant, which may be traced: one compiled program holds them all."""

from __future__ import annotations

import contextlib
import difflib
import functools
import inspect
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.core
import jax.numpy as jnp
import numpy as np

from verification.mutants.mutant import Mutant, MutantError

NO_MUTANT = 0

_SHIFTED = ("static_argnums", "donate_argnums")
_NAMED = ("static_argnames", "donate_argnames", "inline", "keep_unused", "compiler_options")


class Switch:
    """The current mutant of one mutated copy of a program.

    Mutants count from 1 in the order given; 0 is the program as it was written. `current` is a Python int, or a traced
    int32 scalar while a program made by `jit` is traced. Not for several threads at once.
    """

    def __init__(self, mutants: Sequence[Mutant]) -> None:
        self.mutants = tuple(mutants)
        self.current: Any = NO_MUTANT

    def number(self, which: int | str) -> int:
        """The number of a mutant given by id or number; a `MutantError` names an unknown one."""
        if isinstance(which, str):
            ids = [mutant.id for mutant in self.mutants]
            if which not in ids:
                close = difflib.get_close_matches(which, ids, n=3, cutoff=0.4)
                raise MutantError(f"no mutant {which!r}; {'did you mean ' if close else ''}{', '.join(close or ids)}")
            return 1 + ids.index(which)
        if not 0 <= which <= len(self.mutants):
            raise MutantError(f"no mutant number {which}; there are {len(self.mutants)}, and 0 is none")
        return int(which)

    def select(self, which: int | str) -> None:
        """Put a mutant (by id or number, 0 for none) to work until the next call."""
        self.current = self.number(which)

    @contextlib.contextmanager
    def active(self, which: Any) -> Iterator[None]:
        """Put a mutant to work for a while: an id, a number, or a traced int32 scalar."""
        before = self.current
        self.current = which if isinstance(which, jax.core.Tracer) else self.number(which)
        try:
            yield
        finally:
            self.current = before

    def choose(self, number: int, new: Callable[[], Any], old: Callable[[], Any]) -> Any:
        """`new()` if mutant `number` is at work, else `old()`: the call that stands at every mutation point.

        With a traced number both are evaluated and each array of `old()` that differs is selected; `new()`'s is cast
        and broadcast to it. Another structure, or a shape that does not broadcast, is a `MutantError`.
        """
        if not isinstance(self.current, jax.core.Tracer):
            return new() if self.current == number else old()
        kept, changed = old(), new()
        leaves, tree = jax.tree.flatten(kept)
        other, other_tree = jax.tree.flatten(changed)
        if tree != other_tree:
            self._refuse(number, f"old is a {tree}, new a {other_tree}")
        taken = self.current == number
        return jax.tree.unflatten(tree, [self._pick(number, taken, n, o) for n, o in zip(other, leaves, strict=True)])

    def _pick(self, number: int, taken: jax.Array, new: Any, old: Any) -> Any:
        if new is old:
            return old
        if isinstance(new, bool | int | float) and type(new) is type(old):
            return jnp.where(taken, new, old)  # weakly typed, as a Python number would be
        array = jax.Array | np.ndarray | np.generic | bool | int | float
        if not isinstance(new, array) or not isinstance(old, array):
            self._refuse(number, f"{type(old).__name__} and {type(new).__name__} are no arrays to select from")
        old, new = jnp.asarray(old), jnp.asarray(new)
        # A cast would make a weakly typed array strong, and with 64-bit types on the sum it goes into 64 bits wide.
        same = new.dtype == old.dtype and jax.typeof(new).weak_type == jax.typeof(old).weak_type
        try:
            new = jnp.broadcast_to(new if same else new.astype(old.dtype), old.shape)
        except ValueError:
            self._refuse(number, f"old has shape {old.shape}, new {jnp.shape(new)}")
        return jnp.where(taken, new, old)

    def chosen(self, number: int) -> bool:
        """Mutant `number` is at work: what guards a replaced statement, which a traced number cannot decide."""
        if isinstance(self.current, jax.core.Tracer):
            self._refuse(number, "a whole statement cannot be switched while tracing; change an expression of it")
        return bool(self.current == number)

    def _refuse(self, number: int, reason: str) -> None:
        mutant = self.mutants[number - 1]
        raise MutantError(f"mutant {mutant.id} ({mutant.place}): {mutant.old!r} → {mutant.new!r}: {reason}")

    def jit(self, function: Callable[..., Any], **options: Any) -> Jitted:
        """`jax.jit(function, **options)` with the current mutant as one more traced argument, supplied at each call.

        So all mutants share one compilation. Options that shardings or meshes need are refused.
        """
        unknown = sorted(set(options) - {*_SHIFTED, *_NAMED})
        if unknown:
            raise TypeError(
                f"Switch.jit: unsupported {', '.join(unknown)}; known are {', '.join((*_SHIFTED, *_NAMED))}"
            )
        for name in _SHIFTED:
            if name in options:
                options[name] = _shifted(options[name])
        return Jitted(self, function, options)


_traces = itertools.count(1)


@functools.cache
def _trace_key() -> Any:
    return jax.make_user_context(0)


def _shifted(positions: int | Sequence[int] | None) -> Any:
    """Argument positions behind one more leading argument."""
    if positions is None:
        return None
    several = (positions,) if isinstance(positions, int) else tuple(positions)
    return tuple(position + 1 if position >= 0 else position for position in several)


class Jitted:
    """A function compiled by `Switch.jit`."""

    def __init__(self, switch: Switch, function: Callable[..., Any], options: dict[str, Any]) -> None:
        def with_mutant(number: jax.Array, *args: Any, **kwargs: Any) -> Any:
            # This runs while tracing only. JAX keeps what it traced of a module's own functions (the condition of a
            # loop, say), and with it the tracer of the mutant: each trace gets a key of its own.
            with _trace_key()(next(_traces)), switch.active(number):
                return function(*args, **kwargs)

        functools.update_wrapper(self, function, updated=())
        first = inspect.Parameter("__mutant__", inspect.Parameter.POSITIONAL_ONLY)
        parameters = inspect.signature(function).parameters.values()
        with_mutant.__signature__ = inspect.Signature([first, *parameters])  # type: ignore[attr-defined]
        with_mutant.__name__ = getattr(function, "__name__", "mutated")
        self._switch = switch
        _trace_key()  # made before anything is traced: a new context is a new key for all that jit keeps
        self._compiled = jax.jit(with_mutant, **options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._compiled(jnp.asarray(self._switch.current, jnp.int32), *args, **kwargs)

    def lower(self, *args: Any, **kwargs: Any) -> Any:
        """`jax.jit`'s `lower`, the mutant included."""
        return self._compiled.lower(jnp.asarray(self._switch.current, jnp.int32), *args, **kwargs)

    def compilations(self) -> int:
        """Number of programs compiled so far."""
        return self._compiled._cache_size()  # type: ignore[attr-defined]
