"""`GameBoy`: saved states, memory, buttons, and what it refuses."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from families.emurust.verify.lockstep import shown
from families.emurust.verify.machine import GameBoyMachine
from families.emurust.verify.roms import micro_roms


@pytest.fixture
def game(native: ModuleType) -> Any:
    from emurust import GameBoy

    return GameBoy(micro_roms.build("mbc5").data)


def test_a_state_gives_back_every_frame(game: Any) -> None:
    game.tick(20)
    state = game.save_state()
    expected, machine = [], GameBoyMachine.around(game)
    for _ in range(5):
        game.tick()
        expected.append(shown(machine))
    game.load_state(state)
    for frame in expected:
        game.tick()
        assert shown(machine) == frame


def test_memory_reads_slices_banks_and_symbols(native: ModuleType) -> None:
    from emurust import GameBoy
    from emurust.symbols import read_symbols

    game = GameBoy(micro_roms.build("mbc5").data, symbols=read_symbols("00:c000 wFirst ; ours"))
    game.memory[0xC000:0xC003] = [1, 2, 3]
    assert game.memory[0xC000:0xC003] == [1, 2, 3]
    game.memory["wFirst"] = 9
    assert game.memory[0xC000] == game.memory["wFirst"] == 9
    assert (game.memory[300, 0x4000], game.memory[300, 0x4001]) == (300 & 0xFF, 1)


REFUSED: dict[str, tuple[Callable[[Any], object], str]] = {
    "no frames": (lambda game: game.tick(0), "at least 1 frame"),
    "unknown button": (lambda game: game.button_press("x"), "one of right, left"),
    "unknown register": (lambda game: game.register_file.X, "one of A, F"),
    "register out of range": (lambda game: setattr(game.register_file, "A", 256), "0 to 255"),
    "no such bank": (lambda game: game.memory[512, 0x4000], "banks 0 to 511"),
    "no such address": (lambda game: game.memory[0x10000], "0 to 0xffff"),
    "unknown symbol": (lambda game: game.memory["wScore"], "no symbol 'wScore'"),
    "no state": (lambda game: game.load_state(b"nothing"), "no state of emurust"),
    "damaged state": (lambda game: game.load_state(game.save_state()[:-1] + b"x"), "damaged"),
    "other version": (lambda game: game.load_state(game.save_state()[:7] + b"\xff" + bytes(50)), "version 255"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_names_the_remedy(game: Any, name: str) -> None:
    action, message = REFUSED[name]
    with pytest.raises((ValueError, LookupError, AttributeError), match=re.escape(message)):
        action(game)


def test_a_state_of_another_rom_is_refused(game: Any) -> None:
    from emurust import GameBoy

    with pytest.raises(ValueError, match="another ROM"):
        game.load_state(GameBoy(micro_roms.build("plain").data).save_state())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rom: rom[:0x5000], "truncated"),
        (lambda rom: rom[:0x14D] + bytes([rom[0x14D] ^ 1]) + rom[0x14E:], "checksum"),
        (
            lambda rom: rom[:0x147] + b"\xfc" + rom[0x148:0x14D] + bytes([rom[0x14D] - 0xFC & 0xFF]) + rom[0x14E:],
            "0xfc",
        ),
    ],
)
def test_a_wrong_rom_is_refused(native: ModuleType, change: Callable[[bytes], bytes], message: str) -> None:
    from emurust import GameBoy

    with pytest.raises(ValueError, match=message):
        GameBoy(change(micro_roms.build("plain").data))
