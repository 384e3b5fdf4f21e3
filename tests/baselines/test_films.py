"""Short films of play: one SVG, small, without anything from outside."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any

import numpy as np
import pytest

from baselines.__main__ import main
from baselines.recording import of_drawings, of_pixels
from jaxenv.drawing import Box, Drawing, disc

SVG = "{http://www.w3.org/2000/svg}"


def test_what_all_pictures_share_stands_once():
    wall = Box(0, 0, 4, 20, "#111111")
    pictures = [Drawing(20, 20, "#ffffff", (wall, disc(x, 5, 2, "#ff0000"))) for x in (3.0, 6.0, 9.0)]
    root: Any = ElementTree.fromstring(of_drawings(pictures, 0.5, "A film", "a <command>"))
    assert root.find(f"{SVG}desc").text == "a <command>" and len(root.findall(f"{SVG}rect")) == 2
    groups: list[Any] = root.findall(f"{SVG}g")
    assert [group.find(f"{SVG}circle").attrib["cx"] for group in groups] == ["3", "6", "9"]
    assert [group.attrib["opacity"] for group in groups] == ["1", "0", "0"]
    shown: list[Any] = [group.find(f"{SVG}animate").attrib for group in groups]
    assert {one["dur"] for one in shown} == {"1.5s"}
    assert [one["keyTimes"] for one in shown] == ["0;0.3333", "0;0.3333;0.6667", "0;0.6667"]


def test_of_pixels_only_what_changes_is_held():
    first = np.zeros((6, 8, 3), np.uint8)
    second = first.copy()
    second[1:3, 2:5] = 255
    root: Any = ElementTree.fromstring(of_pixels([first, second, second], 0.1, "A film", ""))
    paths = [(path.attrib["fill"], path.attrib["d"]) for path in root.iter(f"{SVG}path")]
    assert paths == [("#000000", "M0 0h8v6h-8z"), ("#ffffff", "M2 1h3v2h-3z")]
    # The last picture changes nothing: the second stays until the film begins anew.
    assert [one.attrib["values"] for one in root.iter(f"{SVG}animate")] == ["0;1"]


def test_the_command(tmp_path, capsys):
    out = tmp_path / "pong.svg"
    words = ["record", "pongjax/puffer_pong", "--steps", "12", "--every", "3", "--out", str(out)]
    assert main(words) == 0
    root: Any = ElementTree.fromstring(out.read_text("utf-8"))
    assert len(root.findall(f"{SVG}g")) == 5 and "record pongjax/puffer_pong" in root.find(f"{SVG}desc").text
    assert "KB" in capsys.readouterr().out and "http" not in out.read_text("utf-8").replace("http://www.w3.org/", "")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--out", "x.gif"], "--out x.gif: the name must end in .svg"),
        (["--player", "pongjax/pong-smal", "--out", "x.svg"], "did you mean pongjax/pong-small"),
        (
            ["--player", "a", "--player", "b", "--out", "x.svg"],
            "2 are given, pongjax/puffer_pong has 1; leave some out",
        ),
        (["--steps", "3", "--skip", "9", "--out", "x.svg"], "--skip 9: leaves no picture of 3 steps; skip fewer"),
    ],
)
def test_wrong_arguments_are_answered_in_words(words, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["record", "pongjax/puffer_pong", *words]) == 1
    assert message in capsys.readouterr().err and not list(tmp_path.iterdir())
