"""Backends of a candidate's steps: XLA, or one SIMD kernel for the CPU (`jaxlanes`)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from verification.fields import PluginError

BACKENDS = ("xla", "simd")
AUTO = "auto"
"""The kernel where there is one, else XLA."""

Vmap = Callable[..., Callable[..., Any]]
"""`jax.vmap`, or what has its signature and should have its results."""


@functools.cache
def vmap_of(backend: str) -> Vmap:
    """The `vmap` of a backend, one object a process. `PluginError` for an unknown one, or where no kernel can be made.

    "simd" never falls back to XLA: a step that no kernel can be made of is an error when it is first compiled.
    """
    import jax

    if backend == "xla":
        return jax.vmap
    if backend not in BACKENDS:
        raise PluginError(f"unknown backend {backend!r}; known: {', '.join(BACKENDS)}")
    from jaxenv import backends
    from jaxlanes import CompilerNotFoundError

    try:
        return backends.choose(backend).vmap
    except (backends.BackendError, CompilerNotFoundError) as error:
        raise PluginError(f"backend {backend}: {error}") from error


def left_to_xla(backend: str, what: str) -> tuple[str, ...]:
    """The blind spot of a run by another backend than XLA; none of a run by XLA."""
    return () if backend == "xla" else (f"by backend {backend} run the steps; {what} are compiled by XLA all the same",)


def alone(vmap: Vmap, function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` of one environment, to be compiled: under XLA a program of its own, else a batch of one.

    So a counterexample that only the kernel shows is shown by `replay`, which plays one environment, too.
    """
    import jax

    if vmap is jax.vmap:
        return function
    batched = vmap(function)

    def one(*args: Any) -> Any:
        return jax.tree.map(lambda leaf: leaf[0], batched(*jax.tree.map(lambda leaf: leaf[None], args)))

    return one
