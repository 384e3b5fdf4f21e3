"""Pictures of a game."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree

import jax
import numpy as np
import pytest

from pongjax import render
from pongjax.env import PufferPong

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def states():
    return render.play_game(PufferPong(frame_skip=8), 3, longest=200)


@pytest.fixture
def one(states):
    return jax.tree.map(lambda leaf: leaf[2], states)


def test_text(one):
    lines = render.ansi(one).splitlines()
    assert len(lines) == render.ROWS + 3 and lines[0].split() == ["0", ":", "0"]
    court = lines[2:-1]
    assert {line[0] for line in court} == {" ", "#"} and any("O" in line for line in court)
    # The ball's lower edge, from below, is where the state says.
    below = next(row for row, line in enumerate(reversed(court)) if "O" in line)
    assert below == int(one.court.ball_y / 640 * render.ROWS)


def test_svg(one):
    picture = ElementTree.fromstring(render.svg(one))
    boxes = picture.findall(f"{SVG}rect")
    assert len(boxes) == 4 and [text.text for text in picture.findall(f"{SVG}text")] == ["0", "0"]
    ball = boxes[-1]
    assert float(ball.attrib["x"]) == one.court.ball_x
    assert float(ball.attrib["y"]) == pytest.approx(640 - float(one.court.ball_y) - 32)


def test_html(states):
    page = render.html(states, title="</script>", frame_skip=8)
    assert page.count("</script>") == 2 and "http" not in page
    data = json.loads(re.findall(r'type="application/json"[^>]*>(.*?)</script>', page, re.S)[0])
    assert len(data["states"]) == 200 and data["frames_per_state"] == 8 and data["title"] == "</script>"
    assert data["states"][0][2] == np.asarray(states.court.ball_x)[0]


def test_the_command(tmp_path, capsys):
    out = tmp_path / "new" / "pong.html"
    assert render.main(["--seed", "7", "--frame-skip", "8", "--points", "1", "--out", str(out)]) == 0
    assert "steps" in capsys.readouterr().out and out.read_text("utf-8").startswith("<!doctype html>")


def test_a_trained_policy_plays(tmp_path, capsys):
    out = tmp_path / "pong.html"
    arguments = ["--policy", "pongjax/pong-small", "--greedy", "--points", "2", "--out", str(out)]
    assert render.main(arguments) == 0 and "steps" in capsys.readouterr().out
    data = json.loads(re.findall(r'type="application/json"[^>]*>(.*?)</script>', out.read_text("utf-8"), re.S)[0])
    assert data["title"] == "Pong, pong-small, seed 0" and data["frames_per_state"] == 8
    assert data["states"][-1][5] == 1, "it won the first point, and the last state before the second is shown"


@pytest.mark.parametrize(
    "policy,message",
    [
        ("pongjax/pong-smal", "did you mean pongjax/pong-small?"),
        ("nowhere.policy", "no such file; give a policy's file, or PACKAGE/NAME"),
        (".", "a folder, not a policy's file; of a run, `python -m baselines export RUN FILE`"),
    ],
)
def test_policies_that_are_not_there(tmp_path, capsys, policy, message):
    assert render.main(["--policy", policy, "--out", str(tmp_path / "x.html")]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"error: --policy {policy}: ") and message in said


@pytest.mark.parametrize(
    "arguments,message",
    [
        (["--points", "0"], "at least 1"),
        (["--frame-skip", "0"], "positive"),
        (["--policy", "cheetahjax/half-cheetah-small"], "plays cheetahjax/HalfCheetah-v5, and only games of Pong"),
        (["--policy", "pongjax/pong-small", "--frame-skip", "1"], "pong-small decides every 8 frames; leave it out"),
    ],
)
def test_wrong_arguments(tmp_path, capsys, arguments, message):
    assert render.main([*arguments, "--out", str(tmp_path / "x.html")]) == 2 and message in capsys.readouterr().err
