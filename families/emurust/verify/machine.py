"""An emurust machine with the methods of PyBoy's driver, so that both are driven by the same code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from references.pyboy.driver import REGISTERS

if TYPE_CHECKING:
    from emurust import GameBoy


class GameBoyMachine:
    """An `emurust.GameBoy` with the methods of `references.pyboy.driver.PyBoyMachine`."""

    def __init__(self, rom: bytes, boot_rom: bytes) -> None:
        from emurust import GameBoy

        self._game = GameBoy(rom, boot_rom=boot_rom)

    @classmethod
    def around(cls, game: GameBoy) -> GameBoyMachine:
        """A machine that there is already."""
        made = cls.__new__(cls)
        made._game = game
        return made

    @property
    def cycles(self) -> int:
        """T-cycles since the power was switched on."""
        return self._game.cycles

    def hold(self, buttons: Sequence[str]) -> None:
        """Hold exactly these buttons down."""
        self._game.buttons = tuple(buttons)

    def tick(self, frames: int = 1, render: bool = True) -> None:
        """Run frames, and draw the last one if `render` is set."""
        self._game.tick(frames, render)

    def read(self, start: int, end: int) -> bytes:
        """Memory from `start` up to `end`."""
        return bytes(self._game.memory[start:end])

    def write(self, start: int, data: bytes) -> None:
        """Write bytes as the processor would, at this moment."""
        self._game.memory[start : start + len(data)] = data

    def registers(self) -> dict[str, int]:
        """The processor's registers by name."""
        return {name: getattr(self._game.register_file, name) for name in REGISTERS}

    def set_register(self, name: str, value: int) -> None:
        """Set a register."""
        setattr(self._game.register_file, name, value)

    def shades(self) -> NDArray[np.uint8]:
        """uint8[144, 160]: shades of the last frame that was drawn."""
        return self._game.screen.shades

    def save(self) -> bytes:
        """The machine's state."""
        return self._game.save_state()

    def load(self, state: bytes) -> None:
        """Go back to a state."""
        self._game.load_state(state)

    def halted_share(self, frames: int) -> float:
        """Run frames; the share of their cycles that passed in HALT."""
        cycles, halted = self._game.cycles, self._game.halted_cycles
        self._game.tick(frames, False)
        return (self._game.halted_cycles - halted) / (self._game.cycles - cycles)
