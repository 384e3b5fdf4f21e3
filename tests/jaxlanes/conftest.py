"""Fixtures of the tests of jaxlanes: a folder of kernels of their own, and the comparison with `jax.vmap`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
import pytest

import jaxlanes
from jaxlanes import api


@pytest.fixture(scope="session", autouse=True)
def _kernels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("kernels", numbered=True)
    folder.chmod(0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAXLANES_CACHE", str(folder))
        yield


@pytest.fixture(autouse=True)
def _faults_untold() -> None:
    """Each test hears of a fault of this machine as if it were the first."""
    api._faults.clear()


def _bits(leaf: Any) -> np.ndarray:
    if jax.numpy.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        leaf = jax.random.key_data(leaf)
    array = np.asarray(leaf)
    if array.dtype == np.float32:  # every NaN is as good as any other
        array = np.where(np.isnan(array), np.float32(np.nan), array).view(np.uint32)
    return array


@pytest.fixture(scope="session")
def same() -> Callable[..., Any]:
    """`same(fn, *args, in_axes=0)`: the kernel's results equal those of `jax.vmap(fn)`, every bit and type."""

    def check(fn: Callable[..., Any], *args: Any, in_axes: Any = 0) -> Any:
        got = jax.jit(jaxlanes.vmap(fn, in_axes, backend="simd"))(*args)
        expected = jax.jit(jax.vmap(fn, in_axes))(*args)
        assert jax.tree.structure(got) == jax.tree.structure(expected)
        for (path, ours), theirs in zip(
            jax.tree_util.tree_leaves_with_path(got), jax.tree.leaves(expected), strict=True
        ):
            where = jax.tree_util.keystr(path)
            assert ours.dtype == theirs.dtype and ours.shape == theirs.shape, where
            assert getattr(ours, "weak_type", None) == getattr(theirs, "weak_type", None), where
            a, b = _bits(ours), _bits(theirs)
            different = np.argwhere(a != b)
            assert not len(different), (
                f"{where}: {len(different)} of {a.size} differ, the first at {different[0]}: "
                f"{np.asarray(ours)[tuple(different[0][: ours.ndim])]} is not "
                f"{np.asarray(theirs)[tuple(different[0][: ours.ndim])]}; lane "
                f"{[np.asarray(arg)[different[0][0]] for arg in jax.tree.leaves(args) if np.ndim(arg)][:4]}"
            )
        return got

    return check
