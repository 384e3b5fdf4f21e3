"""Machine, versions and commit that a number was measured with."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import jax

ROOT = Path(__file__).resolve().parents[1]


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def fingerprint() -> dict[str, Any]:
    """The machine and the settings that change speed. Starts the backend."""
    device = jax.devices()[0]
    return {
        "cpu": _cpu_model(),
        "cores": cores(),
        "memory_gib": _memory_gib(),
        "system": platform.platform(),
        "device": device.device_kind,
        "device_count": jax.device_count(),
        "accelerator": _nvidia(),
        "load_before": list(os.getloadavg()) if hasattr(os, "getloadavg") else None,
        "flags": {
            name: os.environ[name].replace(str(Path.home()), "~")  # whose home it is says nothing of the speed
            for name in sorted(os.environ)
            if name == "XLA_FLAGS" or name.startswith("JAX_")
        },
        "x64": bool(jax.config.jax_enable_x64),  # type: ignore[attr-defined]
        "matmul_precision": jax.config.jax_default_matmul_precision,  # type: ignore[attr-defined]
    }


def versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in ("jax", "jaxlib", "numpy", "pokejax"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def commit() -> tuple[str | None, bool | None]:
    """This checkout's commit and whether tracked files differ from it; None outside a checkout.

    Installed packages may lie inside somebody else's repository, whose commit says nothing about them.
    """
    top = _git("rev-parse", "--show-toplevel")
    if top is None or Path(top).resolve() != ROOT:
        return None, None
    head, status = _git("rev-parse", "HEAD"), _git("status", "--porcelain", "--untracked-files=no")
    return head, None if status is None else bool(status)


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _memory_gib() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, ValueError, OSError):
        return None


def _nvidia() -> dict[str, Any] | None:
    """Driver, power limit and clocks, where the optional `nvidia-ml-py` is installed and a GPU is there."""
    if jax.default_backend() != "gpu":
        return None
    try:
        import pynvml  # type: ignore[import-not-found]
    except ImportError:
        return {"note": "install nvidia-ml-py for driver, power limit and clocks"}
    pynvml.nvmlInit()
    gpu = pynvml.nvmlDeviceGetHandleByIndex(0)
    facts: dict[str, Any] = {"driver": pynvml.nvmlSystemGetDriverVersion()}
    queries = {
        "power_limit_w": lambda: pynvml.nvmlDeviceGetPowerManagementLimit(gpu) / 1000,
        "sm_clock_mhz": lambda: pynvml.nvmlDeviceGetMaxClockInfo(gpu, pynvml.NVML_CLOCK_SM),
        "mig": lambda: pynvml.nvmlDeviceGetMigMode(gpu)[0],
    }
    for name, query in queries.items():
        try:
            facts[name] = query()
        except pynvml.NVMLError:
            facts[name] = None
    return facts
