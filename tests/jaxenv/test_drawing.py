"""Pictures: shapes as pixels and as SVG, and `render` of every environment."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import jax
import numpy as np
import pytest
from compiled_quickly import compiled_quickly  # noqa: F401 (a fixture)
from toys import Duel

import jaxenv
from families.cartpole.env import CartPole
from jaxenv import drawing
from jaxenv.builtin import BUILT_IN
from jaxenv.drawing import Box, Drawing, Line, Text, disc

RED, BLACK = "#ff0000", "#000000"


def reds(*shapes: drawing.Shape) -> np.ndarray:
    return Drawing(20, 16, BLACK, shapes).pixels()[..., 0]


def test_boxes_fill_what_they_cover():
    found = reds(Box(3, 2, 5, 4, RED))
    expected = np.zeros((16, 20), np.uint8)
    expected[2:6, 3:8] = 255
    np.testing.assert_array_equal(found, expected)


def test_an_edge_between_pixels_is_blended():
    found = reds(Box(3.5, 2, 4, 4, RED))
    assert found[3, 3] in (127, 128) and found[3, 4] == 255 and found[3, 2] == 0


def test_discs_and_lines_have_their_area():
    # A smoothed disc has the area of the true one, to a pixel.
    assert reds(disc(10, 8, 6, RED)).sum() / 255 == pytest.approx(np.pi * 36, abs=1)
    assert reds(Line(5, 8, 14, 8, 6, RED)).sum() / 255 == pytest.approx(9 * 6 + np.pi * 9, abs=1)


def test_shapes_outside_are_left_out():
    assert not reds(Box(30, 2, 5, 5, RED), disc(-9, -9, 4, RED), Text(40, 3, "A", RED)).any()
    assert reds(Box(-5, -5, 100, 100, RED)).all()


def test_a_number_that_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="not finite; the state cannot be drawn"):
        reds(disc(np.nan, 1, 2, RED))


def test_text_stands_where_it_is_anchored():
    letters = reds(Text(2, 3, "I", RED))
    assert letters[3:10, 2:7].any() and letters.sum() == letters[3:10, 2:7].sum()
    assert (letters[3:10, 2:7] > 0).sum(1).tolist() == [3, 1, 1, 1, 1, 1, 3]
    np.testing.assert_array_equal(reds(Text(12, 3, "I", RED, anchor="end")), reds(Text(7, 3, "I", RED)))
    assert reds(Text(2, 3, "¤", RED)).any() and not reds(Text(2, 3, "", RED)).any()


def test_svg_has_every_shape():
    shapes = (Box(1, 2, 3, 4, RED, 1), Line(1, 1, 5, 5, 2, RED), disc(3, 3, 2, RED), Text(1, 1, "a<b", RED))
    root = ElementTree.fromstring(Drawing(20, 16, BLACK, shapes, "A & B").svg())
    assert [child.tag.rpartition("}")[2] for child in root] == ["rect", "rect", "line", "circle", "text"]
    assert root.attrib["aria-label"] == "A & B" and root[-1].text == "a<b"


@pytest.mark.parametrize("env_id", [*sorted(BUILT_IN), "example/cartpole"])
def test_every_environment_is_rendered(env_id):
    env = CartPole() if env_id == "example/cartpole" else jaxenv.make(env_id)
    _, state = jax.jit(env.reset_env)(jax.random.key(3), env.default_params)
    picture = env.render(state)
    assert picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 3
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 4
    np.testing.assert_array_equal(picture, env.render(state, env.default_params))
    ElementTree.fromstring(env.drawing(state).svg())


def test_render_follows_the_state():
    env = jaxenv.make("pongjax/puffer_pong")
    _, state = env.reset(jax.random.key(0))
    before = env.render(state)
    _, after, *_ = env.step(jax.random.key(1), state, 1)
    assert env.render(after).shape == before.shape and (env.render(after) != before).any()
    np.testing.assert_array_equal(env.render(state.env_state), before)


def test_a_pokemon_that_fainted_is_not_drawn():
    env = jaxenv.make("pokejax/gen1randombattle")
    _, state = jax.jit(env.reset_env)(jax.random.key(3), env.default_params)
    first, second = state.battle.seats
    fainted = first.replace(hp=np.int16(0), status=np.int8(7))  # Showdown's "fnt"
    after = state.replace(battle=state.battle.replace(seats=(fainted, second)))
    assert len(env.drawing(after).shapes) < len(env.drawing(state).shapes)


def test_what_cannot_be_rendered_is_refused():
    env = CartPole()
    _, states = jax.vmap(env.reset)(jax.random.split(jax.random.key(0), 3))
    with pytest.raises(ValueError, match=r"render: the state has 1 axes more .* choose one of them"):
        env.render(states)
    with pytest.raises(TypeError, match="render: the state is being traced; call it outside `jit`"):
        jax.jit(lambda state: env.render(state) is None)(jax.tree.map(lambda leaf: leaf[0], states))
    duel = Duel()
    with pytest.raises(NotImplementedError, match="there is no picture of its states; write the hook `picture`"):
        duel.render(duel.reset(jax.random.key(0))[1])
