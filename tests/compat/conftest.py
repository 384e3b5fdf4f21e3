"""Tests by the real consumers of our environments, one file for each library.

Most of the libraries are not in the test group, since they fight over versions of jax. A file whose library is missing
is not collected here, so that a plain `uv run pytest` runs what it can. That is acceptable only because `.ci/compat`
runs every file in an environment of its own, where `COMPAT_REQUIRED` is set: then all files are collected, a missing
library is an error, and so is a skip. Tests marked `compat`, which compile for long, run only there as well.
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "jaxenv"))  # the toys: two players that compile fast
REQUIRED = bool(os.environ.get("COMPAT_REQUIRED"))
LIBRARIES: dict[str, tuple[str, ...]] = {
    "brax": ("brax",),
    "cleanrl": ("torch", "gymnasium"),
    "envelope": ("envelope",),
    "gymnasium": ("gymnasium",),
    "gymnax": ("gymnax",),
    "jaxmarl": ("jaxmarl",),
    "mctx": ("mctx",),
    "pettingzoo": ("pettingzoo",),
    "pgx": ("pgx",),
    "ray": ("ray",),
    "rejax": ("rejax",),
    "stable_baselines3": ("stable_baselines3", "sb3_contrib"),
    "stoa": ("stoa",),
    "torchrl": ("torchrl",),
}
"""Modules that each file needs, by the name in its file name."""


def pytest_configure(config: pytest.Config) -> None:
    """Use what the wheel installs, and let libraries import what is deprecated: that is theirs to mend."""
    if REQUIRED:
        found = find_spec("jaxenv")
        if found is None or "site-packages" not in str(found.origin):
            raise pytest.UsageError(f"jaxenv comes from {found and found.origin}, not from the wheel; run .ci/compat")
        for category in ("DeprecationWarning", "FutureWarning", "PendingDeprecationWarning"):
            config.addinivalue_line("filterwarnings", f"ignore::{category}")


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out files whose library is missing, unless everything is required."""
    name = collection_path.name.removeprefix("test_").removesuffix(".py")
    if REQUIRED or not collection_path.name.startswith("test_") or name not in LIBRARIES:
        return None
    return True if any(find_spec(module) is None for module in LIBRARIES[name]) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the long ones, unless everything is required."""
    left_out = [item for item in items if not REQUIRED and item.get_closest_marker("compat")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """Turn a skip into a failure where everything is required."""
    report = yield
    if REQUIRED and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and .ci/compat allows no skips: {report.longrepr}"
    return report
