"""Types of results are those of `jax.vmap`: dtypes, weak types, and what JAX promotes them to."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import jaxlanes
from jaxlanes.lower.context import RULES
from jaxlanes.lower.parameters import Parameters

INTEGERS = ("int8", "uint8", "int16", "uint16", "int32", "uint32")
DTYPES = ("bool", *INTEGERS, "float32")


def rows(dtype: str, seed: int = 0) -> np.ndarray:
    """[37, 5]; small numbers, and the ends of the type."""
    rng = np.random.default_rng(seed)
    if dtype == "bool":
        return rng.integers(0, 2, (37, 5)).astype(bool)
    if dtype == "float32":
        return rng.integers(-40, 40, (37, 5)).astype(np.float32) / 4
    info = np.iinfo(dtype)
    found = rng.integers(max(info.min, -20), 20, (37, 5)).astype(dtype)
    found[:2] = [info.min, info.max, 0, 1, info.max - 1]
    return found


def typed(result: Any) -> list[tuple[Any, ...]]:
    return [(np.asarray(x).tolist(), x.dtype, x.shape, x.weak_type) for x in jax.tree.leaves(result)]


def made(makes: dict[str, Callable[[], Any]]) -> dict[str, Any]:
    """The results of those that JAX has for these types."""
    results = {}
    for name, make in makes.items():
        try:
            results[name] = make()
        except (TypeError, FutureWarning):
            continue
    return results


def of_two(v: Any, w: Any) -> dict[str, Any]:
    return made({
        "sum": lambda: v + w, "product": lambda: v * w, "less": lambda: v < w, "chosen": lambda: jnp.where(v > 0, v, w),
        "total": lambda: jnp.sum(v), "running": lambda: jnp.cumsum(v), "greatest": lambda: jnp.max(v),
        "place": lambda: jnp.argmax(v), "sorted": lambda: jnp.sort(v), "inner": lambda: jnp.dot(v, w),
        "mixed": lambda: jnp.dot(v, w > 0), "negative": lambda: -v, "bits": lambda: (v & w, v | w, v ^ w, ~v),
        "shifted": lambda: (v << 1, v >> 1), "whole": lambda: v // w, "rest": lambda: v % w,
        "stacked": lambda: jnp.stack([v, w]), "python": lambda: jnp.where(v > w, 1, 2.5), "constants": lambda: (3, 1.5),
        "power": lambda: v**2, "added": lambda: v.at[w[0].astype(jnp.int32) % 5].add(w[1]),
    })  # fmt: skip


def with_number(v: Any, c: Any) -> dict[str, Any]:
    """`c` is the same for all lanes; a Python number has a weak type."""
    return made({
        "sum": lambda: v + c, "difference": lambda: c - v, "product": lambda: v * c, "same": lambda: v == c,
        "least": lambda: jnp.minimum(v, c), "number": lambda: c, "set": lambda: v.at[1].set(c),
        "as float": lambda: v.astype(jnp.float32) + c, "filled": lambda: jnp.full(2, c), "first": lambda: v[0] + c,
    })  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_number_takes_the_type_of_the_array(same: Any, dtype: str) -> None:
    same(lambda v, *numbers: [with_number(v, c) for c in numbers], rows(dtype), True, 3, 2.5, in_axes=(0, *[None] * 3))


@pytest.mark.parametrize(("dtype", "other"), [*zip(DTYPES, (*DTYPES[3:], *DTYPES[:3]), strict=True)])
def test_arrays_of_one_type_and_of_two(same: Any, dtype: str, other: str) -> None:
    same(lambda v, w, x: (of_two(v, w), of_two(v, x)), rows(dtype), rows(dtype, 1), rows(other, 1))


def loops(v: Any, c: Any) -> Any:
    """Carries whose types JAX settles from weak and strong ones."""
    return {
        "scan": lax.scan(lambda s, x: (s + c, (s * x, x + 1)), v[0], v),
        "counter": lax.scan(lambda s, _: (s + 1, s), 0, None, length=4),
        "weak": lax.scan(lambda s, x: (s * 2, x), c, v),
        "while": lax.while_loop(lambda s: s[0] < 5, lambda s: (s[0] + 1, s[1] + c, s[2] * 2), (0, v[1], c)),
        "fori": lax.fori_loop(0, 3, lambda i, s: s + i, v),
        "switch": lax.switch(v[0].astype(jnp.int32) % 3, [lambda: (v + c, 1), lambda: (v * c, 2), lambda: (v, 3)]),
        "cond": lax.cond(v[0] > 0, lambda: (v[0] + c, 1.5), lambda: (v[1], 2.5)),
        "inside": jax.jit(lambda a, b: (a + b, b))(v, c),
    }


@pytest.mark.parametrize("dtype", INTEGERS)
def test_types_through_loops_and_branches(same: Any, dtype: str) -> None:
    same(loops, rows(dtype), 3, in_axes=(0, None))


@pytest.mark.parametrize("jitted", [False, True])
def test_a_narrow_integer_stays_narrow(jitted: bool) -> None:
    """An integer that wraps around, and a comparison that saw it."""
    x = jnp.full(3, 100, jnp.int8)
    fn = lambda v, c: (v + c, v + c > 0)  # noqa: E731
    ours, theirs = (vmap(fn, (0, None)) for vmap in (jaxlanes.vmap, jax.vmap))
    if jitted:
        ours, theirs = jax.jit(ours), jax.jit(theirs)
    assert typed(ours(x, 100)) == typed(theirs(x, 100))
    assert np.asarray(ours(x, 100)[0]).tolist() == [-56] * 3
    assert typed(ours(x, jnp.int32(100))) == typed(theirs(x, jnp.int32(100)))  # the same shapes, another kernel
    assert typed(ours(x, 100.0)) == typed(theirs(x, 100.0))


def test_results_are_as_weak_after_an_index_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the kernel index too."""
    monkeypatch.setenv("JAXLANES_CACHE", str(tmp_path / "kernels"))
    monkeypatch.setattr("jaxlanes.runtime.kernel_index.hash_of", lambda packages: "the sources")
    traced = []

    def fn(v: Any, c: Any) -> Any:
        traced.append(1)
        return v + c, c, 1

    def ours() -> Any:
        return jaxlanes.vmap(fn, (0, None), backend="simd", fingerprint="f")

    x = jnp.arange(5, dtype=jnp.int8)
    for c in (3, jnp.int32(3)):
        traced.clear()
        first, again = ours()(x, c), ours()(x, c)
        assert traced == [1] and typed(first) == typed(again) == typed(jax.vmap(fn, (0, None))(x, c))


@pytest.mark.parametrize("function", [jnp.negative, jnp.square, lambda x: x * 2 + 1, lambda x: jnp.where(x > 0, x, 7)])
def test_a_function_applied_at_an_index(same: Any, function: Any) -> None:
    apply = lambda v, i: (v.at[i].apply(function), v.at[1:3].apply(function))  # noqa: E731
    arrays = [rows(dtype) for dtype in ("int8", "uint32", "float32")]
    same(lambda i, *arrays: [apply(v, i) for v in arrays], np.arange(37, dtype=np.int32) % 7 - 1, *arrays)
    got = jaxlanes.vmap(lambda v: v.at[1].apply(jnp.exp), backend="simd")(rows("float32"))
    assert jnp.allclose(got, jax.vmap(lambda v: v.at[1].apply(jnp.exp))(rows("float32")), rtol=1e-6)


@pytest.mark.parametrize("left", DTYPES[1:])
def test_products_of_other_types_than_their_sums(same: Any, left: str) -> None:
    numbers = (((0,), (0,)), ((), ()))

    def products(a: Any, *others: Any) -> Any:
        wide = [] if left == "float32" else ["int32", "float32"]
        asked = [lax.dot_general(a % 20, a % 7, numbers, preferred_element_type=wanted) for wanted in wide]
        return asked, [jnp.dot(a, b) for b in others]

    same(products, rows(left), *(rows(right, 1) for right in DTYPES[1:]))


def takes(function: Callable[..., Any], option: str) -> pytest.MarkDecorator:
    """Skips where JAX's function has no such option yet."""
    missing = option not in inspect.signature(function).parameters
    return pytest.mark.skipif(missing, reason=f"{function.__name__} of jax {jax.__version__} has no {option}=")


@takes(lax.mul, "out_dtype")
def test_a_product_with_a_type_of_its_own(same: Any) -> None:
    same(lambda a, b: lax.mul(a, b, out_dtype=jnp.int32), rows("int8"), rows("int8", 1))


@takes(lax.top_k, "axis")
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_the_greatest_along_any_axis(same: Any, axis: int) -> None:
    x = np.random.default_rng(0).integers(-9, 9, (50, 4, 3)).astype(np.int32)
    same(lambda v: lax.top_k(v, 2, axis=axis), x)


REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a gather by products": (lambda x: x.at[jnp.array([1, 2])].get(mode="one_hot"), "mode="),
    "a product in parts": (lambda x: lax.dot(x, x, precision=lax.DotAlgorithmPreset.BF16_BF16_F32), "precision="),
    "an accuracy": (lambda x: lax.exp(x, accuracy=lax.AccuracyMode.HIGHEST), "accuracy="),
    "a rounding": (lambda x: lax.reduce_precision(x, 5, 10), "reduce_precision to 5 exponent and 10 mantissa bits"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_parameter_that_no_rule_heeds_is_refused(name: str) -> None:
    fn, message = REFUSED[name]
    with pytest.raises(jaxlanes.UnsupportedError, match=f"{message}.*test_lanes_dtypes.py"):
        jaxlanes.vmap(fn, backend="simd")(rows("float32"))


def test_a_new_parameter_is_refused_unless_it_asks_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a later version of JAX may bring one."""
    given: dict[str, Any] = {}
    right = Parameters.__init__
    monkeypatch.setattr(Parameters, "__init__", lambda self, params: right(self, {**params, **given}))
    x = np.arange(6, dtype=np.int32)
    for value in (None, "upwards"):
        given["mood"] = value
        ours = jaxlanes.vmap(lambda v: v + 1, backend="simd")
        if value is None:
            assert np.array_equal(ours(x), x + 1)
        else:
            with pytest.raises(jaxlanes.UnsupportedError, match="mood=upwards of the primitive add"):
                ours(x)


def test_a_rule_that_makes_another_type_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    right = RULES["add"]
    monkeypatch.setitem(RULES, "add", lambda context, equation, x, y: RULES["ne"](context, equation, x, y))
    with pytest.raises(jaxlanes.UnsupportedError, match=r"the primitive add .* of which the kernel makes bool\[\]"):
        jaxlanes.vmap(lambda v: v + 1, backend="simd")(np.arange(6, dtype=np.int32))
    monkeypatch.setitem(RULES, "add", lambda *args: right(*args))
    jaxlanes.vmap(lambda v: v + 1, backend="simd")(np.arange(6, dtype=np.int32))


def test_parameters_note_what_is_read() -> None:
    parameters = Parameters({"axes": (0,), "sharding": "x", "y": 2, "z": None})
    assert parameters.unheeded("p") == ["axes=(0,)", "y=2"]
    assert parameters["axes"] == (0,) and parameters.get("y") == 2 and parameters.unheeded("p") == []
    assert dict(**Parameters({"a": 1})) == {"a": 1}
    copied = Parameters({"a": 1})
    assert {**copied} == {"a": 1} and copied.unheeded("p") == []
