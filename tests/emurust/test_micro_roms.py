"""Every frame of every micro-ROM equals PyBoy's, in all that a frame shows.

Each test run plays a sixth of them, another one with every commit; `pytest -m sweep tests/emurust` plays all.
"""

from __future__ import annotations

from types import ModuleType

import pytest

from families.emurust.verify import lockstep
from families.emurust.verify.roms import micro_roms

FRAMES = 600
NAMES = (*micro_roms.PROGRAMS, *micro_roms.MAPPERS)
MARKED = [
    pytest.param(name, marks=[pytest.mark.xfail(reason=micro_roms.DIFFERENCES[name], raises=AssertionError)])
    if name in micro_roms.DIFFERENCES
    else name
    for name in NAMES
]


@pytest.mark.sweep
@pytest.mark.parametrize("name", MARKED)
def test_every_frame_equals_pyboys(native: ModuleType, name: str) -> None:
    assert lockstep.run(micro_roms.build(name), FRAMES, press_every=7) == FRAMES


def test_frames_of_some_equal_pyboys(native: ModuleType, commit_seed: int) -> None:
    chosen = [name for name in NAMES if name not in micro_roms.DIFFERENCES][commit_seed % 6 :: 6]
    assert len(chosen) > 8
    for name in chosen:
        assert lockstep.run(micro_roms.build(name), FRAMES, press_every=7) == FRAMES, name
