"""XLA's compiler options: from `--xla-option`, or the ones that an environment asks for.

An environment may have a method `compiler_options(backend, lanes)`, `{option: value}`: those that were measured to make
the fastest program of its step, for so many lanes that run together on one device. Peers are left at XLA's defaults.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import jax

from jaxenv.environment import Environment
from jaxlanes.runtime.kernel import used

Options = dict[str, str | int | float | bool]
NONE = "none"
"""`--xla-option none`: XLA's defaults, whatever the environment asks for."""


def parse(texts: Sequence[str]) -> Options:
    """From `key=value` texts, or the single one `none`. ValueError names a text that cannot be read."""
    if tuple(texts) == (NONE,):
        return {}
    options: Options = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.isidentifier():
            raise ValueError(
                f"--xla-option {text!r}: write it as option=value, such as --xla-option xla_disable_hlo_passes=fusion, "
                f"or --xla-option {NONE} by itself for XLA's defaults"
            )
        if key in options:
            raise ValueError(
                f"--xla-option {text!r}: {key} is set twice; an option that takes a list has it after commas"
            )
        options[key] = _value(value)
    return options


def chosen(env: Environment, texts: Sequence[str], lanes: int) -> Options:
    """Those of `--xla-option` if there are any, else what the environment asks for here. Starts the backend."""
    if texts:
        return parse(texts)
    ask: Callable[[str, int], Mapping[str, Any]] | None = getattr(env, "compiler_options", None)
    return dict(ask(jax.default_backend(), lanes)) if ask else {}


def compile_with(lowered: Any, options: Mapping[str, Any]) -> Any:
    """`lowered.compile`. ValueError for an option that XLA does not know or a value that it refuses."""
    try:
        return lowered.compile(compiler_options=dict(options) or None)
    except jax.errors.JaxRuntimeError as error:
        if options and "INVALID_ARGUMENT" in str(error):
            given = ", ".join(f"{key}={value}" for key, value in options.items())
            raise ValueError(
                f"XLA refuses its options {given} (--xla-option, or the environment's own): {error}"
            ) from error
        raise


class Kernels:
    """Compilations of `jaxlanes` since then."""

    def __init__(self) -> None:
        self._before = {kernel.name for kernel in used}
        self._first = len(used)

    def seconds(self) -> float:
        """Of the kernels asked for since, whenever this process compiled them."""
        return sum(kernel.seconds for kernel in {kernel.name: kernel for kernel in used[self._first :]}.values())

    def now_seconds(self) -> float:
        """Of those among them that were compiled since."""
        new = {kernel.name: kernel for kernel in used[self._first :] if kernel.name not in self._before}
        return sum(kernel.seconds for kernel in new.values())


@contextmanager
def fresh_kernels() -> Iterator[Kernels]:
    """No kernel of an earlier process is used: compile seconds are a stranger's."""
    before = os.environ.get("JAXLANES_CACHE")
    with tempfile.TemporaryDirectory(prefix="jaxlanes-") as folder:
        os.environ["JAXLANES_CACHE"] = folder
        try:
            yield Kernels()
        finally:
            os.environ.pop("JAXLANES_CACHE")
            if before is not None:
                os.environ["JAXLANES_CACHE"] = before


def _value(text: str) -> str | int | float | bool:
    if text in ("true", "false"):
        return text == "true"
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            pass
    return text
