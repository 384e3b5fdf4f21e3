"""Compile a pure JAX function on one environment to one SIMD kernel over a batch of them.

    step = jaxlanes.vmap(env.step)      # instead of jax.vmap(env.step)

Signature and results are those of `jax.vmap`; see `jaxlanes.vmap`.
"""

from __future__ import annotations

from jaxlanes.api import LanesWarning, vmap
from jaxlanes.errors import CacheError, CompilationError, CompilerNotFoundError, LanesError, UnsupportedError
from jaxlanes.tools.explain import Report, explain

__all__ = [
    "CacheError",
    "CompilationError",
    "CompilerNotFoundError",
    "LanesError",
    "LanesWarning",
    "Report",
    "UnsupportedError",
    "explain",
    "vmap",
]
