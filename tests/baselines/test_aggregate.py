"""Interquartile means."""

from __future__ import annotations

import numpy as np
import pytest

from baselines.aggregate import interquartile_mean


def test_the_middle_half_is_averaged() -> None:
    found = interquartile_mean([1000.0, 2.0, 4.0, 3.0, -1000.0])
    assert found.value == 3.0 and found.seeds == 5
    assert found.low is not None and found.high is not None and found.low < 3.0 < found.high


def test_its_interval_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(200):
        found = interquartile_mean(rng.normal(5.0, 1.0, 20))
        assert found.low is not None and found.high is not None
        hits += found.low <= 5.0 <= found.high
    assert 0.86 <= hits / 200 <= 0.99  # a percentile bootstrap of 20 is somewhat short of 95 %


def test_one_seed_has_no_interval() -> None:
    found = interquartile_mean([7.0])
    assert (found.value, found.low, found.high) == (7.0, None, None)
    assert str(found) == "7"


def test_no_seed_has_no_mean() -> None:
    with pytest.raises(ValueError, match="no scores"):
        interquartile_mean([])
