"""Falling blocks: the game's rules in RAM, frame for frame in PyBoy too, and its environment."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from emurust import games

from families.emurust.verify import lockstep

ROM = games.rom("blocks")


def symbol(game: Any, name: str) -> int:
    return game.memory[ROM.symbols[name]]


@pytest.fixture
def game(native: ModuleType) -> Any:
    from emurust import GameBoy

    game = GameBoy(ROM.data)
    game.tick(40)
    return game


def tap(game: Any, button: str) -> None:
    game.button_press(button)
    game.tick(3)
    game.button_release(button)
    game.tick(3)


def test_random_play_equals_pyboys(native: ModuleType, commit_seed: int) -> None:
    assert lockstep.run(ROM, 300, boot_rom=games.boot_rom(), press_every=6, seed=commit_seed) == 300


def test_the_game_that_is_compared_is_played(native: ModuleType) -> None:
    """A boot ROM that leaves the LCD off would leave the game waiting for its first VBlank for ever."""
    from emurust import GameBoy

    game = GameBoy(ROM.data, boot_rom=games.boot_rom())
    game.tick(100)
    assert symbol(game, "wFrames") > 50 and symbol(game, "wY") > 0


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(10))
def test_long_random_play_equals_pyboys(native: ModuleType, seed: int) -> None:
    assert lockstep.run(ROM, 10_000, boot_rom=games.boot_rom(), press_every=6, seed=seed) == 10_000


@pytest.mark.parametrize(("rows", "score"), [(1, 11), (2, 31), (3, 61), (4, 101)])
def test_full_rows_go_and_score(game: Any, rows: int, score: int) -> None:
    for y in range(16 - rows, 16):
        game.memory[0xC100 + 16 * y : 0xC109 + 16 * y] = [1] * 9
    game.memory[ROM.symbols["wShape"]] = 0  # the long one, upright
    game.memory[ROM.symbols["wTurn"]] = 1
    for _ in range(7):
        tap(game, "right")
    assert symbol(game, "wX") == 7
    tap(game, "up")
    game.tick(6)
    assert (symbol(game, "wScore"), symbol(game, "wLines"), symbol(game, "wOver")) == (score, rows, 0)
    assert sum(tile != 0 for tile in game.memory[0xC100:0xC200]) == 4 - rows  # what is left of the long one
    assert [symbol(game, "wDigits"), game.memory[ROM.symbols["wDigits"] + 1]] == [
        int(f"{score % 100}", 16),
        score // 100,
    ]


def test_a_piece_stays_in_the_well(game: Any) -> None:
    for button in ("left", "right"):
        for _ in range(12):
            tap(game, button)
            assert symbol(game, "wX") in range(-2 & 0xFF, 256) or symbol(game, "wX") < 10
    assert symbol(game, "wX") > 5


def test_the_game_ends_when_nothing_fits_and_starts_anew(game: Any) -> None:
    for _ in range(20):
        tap(game, "up")
    assert symbol(game, "wOver") == 1
    game.tick(30)
    tap(game, "start")
    assert symbol(game, "wOver") == 0 and sum(game.memory[0xC100:0xC200]) == 0


def test_the_environment_rewards_what_the_score_gains(native: ModuleType) -> None:
    from emurust.games import blocks

    env = blocks.make(4, screen="none", threads=1)
    first, _ = env.reset(seed=3)
    before = first["ram"][:, 0].astype(int)
    total, ended = np.zeros(4), np.zeros(4, bool)
    for _ in range(60):
        observed, reward, terminated, truncated, info = env.step(np.full(4, 3))  # drop
        assert not truncated.any()
        last = info["final_obs"]["ram"] if terminated.any() else observed["ram"]
        total += np.where(ended, 0, reward)
        assert np.array_equal(total[~ended], (last[:, 0].astype(int) - before)[~ended])
        ended |= terminated
    assert ended.all() and (total > 4).all()


def test_no_game_begins_anew_within_a_step(native: ModuleType) -> None:
    """START, pressed as a game ends, would hide the ending and take the score back: a reward of 65,000."""
    from emurust.games import blocks

    env = blocks.make(64, screen="none", threads=1)
    env.reset(seed=1)
    draw = np.random.default_rng(1)
    ended = 0
    for _ in range(200):
        _, reward, terminated, _, _ = env.step(draw.choice([3, 6, 6], 64))  # drop, START
        assert reward.max() <= blocks.FACTS["reward_range"][1]
        ended += terminated.sum()
    assert ended > 100


def test_starts_differ(native: ModuleType) -> None:
    from emurust.games import blocks

    assert len(set(blocks.starts())) == blocks.STARTS


def test_a_game_that_there_is_not_is_named() -> None:
    with pytest.raises(ValueError, match=r"no game 'tetris'\. Remedy: one of blocks"):
        games.rom("tetris")


def test_the_environment_keeps_the_contract_of_host_environments(native: ModuleType) -> None:
    import jaxenv
    from jaxenv.testing import check_env

    check_env(jaxenv.make("emurust/blocks", num_envs=2, max_steps=20, threads=1), steps=50)
