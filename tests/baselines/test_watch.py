"""`baselines play`: numbers and a page of one episode, drawn by the environment's family."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jax
import numpy as np
import pytest
import small_environments  # noqa: F401 (registers toys)

import families
import jaxenv
from baselines.cli import main
from baselines.transfer.scripted import uniform
from baselines.watch import PART, drawer, play


def data_of(page: Path) -> dict:
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page.read_text("utf-8"), re.S)
    return json.loads(found)


def test_a_shipped_policy_is_drawn(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["play", "pongjax/pong-small", "--steps", "70"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2:] == ["still going on after 70 steps", "pong-small-0.html"] and len(lines) == 72
    data = data_of(tmp_path / "pong-small-0.html")
    assert len(data["states"]) == 71 and data["title"] == "pongjax/puffer_pong: pong-small, seed 0"
    assert data["frames_per_state"] == 8


def test_a_planar_task_is_drawn(tmp_path):
    env = jaxenv.make("cheetahjax/InvertedPendulum-v5")
    episode = play(env, [uniform(env)], 3, 500)
    assert episode.terminated and not episode.truncated
    draw = drawer(env.id)
    assert draw and draw(episode, tmp_path / "x.html", "") == [tmp_path / "x.html"]
    data = data_of(tmp_path / "x.html")
    assert len(data["ends"]) == len(episode.actions) + 1 == len(data["returns"])
    assert data["returns"][-1] == pytest.approx(episode.rewards.sum())


def test_an_episode_is_the_environments_own():
    """Step by step with the same keys; it stops where it ends, or at the most steps."""
    env = jaxenv.make("small/chain")
    player = uniform(env)
    episode = play(env, [player], 1, 3 * PART)
    start, key = jax.random.split(jax.random.key(1))
    _, state = env.reset_env(start, env.default_params)
    for number, action in enumerate(episode.actions):
        step_key = jax.random.fold_in(jax.random.fold_in(key, number), 1)
        _, state, reward, terminated, truncated, _ = env.step_env(step_key, state, action, env.default_params)
        assert reward == episode.rewards[number]
        jax.tree.map(lambda a, b, at=number: np.testing.assert_array_equal(a, b[at + 1]), state, episode.states)
        assert bool(terminated | truncated) == (number == len(episode.actions) - 1)
    assert (bool(terminated), bool(truncated)) == (episode.terminated, episode.truncated)
    short = play(env, [player], 1, 2)
    assert len(short.actions) == 2 and not (short.terminated or short.truncated)
    np.testing.assert_array_equal(short.actions, episode.actions[:2])


def test_a_game_without_a_drawer(tmp_path, capsys):
    with pytest.raises(families.UnknownFamilyError):
        families.family_of("small/chain")
    assert drawer("small/chain") is None and drawer("pongjax/puffer_pong_continuous")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["pongjax/pong-smal"], r"pongjax/pong-smal: no file of that name, .* did you mean pongjax/pong-small\?"),
        (["nowhere"], r"nowhere: no such file; give a policy's file, or PACKAGE/NAME of one that ships"),
        (["pongjax/pong-small", "--out", "x.png"], r"--out x.png: the name must end in .html"),
        (["pongjax/pong-small", "--opponent", "uniform"], r"--opponent uniform: pongjax/puffer_pong has one player"),
        (["pokejax/gen1-small", "--opponent", "simple_heuristic"], r"did you mean simple_heuristics"),
        (
            ["pokejax/gen1-small", "--opponent", "pongjax/pong-small"],
            r"a policy of pongjax/puffer_pong version v1, to be",
        ),
    ],
)
def test_bad_input(words, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["play", *words]) == 1
    assert re.search(message, capsys.readouterr().err) and not list(tmp_path.iterdir())
