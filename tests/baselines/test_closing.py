"""The end of a run: evaluation, rating table, and what is left when somebody stops it there."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import signal
from pathlib import Path
from typing import Any

import chex
import jax
import numpy as np
import pytest
import small_environments as small
from rich.console import Console

import jaxenv
from baselines.cli import main
from baselines.cli.closing import Closing, close
from baselines.config import OpponentsConfig
from baselines.policy import TrainedPolicy, load
from baselines.ratings import of_run
from baselines.ratings.of_run import players_of
from baselines.run_folder import updates
from baselines.train import Budget, Request, Result, train

UPDATES = 48
CONFIG = dataclasses.replace(
    small.TINY_CONFIG,
    updates_per_chunk=8,
    opponents=OpponentsConfig(pool_share=0.25, pool_size=3, pool_slots=2, snapshot_every=8),
)


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> tuple[Request, Result]:
    """A run of a game of two that kept a pool, not yet evaluated."""
    request = Request(
        env="small/pennies",
        config=CONFIG,
        budget=Budget(steps=128 * UPDATES),
        folder=tmp_path_factory.mktemp("runs") / "pennies",
        backend="xla",
        checkpoint_seconds=0.0,
    )
    return request, train(request, Console(file=io.StringIO()))


@pytest.fixture(autouse=True)
def _no_timing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("baselines.speed.env_sps", lambda lanes: 1.0)


def _close(ended: tuple[Request, Result], **asked: Any) -> tuple[int, str, dict[str, Any]]:
    console = Console(file=io.StringIO(), record=True, width=160)
    status = close(Closing(**{"eval_episodes": 16, "rating_games": 20, **asked}), *ended, console)
    return status, console.export_text(), json.loads((ended[1].folder / "result.json").read_text())


def test_a_run_ends_with_checkpoint_curve_and_rating_table(ended: tuple[Request, Result], tmp_path: Path) -> None:
    status, said, told = _close(ended, json=tmp_path / "out.json")
    assert status == 0 and told["status"] == "done"
    assert json.loads((tmp_path / "out.json").read_text()) == told
    ratings = told["ratings"]
    assert ratings["players"] == ["pennies", "pennies@32", "pennies@40", "uniform"] and ratings["games"] == 20
    assert all((cell is None) == (i == j) for i, row in enumerate(ratings["win_rates"]) for j, cell in enumerate(row))
    assert ratings["win_rates"][0][3] > 0.6, "it has learned to name 2"
    assert ratings["ratings"][-1]["name"] == "uniform"
    assert told["evaluation"]["played"][0]["opponent"] == "uniform" and told["mean_return"] > 0.2
    for words in (
        "pennies against uniform",
        "win rate of row against column",
        "Bradley–Terry ratings",
        f"ratings {ratings['seconds']:.0f} s (20 games of each pair)",
        f"checkpoint {ended[1].folder}",
        "curve.png",
    ):
        assert words in said
    assert (ended[1].folder / "curve.png").stat().st_size > 1000


def test_past_selves_are_who_they_are_called(ended: tuple[Request, Result]) -> None:
    request, result = ended
    env = jaxenv.make(request.env)
    found = players_of(env, result.folder, CONFIG, result.update, result.state.play.pool)
    past = next(player for player in found if player.name == "pennies@40")
    then = load(result.folder / "checkpoints" / "40", 0)
    assert isinstance(past, TrainedPolicy) and isinstance(then, TrainedPolicy)
    chex.assert_trees_all_equal(past.parameters, then.parameters, strict=True)
    assert [player.name for player in players_of(env, result.folder, CONFIG, UPDATES, None)] == ["pennies", "uniform"]
    hunter = dataclasses.replace(CONFIG, opponents=OpponentsConfig(exploit="runs/hare"))
    first = jax.tree.map(lambda leaf: leaf[:, :1] if leaf.ndim > 1 else leaf, result.state.play.pool)
    first = first.replace(frozen=np.ones(1, np.int32))
    names = [player.name for player in players_of(env, result.folder, hunter, 1, first)]
    assert names == ["pennies", "hare (exploited)", "uniform"]


def test_of_many_past_selves_a_few_play(ended: tuple[Request, Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_run, "PAST_SELVES", 2)
    request, result = ended
    pool = result.state.play.pool
    found = players_of(jaxenv.make(request.env), result.folder, CONFIG, UPDATES + 1, pool)
    assert [player.name for player in found] == ["pennies", "pennies@32", "pennies@48", "uniform"]


@pytest.mark.parametrize(
    ("part", "missing"), [("baselines.cli.evaluate.evaluate_run", "evaluation"), ("_play", "rating table")]
)
def test_an_interrupt_leaves_what_came_before(
    ended: tuple[Request, Result], part: str, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    target = "baselines.ratings.of_run.play_tournament" if part == "_play" else part
    monkeypatch.setattr(target, stop)
    status, said, told = _close(ended)
    assert status == 130 and told["status"] == "done" and told["ratings"] is None
    assert (told["evaluation"] is None) == (missing == "evaluation")
    folder = ended[1].folder
    assert f"interrupted: checkpoint, curve and result.json are in {folder}, without the {missing}" in said
    assert (folder / "curve.html").exists() and updates(folder)[-1] == UPDATES


def test_an_interrupt_that_is_lost_while_jax_compiles_is_heard_at_the_next_games(
    ended: tuple[Request, Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(*_: Any, on_games: Any, **__: Any) -> None:
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        on_games(1)

    monkeypatch.setattr(of_run, "play_tournament", lose)
    before = signal.getsignal(signal.SIGINT)
    status, said, told = _close(ended, eval_episodes=0)
    assert status == 130 and told["ratings"] is None and "without the rating table" in said
    assert signal.getsignal(signal.SIGINT) is before


def test_none_is_asked_for(ended: tuple[Request, Result]) -> None:
    status, said, told = _close(ended, eval_episodes=0, rating_games=0)
    assert status == 0 and told["ratings"] is told["evaluation"] is None and "Bradley" not in said


def test_an_odd_number_of_games_is_refused_before_training(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "pokejax/gen1randombattle", "--rating-games", "7"]) == 1
    assert "--rating-games 7: an even number" in capsys.readouterr().err
