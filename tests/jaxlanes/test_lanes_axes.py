"""The signature of `jax.vmap`: axes, keywords, names and sizes of a batch, and pytrees with None."""

from __future__ import annotations

import dataclasses
import functools
import warnings
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import jaxlanes

X = np.arange(24, dtype=np.int32).reshape(4, 3, 2)
Y = np.arange(6, dtype=np.float32).reshape(2, 3)


@functools.partial(jax.tree_util.register_dataclass, data_fields=("place", "extra"), meta_fields=())
@dataclasses.dataclass
class State:
    place: Any
    extra: Any = None


def both(call: Callable[[Callable[..., Any]], Any]) -> None:
    """`call(vmap)` gives the same by `jax.vmap` and by a kernel, eagerly and in `jax.jit`."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ours = call(functools.partial(jaxlanes.vmap, backend="simd"))
    theirs = call(jax.vmap)
    assert jax.tree.structure(ours) == jax.tree.structure(theirs)
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        assert a.dtype == b.dtype and np.array_equal(a, b), (a, b)
        assert getattr(a, "weak_type", False) == getattr(b, "weak_type", False)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_any_axis_of_an_argument_and_of_a_result(axis: int) -> None:
    both(lambda vmap: vmap(lambda x: (x * 2, x.sum(0)), axis)(X))
    both(lambda vmap: jax.jit(vmap(lambda x: x * 2, axis, axis))(X))
    both(lambda vmap: vmap(lambda x: {"a": x, "b": x.sum()}, 0, {"a": axis, "b": 0})(X))


def test_prefixes_of_pytrees() -> None:
    def fn(state, scale):
        return {"place": state["place"] * scale["s"] + state["shift"]}

    state, scale = {"place": X, "shift": np.int32(4)}, {"s": np.int32(3)}
    for axes in (({"place": 0, "shift": None}, None), [{"place": -1, "shift": None}, {"s": None}]):
        both(lambda vmap, axes=axes: vmap(fn, axes)(state, scale))
    both(lambda vmap: vmap(lambda s: s.place + 1, (State(1, None),))(State(X)))
    both(lambda vmap: vmap(lambda pair: pair[0] + pair[1], ([0, None],))([X, X[0]]))


def test_none_in_arguments_and_results() -> None:
    both(lambda vmap: vmap(lambda pair: (pair[0] + 1, None))((X, None)))
    both(lambda vmap: vmap(lambda tree: tree["x"] + 1)({"x": X, "y": None}))
    both(lambda vmap: vmap(lambda x, y: x + 1)(X, None))
    both(lambda vmap: vmap(lambda x, y: x + 1, (0, None))(X, None))
    both(lambda vmap: vmap(lambda s: State(s.place + 1))(State(X)))


def test_numbers_of_python_in_a_shared_argument() -> None:
    both(lambda vmap: vmap(lambda x, y: x * y[0] + y[1], (0, None))(Y, [2.0, 3]))


def test_keywords_have_the_batch_first() -> None:
    both(lambda vmap: vmap(lambda x, *, scale: x * scale)(X, scale=np.arange(4, dtype=np.int32)))
    both(lambda vmap: vmap(lambda x, scale: x * scale, -1)(X, scale=np.arange(2, dtype=np.int32)))


def test_random_keys_along_another_axis() -> None:
    keys = jax.random.split(jax.random.key(0), (3, 4))
    both(lambda vmap: vmap(lambda key: jax.vmap(lambda k: jax.random.bits(k))(key), 1)(keys))


def test_a_call_without_a_batch_is_done_once() -> None:
    both(lambda vmap: vmap(lambda x: x * 2, None, axis_size=5)(X))
    both(lambda vmap: vmap(lambda: jnp.arange(3), axis_size=2)())
    both(lambda vmap: vmap(lambda x: x * 2, axis_size=4)(X))


def test_collectives_are_left_to_xla() -> None:
    def fn(x):
        return x - lax.pmean(x, "batch")

    with pytest.raises(jaxlanes.UnsupportedError, match="the primitive psum"):
        jaxlanes.vmap(fn, axis_name="batch", backend="simd")(Y)
    with pytest.warns(jaxlanes.LanesWarning, match="the primitive psum"):
        assert np.array_equal(jaxlanes.vmap(fn, axis_name="batch")(Y), jax.vmap(fn, axis_name="batch")(Y))
    both(lambda vmap: vmap(lambda x: x * 2, axis_name="batch")(Y))  # a name that is not used
    size = functools.partial(lax.axis_size, "batch")
    both(lambda vmap: [vmap(lambda x: x * size(), axis_name="batch")(values) for values in (Y, Y[:1])])


def test_a_result_without_a_batch() -> None:
    both(lambda vmap: vmap(lambda x: (x, jnp.arange(3)), out_axes=(0, None))(X))
    with pytest.raises(ValueError, match="out_axes"):
        jaxlanes.vmap(lambda x: x, out_axes=None, backend="simd")(X)


def test_what_cannot_be_traced_on_one_lane_is_done_by_xla() -> None:
    """`jax.vmap` knows the value of a shared number."""

    def fn(x, times):
        for _ in range(times):
            x = x + 1
        return x

    with pytest.warns(jaxlanes.LanesWarning, match="one lane cannot be traced: TracerIntegerConversionError"):
        assert np.array_equal(jaxlanes.vmap(fn, (0, None))(X, 3), X + 3)
    with pytest.raises(TypeError):
        jaxlanes.vmap(fn, (0, None), backend="simd")(X, 3)
    with pytest.raises(ZeroDivisionError), warnings.catch_warnings():
        warnings.simplefilter("error")  # an error of the function's own is no matter for a warning
        jaxlanes.vmap(lambda x: x * (1 // 0))(X)


def test_a_fault_of_a_rule_is_done_by_xla(monkeypatch: pytest.MonkeyPatch) -> None:
    from jaxlanes.lower.context import RULES

    def broken(*_: Any) -> Any:
        raise AssertionError("an odd case")

    monkeypatch.setitem(RULES, "rev", broken)
    with pytest.warns(jaxlanes.LanesWarning, match="a fault of its own.*AssertionError: an odd case"):
        assert np.array_equal(jaxlanes.vmap(lambda x: x[::-1])(X), X[:, ::-1])
    with pytest.raises(AssertionError):
        jaxlanes.vmap(lambda x: x[::-1], backend="simd")(X)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: jaxlanes.vmap(lambda x: x, 3)(X), ValueError, r"axis 3 of an argument of shape \[4, 3, 2\].*-3 to 2"),
        (lambda: jaxlanes.vmap(lambda x: x, -4)(X), ValueError, "axis -4"),
        (lambda: jaxlanes.vmap(lambda x: x, out_axes=3, backend="simd")(X), ValueError, "out_axes.*axis 3"),
        (lambda: jaxlanes.vmap(lambda x: x, None)(X), ValueError, "no argument has a batch axis"),
        (lambda: jaxlanes.vmap(lambda x: x)(np.float32(1)), ValueError, "a scalar has no batch axis"),
        (lambda: jaxlanes.vmap(lambda x: x, (0, 0))(X), ValueError, "names 2 arguments, the call has 1"),
        (lambda: jaxlanes.vmap(lambda x: x, ({"a": 0},))({"b": X}), ValueError, "does not fit the arguments"),
        (lambda: jaxlanes.vmap(lambda x: x, axis_size=3)(X), ValueError, r"different batch sizes: \[3, 4\]"),
        (lambda: jaxlanes.vmap(lambda x: x, 1.5), TypeError, "in_axes"),
        (lambda: jaxlanes.vmap(lambda x: x, spmd_axis_name="d", backend="simd"), jaxlanes.UnsupportedError, "spmd"),
    ],
)
def test_errors(call: Callable[[], Any], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        call()
