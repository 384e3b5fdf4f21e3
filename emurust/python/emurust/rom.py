"""Sources of a ROM: bytes, a path, or a name in the folder of `EMURUST_ROM_DIR`."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "EMURUST_ROM_DIR"
"""Environment variable: the folder in which a ROM that is no path of its own is looked for."""


def read_rom(rom: bytes | str | os.PathLike[str]) -> bytes:
    """The bytes of a ROM. Raises FileNotFoundError, naming every place that was tried."""
    if isinstance(rom, bytes | bytearray | memoryview):
        return bytes(rom)
    path = Path(rom).expanduser()
    tried = [path]
    folder = os.environ.get(VARIABLE)
    if folder and not path.is_absolute():
        tried.append(Path(folder).expanduser() / path)
    for candidate in tried:
        if candidate.is_file():
            return candidate.read_bytes()
    places = " or ".join(str(candidate) for candidate in tried)
    raise FileNotFoundError(f"no ROM at {places}. Remedy: the path of a ROM, or its name and {VARIABLE}=its folder")
