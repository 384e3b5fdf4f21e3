"""Kernels that are found again by a fingerprint: without tracing, and only where that is sound."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import jaxlib.version
import numpy as np
import pytest

import jaxlanes
from jaxlanes.runtime import kernel, kernel_index
from jaxlanes.runtime.serialization import NotDescribableError, decode, decode_structure, encode, encode_structure

X = np.arange(24, dtype=np.int32).reshape(8, 3)
TABLE = np.arange(500, dtype=np.int32) * 7 % 501


@functools.partial(jax.tree_util.register_dataclass, data_fields=["value"], meta_fields=["mode"])
@dataclasses.dataclass(frozen=True)
class Tagged:
    """A node with a static value."""

    value: Any
    mode: Any = "plus"


class Traces:
    """Counts how often the functions that it makes are traced."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, small: int = 0, **options: Any) -> Callable[..., Any]:
        """A new `vmap`, as another process would have one. `small` functions are compiled fast."""

        def fn(tagged: Tagged, row: Any) -> Any:
            self.count += 1
            if tagged.mode == "minus":
                row = -row
            if small:
                return tagged, row + tagged.value * small
            key = jax.random.fold_in(jax.random.key(3), row[0])
            table = jnp.asarray(TABLE)
            return {"sum": (tagged.value + row.sum(), None), "tagged": [tagged], "key": key, "big": table[row]}

        return jaxlanes.vmap(fn, (None, 0), **{"backend": "simd", "fingerprint": "a", **options})


@pytest.fixture(autouse=True)
def _sources(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody may be editing them, and then nothing would be kept."""
    monkeypatch.setattr(kernel_index, "hash_of", lambda packages: "the sources")


@pytest.fixture
def traces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Traces:
    monkeypatch.setenv("JAXLANES_CACHE", str(tmp_path / "kernels"))
    return Traces()


@pytest.fixture
def records(tmp_path: Path) -> Callable[[], list[Path]]:
    return lambda: sorted((tmp_path / "kernels").glob("*.index"))


def _numbers(tree: Any) -> list[np.ndarray]:
    return [np.asarray(jax.random.key_data(x) if kernel_index.is_key(x.dtype) else x) for x in jax.tree.leaves(tree)]


def _same(left: Any, right: Any) -> None:
    assert jax.tree.structure(left) == jax.tree.structure(right)
    for x, y in zip(_numbers(left), _numbers(right), strict=True):
        assert x.dtype == y.dtype
        np.testing.assert_array_equal(x, y)


def test_the_second_start_does_not_trace(traces: Traces, records: Callable[[], list[Path]]) -> None:
    tagged = Tagged(np.int32(5))
    first = traces()(tagged, X)
    assert traces.count == 1 and len(records()) == 1
    again = traces()(tagged, X)
    assert traces.count == 1
    assert again["tagged"][0].mode == "plus" and again["sum"][1] is None
    _same(first, again)
    _same(again, traces(backend="xla")(tagged, X))
    count = traces.count
    _same(jax.jit(traces())(tagged, X), again)
    _same(traces()(tagged, X[:3]), jax.tree.map(lambda leaf: leaf[:3], again))  # any number of lanes
    assert traces.count == count
    stacked = jax.vmap(traces(), (None, 0))(tagged, np.stack([X, X + 1]))
    assert traces.count == count
    _same(jax.tree.map(lambda leaf: leaf[0], stacked), again)


def test_without_a_fingerprint_nothing_is_kept(traces: Traces, records: Callable[[], list[Path]]) -> None:
    for _ in range(2):
        traces(small=1, fingerprint=None)(Tagged(np.int32(5)), X)
    assert traces.count == 2 and not records()


def test_derivatives_of_a_start_are_those_of_xla(traces: Traces) -> None:
    x = np.linspace(0.1, 1, 10).astype(np.float32)
    for _ in range(2):
        ours = jaxlanes.vmap(jnp.sin, backend="simd", fingerprint="sine")
        gradient = jax.grad(lambda x, ours=ours: (ours(x) ** 2).sum())(x)
        assert jnp.allclose(gradient, jax.grad(lambda x: (jnp.sin(x) ** 2).sum())(x))


OTHERS: dict[str, tuple[dict[str, Any], Tagged, Any]] = {
    "fingerprint": ({"fingerprint": "b"}, Tagged(np.int32(5)), X),
    "static value": ({}, Tagged(np.int32(5), "minus"), X),
    "type of a static value": ({}, Tagged(np.int32(5), 1.0), X),
    "shape": ({}, Tagged(np.int32(5)), X[:, :2]),
    "dtype": ({}, Tagged(np.int32(5)), X.astype(np.int16)),
    "rounding": ({"fast": True}, Tagged(np.int32(5)), X),
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_call_is_traced(traces: Traces, records: Callable[[], list[Path]], name: str) -> None:
    traces(small=1)(Tagged(np.int32(5)), X)
    options, tagged, rows = OTHERS[name]
    _same(traces(small=1, **options)(tagged, rows), traces(small=1, backend="xla")(tagged, rows))
    assert traces.count == 3 and len(records()) == 2


def _key(mode: Any = "plus") -> str | None:
    tree = jax.tree.structure((Tagged(0, mode),))
    return kernel_index.entry_key("a", "m:f", tree, (jax.ShapeDtypeStruct((3,), np.int32),), (0,), False)


def test_what_is_part_of_the_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keys = [_key(), _key(1), _key(1.0), _key(True), _key("1"), _key((1,)), _key([1])]
    with jax.numpy_dtype_promotion("strict"):
        keys.append(_key())
    with jax.threefry_partitionable(False):
        keys.append(_key())
    compiler = tmp_path / "compiler"
    compiler.write_text("#!/bin/sh\n")
    compiler.chmod(0o700)
    for name, value in (("JAXLANES_ISA", "portable"), ("JAXLANES_CC", str(compiler))):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            keys.append(_key())
    with monkeypatch.context() as patch:
        patch.setenv("JAXLANES_CC", str(compiler))
        compiler.write_text("#!/bin/sh\nexit\n")
        keys.append(_key())
    for module, name in ((jax, "__version__"), (jaxlib.version, "__version__"), (np, "__version__")):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, "0.0")
            keys.append(_key())
    with monkeypatch.context() as patch:
        patch.setattr(kernel_index, "hash_of", lambda packages: "other sources")
        keys.append(_key())
    assert None not in keys and len(set(keys)) == len(keys)
    with monkeypatch.context() as patch:  # where kernels lie and what XLA keeps does not matter
        patch.setenv("JAXLANES_CACHE", str(tmp_path))
        with jax.log_compiles(True):
            assert _key() == keys[0]


def test_what_cannot_be_known_is_traced(traces: Traces, records: Callable[[], list[Path]]) -> None:
    odd = Tagged(np.int32(5), lambda: None)
    for _ in range(2):
        traces(small=1)(odd, X)
    assert traces.count == 2 and not records() and _key(object()) is None

    @jax.jit
    def outer(x: Any, offset: Any) -> Any:
        return jaxlanes.vmap(lambda row: row + offset, backend="simd", fingerprint="closes over a traced value")(x)

    assert np.array_equal(outer(X, np.int32(3)), X + 3) and np.array_equal(outer(X, np.int32(4)), X + 4)
    assert not records()


def test_a_damaged_start_is_traced_anew(
    traces: Traces, records: Callable[[], list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    tagged = Tagged(np.int32(5))
    first = traces(small=2)(tagged, X)
    (record,), (library,) = records(), records()[0].parent.glob("*.so")
    damages: dict[str, Callable[[], Any]] = {
        "record": lambda: record.write_bytes(_flipped(record.read_bytes())),
        "no record": record.unlink,
        "library": lambda: _replace(library, library.read_bytes()[:1000]),
        "no library": library.unlink,
        "another class": lambda: monkeypatch.setattr(kernel_index, "decode_structure", _refuse),
    }
    for count, (name, damage) in enumerate(damages.items(), 2):
        kernel._loaded.clear()
        kernel._last_loaded.clear()
        damage()
        _same(first, traces(small=2)(tagged, X))
        assert traces.count == count, name


def _flipped(content: bytes) -> bytes:
    """One bit of it, in the middle, is another."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def _replace(path: Path, content: bytes) -> None:
    """A new file: the old one is loaded."""
    path.unlink()
    path.write_bytes(content)


def _refuse(text: Any) -> Any:
    raise AttributeError("the class is gone")


def test_descriptions() -> None:
    for value in (None, True, 0, -1.5, float("inf"), "a", (1, [2, {"b": (None,)}]), np.dtype("int8"), int, {}, ()):
        assert decode(encode(value)) == value and type(decode(encode(value))) is type(value)
    for value in (lambda: 0, object(), np.zeros(2), Path("a"), {1, 2}, type("Local", (), {})):
        with pytest.raises(NotDescribableError):
            encode(value)
    tree = jax.tree.structure({"a": [Tagged(1), None, (2, Tagged(3, ("x", 4.0)))]})
    assert decode_structure(encode_structure(tree)) == tree
