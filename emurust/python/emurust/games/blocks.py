"""`emurust/blocks`: falling blocks in a well of 10 × 16, on the Game Boy.

A piece that lands is worth 1; one to four full rows that it completes are worth 10, 30, 60 and 100 more. The episode
ends when the next piece does not fit.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
from emurust import games

if TYPE_CHECKING:
    from emurust.vector import GameBoyVectorEnv

FRAME_SKIP, PRESS, STARTS, MAX_STEPS = 12, 6, 32, 4000
BOARD = range(0xC100, 0xC200)
"""RAM of the board: 16 rows of 16 bytes, of which the first 10 are used."""
WARM_UP = 40
"""Frames from the start of the program to play."""
FACTS: dict[str, Any] = {
    "version": "1",
    "players": 1,
    "dynamics": "single",
    "information": "imperfect",  # the order of the pieces to come
    "num_actions": 7,
    "reward_range": (0.0, 202.0),  # two pieces at most land in the 12 frames of a step
    "horizon": MAX_STEPS,
    "reference": ("PyBoy", "2.8.1", "LGPL-3.0-only"),
}
"""Facts for `jaxenv.EnvSpec`, without the compiled part of emurust."""


def ram() -> tuple[int, ...]:
    """Addresses of the observation's RAM: score (two bytes), lines, over, shape, turn, x, y, next, then the board."""
    symbols = games.rom("blocks").symbols
    names = ("wScore", "wLines", "wOver", "wShape", "wTurn", "wX", "wY", "wNext")
    first = [symbols["wScore"], symbols["wScore"] + 1, *(symbols[name] for name in names[1:])]
    return (*first, *(row + column for row in BOARD[::16] for column in range(10)))


def reward(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """float64[N]: by how much the score grew. `before`, `after`: uint8[N, addresses of `ram`]."""
    score = lambda seen: seen[:, 0].astype(np.int64) + 256 * seen[:, 1].astype(np.int64)  # noqa: E731
    return ((score(after) - score(before)) % 65536).astype(np.float64)


def terminated(seen: np.ndarray) -> np.ndarray:
    """bool[N]: the next piece did not fit."""
    return seen[:, 3] != 0


def seed_of(index: int) -> tuple[int, int]:
    """The two bytes of the pieces' generator in the start with this number."""
    return 0x11 + 7 * index, 0x3C ^ index


@functools.cache
def starts() -> tuple[bytes, ...]:
    """States in which games with other pieces begin."""
    from emurust.game_boy import GameBoy

    cartridge = games.rom("blocks")
    seed, states = cartridge.symbols["wSeed"], []
    for index in range(STARTS):
        game = GameBoy(cartridge.data, boot_rom=games.boot_rom())
        game.tick(WARM_UP)
        game.memory[seed : seed + 2] = seed_of(index)
        game.memory[cartridge.symbols["wOver"]] = 1
        game.button_press("start")
        game.tick(2)
        game.button_release("start")
        game.tick(2)
        states.append(game.save_state())
    return tuple(states)


def make(
    num_envs: int = 1,
    *,
    screen: str = "half",
    max_steps: int = MAX_STEPS,
    autoreset: bool = True,
    threads: int = 0,
    render_mode: str | None = None,
) -> GameBoyVectorEnv:
    """The environment. Actions: down, left, right, up (drop), a, b (turn), start.

    Args:
        num_envs: number of machines.
        screen: "full", "half", "packed" or "none", beside `ram`.
        max_steps: steps of 12 frames after which an episode is truncated.
        autoreset: whether an episode that ended starts anew within the same step.
        threads: number of threads; 0 for one a core.
        render_mode: "rgb_array" for `render`, or None.
    """
    from emurust.vector import GameBoyVectorEnv

    return GameBoyVectorEnv(
        games.rom("blocks").data,
        num_envs,
        frame_skip=FRAME_SKIP,
        press=PRESS,
        screen=screen,
        ram=ram(),
        reward=reward,
        terminated=terminated,
        snapshots=starts(),
        max_steps=max_steps,
        autoreset=autoreset,
        render_mode=render_mode,
        threads=threads,
    )


make.facts = FACTS  # type: ignore[attr-defined]
