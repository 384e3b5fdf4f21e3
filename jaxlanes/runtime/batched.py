"""A kernel as a JAX function: random keys, shapes, derivatives and batching by an outer `vmap`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.custom_batching import custom_vmap

from jaxlanes.runtime.kernel import Kernel
from jaxlanes.trace.axes import Axes
from jaxlanes.trace.jaxpr import is_traced
from jaxlanes.trace.program import argument_dtypes, is_key


@dataclasses.dataclass(frozen=True, eq=False)
class Batched:
    """`outputs`: shape, dtype and weak type of each result of one lane. `axes`: 0 or None, of each argument."""

    kernel: Kernel
    outputs: tuple[jax.ShapeDtypeStruct, ...]
    axes: Axes

    def __call__(self, lanes: int, flat: list[Any], plain: Callable[..., list[Any]]) -> list[Any]:
        """The results for the flat arguments `[lanes, ...]`; `plain` is the same function of them by XLA."""

        @custom_vmap
        def on_lanes(*flat: Any) -> list[Any]:
            return self._run(lanes, list(flat))

        @on_lanes.def_vmap
        def _(size: int, batched: list[bool], *flat: Any) -> tuple[list[Any], list[bool]]:
            # Two axes of lanes are one; what is shared by one of them only is written out.
            if not any(b for b, axis in zip(batched, self.axes, strict=True) if axis is None):
                merged = []
                for leaf, is_batched, axis in zip(flat, batched, self.axes, strict=True):
                    if axis is not None and not is_batched:
                        leaf = jnp.broadcast_to(leaf, (size, *leaf.shape))
                    merged.append(leaf if axis is None else leaf.reshape(size * lanes, *leaf.shape[2:]))
                results = self(size * lanes, merged, plain)
                return [r.reshape(size, lanes, *r.shape[1:]) for r in results], [True] * len(results)
            results = jax.vmap(plain, in_axes=[0 if b else None for b in batched], axis_size=size)(*flat)
            return results, [True] * len(results)

        axes = frozenset().union(*map(_varying, flat))
        flat = [_vary(leaf, axes) for leaf in flat]
        differentiable = jax.custom_jvp(lambda *flat: on_lanes(*flat))

        @differentiable.defjvp
        def _(primals: Any, tangents: Any) -> Any:
            return jax.jvp(plain, primals, tangents)

        return [_vary(result, axes) for result in differentiable(*flat)]

    def _run(self, lanes: int, flat: list[Any]) -> list[Any]:
        own, shared = [], []
        for leaf, axis in zip(flat, self.axes, strict=True):
            array = jax.random.key_data(leaf) if is_key(leaf.dtype) else jnp.asarray(leaf)
            for dtype in argument_dtypes(array.dtype, axis is not None):
                taken = array if array.dtype == dtype else lax.convert_element_type(array, dtype)
                (shared if axis is None else own).append(taken)
        keys = [is_key(output.dtype) for output in self.outputs]
        shapes = [
            (lanes, *output.shape, *(output.dtype._impl.key_shape if key else ()))
            for output, key in zip(self.outputs, keys, strict=True)
        ]
        return [
            jax.random.wrap_key_data(array, impl=key_impl(output.dtype)) if key else _as(array, output)
            for output, array, key in zip(self.outputs, self.kernel(own, shared, shapes), keys, strict=True)
        ]


def check_debugged(results: list[Any], again: Callable[[], Any], name: str) -> None:
    """Checks concrete results as `jax_debug_nans` and `jax_debug_infs` ask: FloatingPointError if one has a NaN.

    `again`: the same by XLA, operation by operation, which then names the one that made it.
    """
    for what, test in (("nan", np.isnan), ("inf", np.isinf)):
        if not getattr(jax.config, f"jax_debug_{what}s"):
            continue
        for result in results:
            if is_traced(result) or not jnp.issubdtype(result.dtype, np.floating) or not test(result).any():
                continue
            again()
            raise FloatingPointError(f"invalid value ({what}) encountered in the kernel of {name}")


def _varying(value: Any) -> frozenset[Any]:
    """Axes of `jax.shard_map` along which a value is not the same on all devices."""
    aval: Any = jax.typeof(value)
    manual = getattr(aval, "mat", None)  # JAX 0.10; versions before have `vma`
    return frozenset(getattr(aval, "vma", ()) if manual is None else manual.varying)


def _vary(value: Any, axes: frozenset[Any]) -> Any:
    """The value, of which `jax.shard_map` is told that it may differ along all these axes."""
    missing = tuple(axes - _varying(value))
    if not missing:
        return value
    if not hasattr(lax, "pcast"):  # an older JAX
        return lax.pvary(value, missing)  # pyright: ignore[reportAttributeAccessIssue]
    return lax.pcast(value, missing, to="varying")


def _as(array: Any, output: jax.ShapeDtypeStruct) -> Any:
    """The array with the dtype and the weak type of an output."""
    weak = bool(output.weak_type)
    if array.dtype == output.dtype and array.weak_type == weak:
        return array
    # `lax.convert_element_type` makes no weak types.
    return lax.convert_element_type_p.bind(array, new_dtype=np.dtype(output.dtype), weak_type=weak, sharding=None)


def key_impl(dtype: Any) -> str:
    """The name of the generator of a dtype of keys."""
    return str(dtype._impl.name)
