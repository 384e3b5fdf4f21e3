"""`emurust/blocks` as PyBoy plays it: the same cartridge, boot ROM and starts, and the reward by rules of its own."""

from __future__ import annotations

import numpy as np
from emurust import games
from emurust.games import blocks
from numpy.typing import NDArray

from references.pyboy.env import Game, Machine

GREY = np.array([255, 153, 85, 0], np.uint8)
"""Grey of each shade."""
BUTTONS = ("down", "left", "right", "up", "a", "b", "start")
SYMBOLS = games.rom("blocks").symbols
SCORE, OVER = SYMBOLS["wScore"], SYMBOLS["wOver"]


def prepare(machine: Machine, start: int) -> None:
    """As `emurust.games.blocks.starts` makes its states."""
    machine.tick(blocks.WARM_UP)
    machine.write(SYMBOLS["wSeed"], bytes(blocks.seed_of(start)))
    machine.write(OVER, b"\x01")
    machine.hold(("start",))
    machine.tick(2)
    machine.hold(())
    machine.tick(2)


def half(shades: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8[72, 80, 1]: every second pixel of every second line, as grey."""
    return GREY[shades[::2, ::2]][..., None]


def game() -> Game:
    """The description for `references.pyboy`."""
    return Game(
        rom=games.rom("blocks").data,
        boot_rom=games.boot_rom(),
        buttons=BUTTONS,
        frames=12,
        press=6,
        starts=blocks.STARTS,
        prepare=prepare,
        ram=blocks.ram(),
        score=lambda byte: byte(SCORE) | byte(SCORE + 1) << 8,
        over=lambda byte: byte(OVER) == 1,
        modulus=0x10000,
        screen=half,
        limit=blocks.MAX_STEPS,
    )
