"""Steps after the end of battles, of which none may have ended."""

from __future__ import annotations

import numpy as np
import pytest

from families.pokejax_gen1.verify.episodes import _write_after_the_end
from families.pokejax_gen1.verify.outcome import AGAIN_PATHS, REWARDS
from references.protocol import TERMINATED


@pytest.mark.parametrize("over", [[], [1], [0, 1]])
def test_the_paths_after_the_end_are_those_of_battles_that_are_over(over: list[int]) -> None:
    lengths = np.array([1, 2])
    outs = {
        TERMINATED: np.zeros((4, 2), bool),
        **{path: np.zeros((4, 2), np.float32) for path in REWARDS},
        "out.p1.obs.own_hp": np.zeros((4, 2, 6), np.int32),
    }
    for battle in over:
        outs[TERMINATED][lengths[battle] :, battle] = True
    _write_after_the_end(outs, lengths)
    terminated = outs[AGAIN_PATHS[2]]
    assert [tuple(at) for at in np.argwhere(terminated)] == sorted((lengths[battle], battle) for battle in over)
    assert outs[AGAIN_PATHS[3]].all()
