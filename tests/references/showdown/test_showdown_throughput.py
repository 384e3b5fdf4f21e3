"""The reference's own speed."""

from __future__ import annotations

import pytest

from references.showdown.throughput import throughput, throughput_session


def test_throughput_reports_its_samples_and_their_median() -> None:
    result = throughput(seconds=0.6, workers=1, samples=3)
    assert (result["name"], result["version"], result["cores"]) == ("pokemon-showdown", "0.11.11", 1)
    assert len(result["samples"]) == 3
    assert result["median_sps"] == sorted(result["samples"])[1]
    assert result["median_sps_per_core"] == pytest.approx(result["median_sps"])
    assert 50 < result["median_sps"] < 1e6


def test_a_session_gives_one_sample_per_call() -> None:
    with throughput_session(2) as sample:
        assert sample(0.2) > 50
        assert sample(0.2) > 50
