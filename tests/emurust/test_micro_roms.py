"""Every frame of every micro-ROM equals PyBoy's, in all that a frame shows."""

from __future__ import annotations

from types import ModuleType

import lockstep
import micro_roms
import pytest

FRAMES = 600


NAMES = [
    pytest.param(name, marks=[pytest.mark.xfail(reason=micro_roms.DIFFERENCES[name], raises=AssertionError)])
    if name in micro_roms.DIFFERENCES
    else name
    for name in (*micro_roms.PROGRAMS, *micro_roms.MAPPERS)
]


@pytest.mark.parametrize("name", NAMES)
def test_every_frame_equals_pyboys(native: ModuleType, name: str) -> None:
    assert lockstep.run(micro_roms.build(name), FRAMES, press_every=7) == FRAMES
