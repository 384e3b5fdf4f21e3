"""Pictures of machines, as Gymnasium's vector environments give them."""

from __future__ import annotations

import emurust_native
import numpy as np
import pytest


@pytest.fixture(scope="module", autouse=True)
def native():
    emurust_native.load()


def pictures(screen: str) -> tuple[np.ndarray, ...]:
    from emurust.games.blocks import make

    env = make(2, screen=screen, render_mode="rgb_array")
    env.reset(seed=3)
    env.step(np.array([1, 2]))
    found = env.render()
    assert found is not None
    return found


def test_every_screen_gives_a_picture_of_each_machine():
    shown = {screen: pictures(screen) for screen in ("full", "half", "packed")}
    for found in shown.values():
        assert len(found) == 2 and all(one.shape == (144, 160, 3) and one.dtype == np.uint8 for one in found)
        assert (found[0] != found[1]).any()
    np.testing.assert_array_equal(shown["half"], shown["packed"])
    # Half the size keeps the upper left one of four pixels.
    np.testing.assert_array_equal(shown["full"][0][::2, ::2], shown["half"][0][::2, ::2])


def test_no_picture_unless_asked_for():
    from emurust.games.blocks import make

    assert make().render() is None
    with pytest.raises(ValueError, match=r"render_mode='rgb_array', screen='none'\. Remedy: None, or \"rgb_array\""):
        make(screen="none", render_mode="rgb_array")
