"""Pong's endings and chances as both sides have them: limits, figures, and serves drawn next to one half."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from pong_runs import need_reference

from families.pongjax.verify.engine import HALF, boundary_keys
from families.pongjax.verify.sides import SeededPong
from pongjax.env import draw_serve_bit
from references.protocol import LENGTH, LIMIT, RETURN


@pytest.fixture(scope="module", autouse=True)
def compiled_reference() -> None:
    need_reference()


def test_the_keys_draw_next_to_one_half() -> None:
    """Nearer than a 1/256, on both sides, for the serve of a reset, of a point, and of the game that follows an end."""
    keys = boundary_keys()
    for level in (0, 1):
        drawn = [keys.reset[level], *jax.random.split(jnp.asarray(keys.step[level]))]
        for key in drawn:
            bits = int(jax.random.bits(jnp.asarray(key), (), jnp.uint32))
            assert int(draw_serve_bit(jnp.asarray(key))) == level == (bits >= HALF)
            assert abs(bits - HALF) < 2**32 / 256


def test_a_limit_cuts_the_reference_off_and_begins_a_game() -> None:
    reference = SeededPong(False)
    reference.reset(5, {"limit": 3, "frame_skip": 1})
    for step in (1, 2, 3):
        reference.step({"agent": np.int32(0)})
        after = reference.snapshot()
        assert bool(after["out.truncated"]) == bool(after["out.episode.ended"]) == (step == 3)
    assert after["out.episode.length"] == 3 and not after["out.terminated"]
    assert (after["state.time"], after[LENGTH], after[RETURN], after[LIMIT]) == (0, 0, 0, 3)
    assert after["state.ball_x"] == 100 and after["out.obs"][2] == np.float32(130 / 500), (
        "the last one is the old game's"
    )


def test_a_game_that_ends_at_its_limit_has_terminated() -> None:
    reference = SeededPong(False)
    reference.reset(5, {"frame_skip": 1})
    last = {"state.score_l": np.int32(20), "state.ball_x": np.float32(480), "state.paddle_yr": np.float32(605)}
    reference.restore({**reference.snapshot(), **last, "state.time": np.int32(9), LIMIT: np.int32(10)})
    reference.step({"agent": np.int32(0)})
    after = reference.snapshot()
    assert after["out.terminated"] and not after["out.truncated"] and after["out.reward"] == -1
