"""Machine, versions and commit of a record."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

Versions = dict[str, str]
"""Package → version; "python" is among them."""


class Machine(Struct, forbid_unknown_fields=True, kw_only=True):
    """Fingerprint of the hardware, and of the settings that change speed. `load_before`: of 1, 5 and 15 minutes."""

    cpu: str
    cores: int
    memory_gib: float | None
    system: str
    device: str
    device_count: int
    accelerator: dict[str, Any] | None
    load_before: list[float] | None
    flags: dict[str, str]
    x64: bool
    matmul_precision: str | None


class MadeWith(Struct, forbid_unknown_fields=True, kw_only=True):
    """Provenance of a training run or of a transfer."""

    commit: str | None
    dirty: bool | None
    versions: Versions
    machine: Machine
