"""PyBoy 2.8.1, frame by frame, and all that a frame shows. Its source is neither read nor copied (LGPL)."""

from __future__ import annotations

import io
import tempfile
import warnings
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import numpy as np

from references.protocol import ReferenceUnavailableError

VERSION = "2.8.1"
"""The version that everything is held equal to: PyBoy's timing differs from version to version."""
BUTTONS = ("right", "left", "up", "down", "a", "b", "select", "start")
REGISTERS = ("A", "F", "B", "C", "D", "E", "HL", "SP", "PC")
AREAS = {
    "vram": (0x8000, 0xA000), "cartridge": (0xA000, 0xC000), "wram": (0xC000, 0xE000), "oam": (0xFE00, 0xFEA0),
    "unused": (0xFEA0, 0xFF00), "io": (0xFF00, 0xFF80), "hram": (0xFF80, 0xFFFF),
}  # fmt: skip
"""Memory that is compared at the end of each frame, as half-open ranges."""
_SHADES = np.zeros(256, np.uint8)
_SHADES[[0xFF, 0x99, 0x55, 0x00]] = 0, 1, 2, 3


class PyBoyMachine:
    """One PyBoy without window, sound or files. `boot_rom` replaces PyBoy's own: 256 bytes.

    Raises `ReferenceUnavailableError` where PyBoy is missing or is another version.
    """

    def __init__(self, rom: bytes, boot_rom: bytes | None = None) -> None:
        try:
            found = metadata.version("pyboy")
        except metadata.PackageNotFoundError:
            found = "none"
        if found != VERSION:
            raise ReferenceUnavailableError(f"PyBoy {VERSION} is needed, found {found}. Remedy: `uv sync`")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pysdl2 tells where its libraries come from
            from pyboy import PyBoy
        options = {"window": "null", "sound_emulated": False, "cgb": False, "log_level": "ERROR"}
        with tempfile.TemporaryDirectory() as folder:
            if boot_rom is not None:
                path = Path(folder) / "boot.bin"
                path.write_bytes(boot_rom)
                options["bootrom"] = str(path)
            self._pyboy = PyBoy(io.BytesIO(rom), ram_file=io.BytesIO(bytes(0x20000)), **options)
        self._pyboy.set_emulation_speed(0)
        self._held: frozenset[str] = frozenset()

    def hold(self, buttons: Iterable[str]) -> None:
        """Hold exactly these buttons down."""
        wanted = frozenset(buttons)
        for name in BUTTONS:
            if name in wanted - self._held:
                self._pyboy.button_press(name)
            elif name in self._held - wanted:
                self._pyboy.button_release(name)
        self._held = wanted

    def tick(self, frames: int = 1, render: bool = True) -> None:
        """Run frames, and draw the last one if `render` is set."""
        self._pyboy.tick(frames, render, False)

    def frame(self) -> dict[str, int | bytes]:
        """The machine at the end of the frame: cycles, registers, memory, and the screen as shades 0–3."""
        registers = self._pyboy.register_file
        shown: dict[str, int | bytes] = {"cycles": self._pyboy._cycles()}
        shown |= {name: getattr(registers, name) for name in REGISTERS}
        shown |= {name: bytes(self._pyboy.memory[start:end]) for name, (start, end) in AREAS.items()}
        shown["enabled"] = bytes([self._pyboy.memory[0xFFFF]])
        shown["screen"] = _SHADES[self._pyboy.screen.ndarray[:, :, 0]].tobytes()
        return shown

    def read(self, start: int, end: int) -> bytes:
        """Memory from `start` up to `end`, as the processor would read it."""
        return bytes(self._pyboy.memory[start:end])

    def write(self, start: int, data: bytes) -> None:
        """Write bytes as the processor would, at this moment."""
        for index, value in enumerate(data):
            self._pyboy.memory[start + index] = value

    def registers(self) -> dict[str, int]:
        """The processor's registers by the names of `REGISTERS`."""
        return {name: int(getattr(self._pyboy.register_file, name)) for name in REGISTERS}

    def set_register(self, name: str, value: int) -> None:
        """Set one of `REGISTERS`."""
        setattr(self._pyboy.register_file, name, value)

    @property
    def cycles(self) -> int:
        """T-cycles since the power was switched on."""
        return int(self._pyboy._cycles())

    def shades(self) -> np.ndarray:
        """uint8[144, 160]: shades 0 (lightest) to 3 of the last frame that was drawn."""
        return _SHADES[self._pyboy.screen.ndarray[:, :, 0]]

    def half(self) -> np.ndarray:
        """uint8[72, 80]: grey of every second pixel of every second line. A copy, as an environment would make it."""
        return self._pyboy.screen.ndarray[::2, ::2, 0].copy()

    def save(self) -> bytes:
        """PyBoy's own state."""
        state = io.BytesIO()
        self._pyboy.save_state(state)
        return state.getvalue()

    def load(self, state: bytes) -> None:
        """Go back to a state of `save`, at which no button was held."""
        self.hold(())
        self._pyboy.load_state(io.BytesIO(state))

    def close(self) -> None:
        """End the emulator without saving anything."""
        self._pyboy.stop(save=False)
