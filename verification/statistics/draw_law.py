"""The declared law of one labelled random draw, and its draws laid out for the tests."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Kind = Literal["uniform_int", "categorical", "bernoulli", "uniform", "normal", "continuous", "permutation"]
INTEGER_KINDS = ("uniform_int", "categorical", "bernoulli")
MOST_CELLS = 64
LEAST_DRAWS = 200


@dataclass(frozen=True)
class DrawLaw:
    """Declared law of one draw of an environment. Build it by the class methods.

    `uniform_int`: an integer in low ≤ x < high. `categorical`: 0 ≤ x < m with `probabilities` [m]. `bernoulli`: 0 or 1.
    `uniform`: a number in low ≤ x ≤ high. `normal`: `mean`, `sd`. `continuous`: any law with a vectorised `cdf`.
    `permutation`: an arrangement of 0 … high - 1, every one as likely. `collision`: the chance that two independent
    draws are equal; for continuous laws it is that of rounding, None for the default (2^-20; 16-bit floats 2^-6).
    """

    label: str
    kind: Kind
    low: float = 0
    high: float = 1
    probabilities: tuple[float, ...] = ()
    mean: float = 0.0
    sd: float = 1.0
    cdf: Callable[[NDArray[np.float64]], NDArray[np.float64]] | None = None
    collision: float | None = None

    @classmethod
    def uniform_int(cls, label: str, low: int, high: int) -> DrawLaw:
        """An integer in low ≤ x < high."""
        return cls(label, "uniform_int", low, high)

    @classmethod
    def categorical(cls, label: str, probabilities: ArrayLike) -> DrawLaw:
        """An index with the given chances."""
        return cls(label, "categorical", probabilities=tuple(np.asarray(probabilities, dtype=np.float64).tolist()))

    @classmethod
    def bernoulli(cls, label: str, probability: float) -> DrawLaw:
        """1 with the given chance, else 0."""
        return cls(label, "bernoulli", probabilities=(1 - probability, probability))

    @classmethod
    def uniform(cls, label: str, low: float, high: float, collision: float | None = None) -> DrawLaw:
        """A number in low ≤ x ≤ high."""
        return cls(label, "uniform", low, high, collision=collision)

    @classmethod
    def normal(cls, label: str, mean: float, sd: float, collision: float | None = None) -> DrawLaw:
        """A normal deviate."""
        return cls(label, "normal", mean=mean, sd=sd, collision=collision)

    @classmethod
    def continuous(cls, label: str, cdf: Callable[[Any], Any], collision: float | None = None) -> DrawLaw:
        """Any continuous law, by its distribution function of a float64 array."""
        return cls(label, "continuous", cdf=cdf, collision=collision)

    @classmethod
    def permutation(cls, label: str, size: int) -> DrawLaw:
        """A shuffle of 0 … size - 1; its draws carry a last axis of that length."""
        return cls(label, "permutation", 0, size)

    def __post_init__(self) -> None:
        problem = self._problem()
        if problem:
            raise ValueError(f"law of draw {self.label!r}: {problem}")

    def _problem(self) -> str | None:
        if not self.label:
            return "it has no label"
        if self.collision is not None and not 0 < self.collision < 1:
            return f"collision {self.collision} must lie strictly between 0 and 1"
        if self.kind in ("uniform_int", "permutation"):
            if self.low != int(self.low) or self.high != int(self.high):
                return f"bounds {self.low} .. {self.high} must be integers"
            if not self.low < self.high:
                return f"no integer lies in {self.low} ≤ x < {self.high}"
        elif self.kind in ("categorical", "bernoulli"):
            chances = self.probabilities
            if not chances or min(chances) < 0 or not math.isclose(sum(chances), 1, abs_tol=1e-9):
                return f"probabilities {chances} must be at least 0 and sum to 1, got a sum of {sum(chances):.9g}"
        elif self.kind == "uniform":
            if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
                return f"bounds {self.low} .. {self.high} must be finite and in order"
        elif self.kind == "normal":
            if not (self.sd > 0 and math.isfinite(self.sd) and math.isfinite(self.mean)):
                return f"mean {self.mean} and sd {self.sd} must be finite, sd positive"
        elif self.kind == "continuous":
            if self.cdf is None:
                return "a continuous law needs its cdf"
        else:
            return f"kind {self.kind!r} is not one of {', '.join(Kind.__args__)}"
        return None

    @property
    def size(self) -> int:
        """Number of values of an integer law, of items of a permutation."""
        return len(self.probabilities) or int(self.high) - int(self.low)

    @property
    def most_likely(self) -> float:
        """The chance of the most likely value; of an integer law or a permutation."""
        if self.kind == "permutation":
            return math.exp(-math.lgamma(self.size + 1))
        return max(self.probabilities) if self.probabilities else 1 / self.size


@dataclass(frozen=True)
class Column:
    """The draws of one label, [N lanes, R repeats] (a permutation's [N, R, size]), as the tests need them."""

    law: DrawLaw
    values: NDArray[Any]

    @classmethod
    def of(cls, law: DrawLaw, draws: ArrayLike) -> Column:
        """Checked draws: ValueError for a wrong shape, fractions of an integer law, or fewer than 200 draws."""
        values = np.asarray(draws)
        depth = 3 if law.kind == "permutation" else 2
        if values.ndim != depth:
            wanted = "[lanes, repeats]" if depth == 2 else f"[lanes, repeats, {law.size}]"
            raise ValueError(f"draws of {law.label!r} have shape {values.shape}; give {wanted}, repeats may be 1")
        if depth == 3 and values.shape[2] != law.size:
            raise ValueError(f"draws of {law.label!r} have {values.shape[2]} items, its law has {law.size}")
        if values.shape[0] * values.shape[1] < LEAST_DRAWS or values.shape[0] < 2:
            raise ValueError(
                f"draws of {law.label!r} have shape {values.shape}: at least 2 lanes and {LEAST_DRAWS} draws are "
                "needed; 65,536 lanes make a good check"
            )
        if law.kind in (*INTEGER_KINDS, "permutation"):
            whole = values.astype(np.int64) if values.dtype.kind in "bf" else values
            if whole.dtype.kind not in "iu" or (values.dtype.kind == "f" and (whole != values).any()):
                raise ValueError(f"draws of {law.label!r} are not integers, but its law is {law.kind}")
            return cls(law, whole)
        return cls(law, values if values.dtype == np.float64 else values.astype(np.float64))._with_collision(values)

    def _with_collision(self, given: NDArray[Any]) -> Column:
        if self.law.collision is not None:
            return self
        coarse = 2.0**-6 if given.dtype.itemsize < 4 else 2.0**-20
        return Column(replace(self.law, collision=coarse), self.values)

    @property
    def shape(self) -> tuple[int, int]:
        """(lanes, repeats)."""
        return self.values.shape[0], self.values.shape[1]

    @property
    def collision(self) -> float:
        """The chance that two independent draws of the declared law are equal."""
        law = self.law
        if law.collision is not None:
            return law.collision
        return sum(chance**2 for chance in law.probabilities) if law.probabilities else law.most_likely

    @property
    def most_likely(self) -> float:
        """The chance of the most likely value, of rounding for continuous laws."""
        return self.law.collision if self.law.collision is not None else self.law.most_likely

    @cached_property
    def outside(self) -> NDArray[np.bool_]:
        """bool [N, R]: draws that the law cannot give. Half-rounded bounds of a float32 are inside."""
        law, values = self.law, self.values
        if law.kind == "permutation":
            return (np.sort(values, axis=2) != np.arange(law.size)).any(axis=2)
        if law.kind == "uniform":
            slack = 2.0**-22 * max(abs(law.low), abs(law.high))
            return ~((values >= law.low - slack) & (values <= law.high + slack))
        if law.kind in INTEGER_KINDS:
            low = int(law.low)
            return (values < low) | (values >= low + law.size)
        return ~np.isfinite(values)

    @cached_property
    def _scalar(self) -> NDArray[Any]:
        """One number a draw: of a permutation its first item."""
        return self.values[:, :, 0] if self.law.kind == "permutation" else self.values

    @cached_property
    def uniforms(self) -> NDArray[np.float64]:
        """float64 [N, R] in [0, 1]: the distribution function at the draw, at mid-step for integers."""
        law, values = self.law, self._scalar
        if law.kind in ("categorical", "bernoulli"):
            chances = np.asarray(law.probabilities)
            return (np.cumsum(chances) - chances / 2)[np.clip(values, 0, law.size - 1).astype(np.int64)]
        if law.kind in ("uniform_int", "permutation"):
            return np.clip((values.astype(np.float64) - float(law.low) + 0.5) / law.size, 0, 1)
        if law.kind == "uniform":
            parts = (values - law.low) / (law.high - law.low)
        elif law.kind == "normal":
            parts = special.ndtr((values - law.mean) / law.sd)
        else:
            assert law.cdf is not None
            parts = np.asarray(law.cdf(values), dtype=np.float64)
        return np.clip(np.nan_to_num(parts, nan=0.5), 0, 1)

    @cached_property
    def cells(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """int64 [N, R] cell of each draw and the cells' chances: the values themselves where there are at most 64."""
        law = self.law
        if law.kind in ("categorical", "bernoulli"):
            codes = np.clip(self._scalar, 0, law.size - 1).astype(np.int64)
            return codes, np.asarray(law.probabilities)
        if law.kind not in ("uniform_int", "permutation"):
            codes = np.minimum((self.uniforms * MOST_CELLS).astype(np.int64), MOST_CELLS - 1)
            return codes, np.full(MOST_CELLS, 1 / MOST_CELLS)
        cells = min(MOST_CELLS, law.size)
        # Exact integer edges: cells of a range that 64 does not divide hold unequal numbers of values.
        edges = [-(-cell * law.size // cells) for cell in range(cells + 1)]
        chances = np.diff(np.asarray(edges, dtype=np.float64)) / law.size
        offsets = self.offsets
        if law.size <= MOST_CELLS:
            return np.minimum(offsets, np.uint64(law.size - 1)).astype(np.int64), chances
        inner = np.asarray(edges[1:-1], dtype=np.uint64)
        return np.searchsorted(inner, offsets, side="right").astype(np.int64), chances

    @cached_property
    def offsets(self) -> NDArray[np.uint64]:
        """uint64 [N, R]: integer draw minus its lower bound, modulo 2**64."""
        return self._scalar.astype(np.uint64) - np.uint64(int(self.law.low) % 2**64)

    @cached_property
    def words(self) -> NDArray[np.uint64]:
        """uint64 [N, R]: equal exactly where two draws are equal (a hash for permutations)."""
        if self.law.kind == "permutation":
            odd = np.random.default_rng(20).integers(2**63, size=self.law.size, dtype=np.uint64) * np.uint64(
                2
            ) + np.uint64(1)
            return mix((self.values.astype(np.uint64) * odd).sum(axis=2, dtype=np.uint64))
        if self.law.kind in INTEGER_KINDS:
            return self.values.astype(np.uint64)
        return (self.values + 0.0).view(np.uint64)  # + 0.0: minus zero equals zero


def mix(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's finaliser: a bijection of 64-bit words whose every output bit depends on every input bit."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))
