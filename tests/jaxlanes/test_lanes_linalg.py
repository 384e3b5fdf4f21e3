"""Convolutions and the linear algebra of small matrices, against XLA and in float64."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import jaxlanes


def close(fn: Any, *args: Any, tolerance: float = 3e-6) -> tuple[Any, Any]:
    ours, xlas = (jax.jit(vmap(fn))(*args) for vmap in (jaxlanes.vmap, jax.vmap))
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(xlas), strict=True):
        assert a.dtype == b.dtype and a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)
    return ours, xlas


def positive(size: int, lanes: int = 20) -> np.ndarray:
    a = np.random.default_rng(size).standard_normal((lanes, size, size)).astype(np.float32)
    return a @ a.transpose(0, 2, 1) + 2 * np.eye(size, dtype=np.float32)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_cholesky(size: int) -> None:
    matrices = positive(size)
    matrices[3] = -matrices[3]
    ours, xlas = close(jnp.linalg.cholesky, matrices)
    assert np.isnan(ours[3]).sum() == np.isnan(xlas[3]).sum() > 0


@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("transposed", [True, False])
def test_triangular_solve(left: bool, lower: bool, transposed: bool) -> None:
    rng = np.random.default_rng(0)
    a = (rng.standard_normal((10, 4, 4)) + 4 * np.eye(4)).astype(np.float32)
    b = rng.standard_normal((10, *((4, 3) if left else (3, 4)))).astype(np.float32)
    for unit in (False, True):
        options = {"left_side": left, "lower": lower, "transpose_a": transposed, "unit_diagonal": unit}
        close(lambda m, v, options=options: lax.linalg.triangular_solve(m, v, **options), a / (5 if unit else 1), b)


@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4)])
def test_lu(shape: tuple[int, int]) -> None:
    a = np.random.default_rng(1).standard_normal((30, *shape)).astype(np.float32)
    a[2, :, 0] = 0  # a column without a pivot
    close(lax.linalg.lu, a)


def test_solve_inverse_and_determinant() -> None:
    a = positive(4)
    b = np.random.default_rng(2).standard_normal((20, 4)).astype(np.float32)
    close(lambda m, v: (jnp.linalg.solve(m, v), jax.scipy.linalg.cho_solve((m, True), v)), a, b, tolerance=2e-5)
    close(lambda m: (jnp.linalg.inv(m), jnp.linalg.slogdet(m)), a, tolerance=2e-5)
    close(lambda m: jnp.linalg.cholesky(jnp.stack([m, 2 * m])), a)  # some matrices for each lane


def test_conjugate_gradients() -> None:
    a, b = positive(3), np.random.default_rng(3).standard_normal((20, 3)).astype(np.float32)
    close(lambda m, v: jax.scipy.sparse.linalg.cg(m, v, maxiter=10)[0], a, b, tolerance=1e-4)


def test_large_matrices_are_refused() -> None:
    with pytest.raises(jaxlanes.UnsupportedError, match=r"cholesky of 40x40 \(at most 32 rows\)"):
        jaxlanes.vmap(jnp.linalg.cholesky, backend="simd")(positive(40, 2))


@pytest.mark.parametrize(
    "options",
    [
        {"window_strides": (1, 1), "padding": "SAME"},
        {"window_strides": (2, 1), "padding": "VALID", "rhs_dilation": (2, 1)},
        {"window_strides": (1, 2), "padding": ((1, -1), (0, 2)), "lhs_dilation": (2, 1)},
    ],
)
def test_convolution(options: dict[str, Any]) -> None:
    rng = np.random.default_rng(4)
    x = rng.standard_normal((6, 2, 5, 4, 3)).astype(np.float32)
    kernel = rng.standard_normal((2, 3, 3, 4)).astype(np.float32)
    layout = ("NHWC", "HWIO", "NHWC")
    close(lambda v: lax.conv_general_dilated(v, kernel, dimension_numbers=layout, **options), x)


def test_convolution_in_groups_and_of_integers() -> None:
    rng = np.random.default_rng(5)
    x, kernel = rng.integers(-5, 5, (4, 2, 4, 7), np.int32), rng.integers(-5, 5, (6, 2, 3), np.int32)
    by_feature = jax.jit(jaxlanes.vmap(lambda v: lax.conv_general_dilated(v, kernel, (1,), "SAME",
                                                                         feature_group_count=2)))(x)  # fmt: skip
    expected = jax.vmap(lambda v: lax.conv_general_dilated(v, kernel, (1,), "SAME", feature_group_count=2))(x)
    assert np.array_equal(by_feature, expected)
    wide = rng.integers(-5, 5, (6, 4, 3), np.int32)
    by_batch = jaxlanes.vmap(lambda v: lax.conv_general_dilated(v, wide, (1,), "SAME", batch_group_count=2))(x)
    assert np.array_equal(
        by_batch, jax.vmap(lambda v: lax.conv_general_dilated(v, wide, (1,), "SAME", batch_group_count=2))(x)
    )
    close(lambda v: jnp.convolve(v, jnp.array([1.0, -2.0, 0.5])), rng.standard_normal((5, 9)).astype(np.float32))
