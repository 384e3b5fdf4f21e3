"""The choice of what compiles a batch of environments: XLA, or `jaxlanes`, which makes one kernel of it.

    backend = choose("auto", env)
    step = backend.vmap(env.step, in_axes=(0, 0, 0, None))

This is the only place that decides it. `rollout` and `check_env` use it, and so may every tool that takes a `backend`.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import jax

from jaxenv.environment import Environment

BACKENDS = ("auto", "xla", "simd", "cuda")
"""Values of `backend`: "simd" is a kernel for the CPU, "cuda" one for an NVIDIA GPU."""

Function = TypeVar("Function", bound=Callable[..., Any])


class BackendError(RuntimeError):
    """The backend that was asked for cannot be used here; the message says what is missing."""


class BackendWarning(UserWarning):
    """`backend="auto"` uses XLA where a kernel would be faster; the message says what is missing."""


@dataclasses.dataclass(frozen=True)
class Backend:
    """A backend that can be used here. Equal ones hash the same, so it may be a static argument of `jax.jit`.

    * `name`: "xla", "simd" or "cuda"; the text to record beside a result.
    * `reason`: the reason for which "auto" means XLA here, else "".
    * `falls_back`: leave to XLA, with a `jaxlanes.LanesWarning`, a function of which no kernel can be made.
    """

    name: str
    reason: str = ""
    falls_back: bool = False

    def vmap(self, fn: Function, in_axes: Any = 0, *, fingerprint: str | None = None) -> Function:
        """`jax.vmap(fn, in_axes)`, or the same by a kernel; `fingerprint` as for `jaxlanes.vmap`."""
        if self.name == "xla":
            return jax.vmap(fn, in_axes)
        import jaxlanes

        asked = "auto" if self.falls_back else self.name
        return jaxlanes.vmap(fn, in_axes, backend=asked, fingerprint=fingerprint)  # type: ignore[return-value]


def choose(backend: str = "auto", env: Environment | None = None, *, fall_back: bool = True) -> Backend:
    """The backend to use on this machine. Starts JAX's backend, unless "xla" is asked for.

    * `backend`: "auto" is "simd" where `env` names it in `spec.backends`, JAX runs on the CPU and a C++ compiler is
      found, else "xla". With a `BackendWarning` of one line where only the compiler is missing. Without `env` all three
      depend on the machine alone.
    * `fall_back`: with "auto", leave a function to XLA of which no kernel can be made. False makes that an error, for
      results that must say what made them.

    Raises ValueError for an unknown name; for "simd" where it cannot be used, BackendError or
    `jaxlanes.CompilerNotFoundError`. Without a GPU "cuda" is an error when it is first compiled.
    """
    if backend not in BACKENDS:
        raise ValueError(f"backend must be one of {', '.join(BACKENDS)}, got {backend!r}")
    if backend in ("xla", "cuda"):
        return Backend(backend)
    if backend == "simd":
        if platform() != "cpu":
            raise BackendError(
                f'backend="simd" makes kernels for the CPU, and JAX runs on {platform()}: '
                'set JAX_PLATFORMS=cpu, or use backend="auto"'
            )
        _find_compiler()
        return Backend("simd")
    if env is not None and "simd" not in env.spec.backends:
        return Backend("xla", f'{env.id} does not name "simd" in spec.backends')
    if platform() != "cpu":
        return Backend("xla", f"JAX runs on {platform()}, and kernels are for the CPU")
    missing = missing_compiler()
    if missing:
        warnings.warn(f"XLA is used, which is slower than a kernel: {missing}", BackendWarning, stacklevel=2)
        return Backend("xla", missing)
    return Backend("simd", falls_back=fall_back)


def settle(asked: str, available: Sequence[str]) -> tuple[str, str]:
    """The backend that `asked` comes to among the `available` ones, and a line on what a faster one lacks, or "".

    For commands, which print the line: nothing warns, and nothing falls back later. Only "auto" is decided here: any
    other is what it is, and the caller refuses one that there is not.
    """
    if asked != "auto":
        return asked, ""
    if "simd" not in available:
        return "xla", ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BackendWarning)  # the line says it
        found = choose("auto", fall_back=False)
    return found.name, f"XLA is used, which is slower than a kernel: {found.reason}" if found.reason else ""


def missing_compiler() -> str:
    """A line that says which compiler kernels lack, and the remedy; "" where one is found."""
    from jaxlanes import CompilerNotFoundError

    try:
        _find_compiler()
    except CompilerNotFoundError as error:
        return str(error)
    return ""


def platform() -> str:
    """The platform on which JAX runs what is not placed elsewhere: "cpu", "gpu", "tpu"."""
    device = jax.config.jax_default_device  # type: ignore[attr-defined]
    if device is None:
        return jax.default_backend()
    return device if isinstance(device, str) else device.platform


def _find_compiler() -> None:
    from jaxlanes.runtime.compiler import find_compiler

    find_compiler()
