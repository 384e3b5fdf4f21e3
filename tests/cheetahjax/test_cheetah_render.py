"""Pictures of the planar tasks: where the figure stands, pages, animations, the command."""

from __future__ import annotations

import io
import json
import re
import sys
import xml.etree.ElementTree as ElementTree

import gymnasium_steps as steps_of
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cheetahjax.render import figure, gif, html, svg
from cheetahjax.render.__main__ import main
from cheetahjax.render.svg import grid_step
from cheetahjax.state import PhysicsState

SVG = "{http://www.w3.org/2000/svg}"
CAPSULED = ("HalfCheetah-v5", "Walker2d-v5", "Hopper-v5")
LINES = {"HalfCheetah-v5": 8, "Walker2d-v5": 7, "Hopper-v5": 4, "Swimmer-v5": 3, "Reacher-v5": 2}


def states_of(task, count=5, x=0.0):
    """States that drift apart, from one reset."""
    env = steps_of.make(task)
    qpos, _ = env.draw_start(jax.random.key(1), env.default_params)
    drift = 0.02 * jnp.arange(count, dtype=jnp.float32)[:, None]
    stacked = qpos[None] + drift + jnp.zeros((1, env.model.nv)).at[0, 0].set(x)
    zeros = jnp.zeros_like(stacked)
    return env, jax.vmap(env.state_at)(PhysicsState(stacked, zeros, zeros))


def one(states, index=0):
    return jax.tree.map(lambda leaf: leaf[index], states)


@pytest.mark.parametrize("task", CAPSULED)
def test_bones_lie_where_mujocos_capsules_do(task):
    env, states = states_of(task)
    drawn = figure.film(env.model, states)
    reference = steps_of.reference(task)
    model, data = reference.model, steps_of.mujoco.MjData(reference.model)
    capsules = [geom for geom in range(model.ngeom) if model.geom(geom).name != "floor"]
    assert len(capsules) == len(drawn.bones)
    for frame, qpos in enumerate(np.asarray(states.physics.qpos)):
        data.qpos[:] = qpos
        steps_of.mujoco.mj_kinematics(model, data)
        for geom in capsules:
            axis = data.geom_xmat[geom].reshape(3, 3)[:, 2] * model.geom_size[geom][1]
            ends = {tuple((data.geom_xpos[geom] + side * axis)[[0, 2]].round(4)) for side in (-1, 1)}
            camera = drawn.camera[frame]
            found = [
                bone
                for bone, pair in zip(drawn.bones, drawn.ends[frame], strict=True)
                if all(min(np.hypot(*(end + camera - other)) for other in ends) < 3e-4 for end in pair)
                and abs(bone.radius - model.geom_size[geom][0]) < 1e-6
            ]
            assert len(found) == 1, model.geom(geom).name


@pytest.mark.parametrize("task", [task for task in steps_of.TASKS if task not in CAPSULED])
def test_rods_lie_about_mujocos_bodies(task):
    """The physics knows no shapes of these: a rod of equal inertia has the same middle and, nearly, the length."""
    env, states = states_of(task, 1)
    drawn = figure.film(env.model, states)
    data = steps_of.mujoco.MjData(steps_of.reference(task).model)
    data.qpos[:] = np.asarray(states.physics.qpos)[0]
    steps_of.mujoco.mj_kinematics(steps_of.reference(task).model, data)
    upright = any(env.model.gravity)
    for bone, ends in zip(drawn.bones, drawn.ends[0], strict=True):
        link = env.model.links[bone.link]
        middle = data.body(link.name).xipos[[0, 2] if upright else [0, 1]]
        # The forearm's own middle differs from that of forearm and fingertip by 6 mm.
        np.testing.assert_allclose(ends.mean(0) + drawn.camera[0], middle, atol=0.008 if task == "Reacher-v5" else 1e-5)
        assert 0.09 < np.hypot(*(ends[1] - ends[0])) < 1.3


@pytest.mark.parametrize("task", steps_of.TASKS)
def test_svg(task):
    env, states = states_of(task)
    picture = ElementTree.fromstring(svg(env.model, one(states), title="a < b & c"))
    title = picture.find(f"{SVG}title")
    assert title is not None and title.text == "a < b & c"
    lines = [line for line in picture.findall(f"{SVG}line") if line.get("stroke-linecap") == "round"]
    assert len(lines) == LINES.get(task, len(env.model.links))
    drawn = figure.film(env.model, one(states))
    np.testing.assert_allclose([float(lines[0].attrib[name]) for name in ("x1", "x2")], drawn.ends[0, 0, :, 0], 1e-4)
    np.testing.assert_allclose([-float(lines[0].attrib[name]) for name in ("y1", "y2")], drawn.ends[0, 0, :, 1], 1e-4)
    left, top, width, height = map(float, picture.attrib["viewBox"].split())
    for line in lines:
        assert left <= float(line.attrib["x1"]) <= left + width and top <= float(line.attrib["y1"]) <= top + height
    targets = len(picture.findall(f"{SVG}circle"))
    assert targets == (1 if task == "Reacher-v5" else 0)


def test_the_state_of_an_environment_can_be_drawn_as_it_is():
    env = steps_of.make("Swimmer-v5")
    _, state = env.reset(jax.random.key(0))
    assert svg(env.model, state) == svg(env.model, state.env_state) == svg(env.model, state.env_state.physics)


def test_the_camera_follows_a_root_that_walks_away():
    env, near = states_of("HalfCheetah-v5")
    _, far = states_of("HalfCheetah-v5", x=8000.0)
    close, distant = figure.film(env.model, near), figure.film(env.model, far)
    np.testing.assert_allclose(distant.ends, close.ends, atol=1e-6)
    np.testing.assert_allclose(distant.camera[:, 0] - close.camera[:, 0], 8000.0, atol=1e-3)
    assert close.floor and np.all(close.camera[:, 1] == 0)


def test_the_camera_stands_still_where_nothing_walks_away():
    for task in ("InvertedPendulum-v5", "Reacher-v5"):
        env, states = states_of(task)
        drawn = figure.film(env.model, states)
        assert not drawn.floor and np.all(drawn.camera == 0)
        assert [mark.kind for mark in drawn.marks] == ["target" if task == "Reacher-v5" else "cart"]
        qpos = np.asarray(states.physics.qpos)
        slides = qpos[:, 2:] if task == "Reacher-v5" else qpos[:, :1] * [1, 0]
        np.testing.assert_allclose(drawn.places[:, 0], slides, atol=1e-6)


@pytest.mark.parametrize("width,step", [(0.5, 0.1), (2.4, 0.5), (3.9, 0.5), (4.0, 1), (8.1, 2), (19.0, 2), (20.1, 5)])
def test_the_grounds_marks(width, step):
    assert grid_step(width) == pytest.approx(step)


def test_html():
    env, states = states_of("HalfCheetah-v5")
    page = html(env.model, states, dt=0.05, title="</script>", rewards=[1.0, 2.0, -0.5, 0.25])
    assert page.count("</script>") == 2 and "http" not in page and "__DATA__" not in page
    data = json.loads(re.findall(r'type="application/json"[^>]*>(.*?)</script>', page, re.S)[0])
    assert data["title"] == "</script>" and data["dt"] == 0.05
    assert data["returns"] == [0, 1, 3, 2.5, 2.75]
    drawn = figure.film(env.model, states)
    np.testing.assert_allclose(data["ends"], drawn.ends.reshape(5, -1), atol=1e-4)
    assert len(data["bones"]) == 8 and len(data["camera"]) == 5


def test_html_says_what_does_not_fit():
    env, states = states_of("HalfCheetah-v5")
    with pytest.raises(ValueError, match="one fewer than the 5 states, got 5"):
        html(env.model, states, dt=0.05, rewards=[0.0] * 5)
    broken = states.physics.replace(qpos=states.physics.qpos.at[3, 1].set(jnp.nan))
    with pytest.raises(ValueError, match="not finite, from state 3 on"):
        html(env.model, broken, dt=0.05)
    with pytest.raises(ValueError, match="svg draws one state, got 5"):
        svg(env.model, states)
    with pytest.raises(ValueError, match=r"qpos must be \[9\] or \[T, 9\]"):
        svg(env.model, states_of("Hopper-v5")[1])


@pytest.mark.parametrize("task,stride", [("HalfCheetah-v5", 1), ("Hopper-v5", 3)])
def test_gif(task, stride):
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    env, states = states_of(task, 7)
    picture = image.open(io.BytesIO(gif(env.model, states, dt=env.dt)))
    assert picture.n_frames == len(range(0, 7, stride))
    assert picture.info["duration"] == pytest.approx(1000 * stride * env.dt, abs=5)
    colours = {colour for _, colour in picture.convert("RGB").getcolors(1 << 20)}
    assert len(colours) > 3, "more than the background and the floor"


def test_gif_without_pillow(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    env, states = states_of("HalfCheetah-v5")
    with pytest.raises(ImportError, match="needs Pillow"):
        gif(env.model, states, dt=env.dt)


@pytest.mark.parametrize("suffix,start", [(".html", b"<!doctype html>"), (".svg", b"<svg"), (".gif", b"GIF89a")])
def test_the_command(tmp_path, capsys, suffix, start):
    if suffix == ".gif":
        pytest.importorskip("PIL", reason="Pillow is not installed")
    out = tmp_path / "new" / f"pendulum{suffix}"
    arguments = ["--env", "InvertedPendulum-v5", "--seed", "7", "--policy", "random", "--out", str(out)]
    assert main(arguments) == 0
    said = capsys.readouterr()
    assert re.search(r"\d+ steps, return [\d.]+, terminated", said.out) and "of 200 steps" in said.err
    assert out.read_bytes().startswith(start)


def test_the_command_plays_no_further_than_it_is_told(tmp_path, capsys):
    out = tmp_path / "x.html"
    assert main(["--env", "cheetahjax/Reacher-v5", "--steps", "7", "--policy", "zero", "--out", str(out)]) == 0
    assert "7 steps" in capsys.readouterr().out
    data = json.loads(re.findall(r'type="application/json"[^>]*>(.*?)</script>', out.read_text("utf-8"), re.S)[0])
    assert len(data["ends"]) == 8


def test_a_trained_policy_runs(tmp_path, capsys):
    out = tmp_path / "x.html"
    assert main(["--policy", "cheetahjax/half-cheetah-small", "--greedy", "--steps", "60", "--out", str(out)]) == 0
    said = re.search(r"60 steps, return ([-\d.]+), not ended", capsys.readouterr().out)
    assert said and float(said[1]) > 100, "random play gets nothing"
    assert "cheetahjax/half-cheetah-small policy, seed 0" in out.read_text("utf-8")


@pytest.mark.parametrize(
    "policy,message",
    [
        ("randm", "did you mean random?"),
        ("cheetahjax/half-cheetah-smal", "did you mean cheetahjax/half-cheetah-small?"),
    ],
)
def test_policies_that_are_not_there(tmp_path, capsys, policy, message):
    assert main(["--policy", policy, "--out", str(tmp_path / "x.html")]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"error: --policy {policy}: ") and message in said


@pytest.mark.parametrize(
    "arguments,message",
    [
        (["--policy", "pongjax/pong-small", "--out", "x.html"], "only tasks of cheetahjax"),
        (["--policy", "cheetahjax/half-cheetah-small", "--env", "Hopper-v5", "--out", "x.html"], "leave --env out"),
        (["--steps", "0", "--out", "x.html"], "at least 1, got 0"),
        (["--out", "x.png"], "must end in one of .html, .svg, .gif"),
        (["--env", "HalfChetah-v5", "--out", "x.html"], "did you mean cheetahjax/HalfCheetah-v5"),
        (["--env", "pongjax/puffer_pong", "--out", "x.html"], "only tasks of cheetahjax"),
    ],
)
def test_wrong_arguments(capsys, arguments, message):
    assert main(arguments) == 2 and message in capsys.readouterr().err
