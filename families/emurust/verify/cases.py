"""States that play seldom or never shows: odd boards, scores at the carry, torn graphics, and programs in RAM.

A case has one to three changes of `WAYS`. "program" sets PC to a random straight program in work RAM, with every
arithmetic instruction, flag and conditional jump: what it computes and how long it took stands in memory afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from references.protocol import LIMIT, Batch, row, size, stack
from references.pyboy.env import AGENT, STEPS
from verification.plugin import Injected

Case = dict[str, Any]
_CODE, _DATA, _RETURN = 0xD000, 0xD800, 0xD7F0
_PLAIN = (
    *(op + 8 * register for op in (0x04, 0x05) for register in (0, 1, 2, 3, 4, 5, 7)),
    0x03, 0x0B, 0x13, 0x1B, 0x23, 0x2B, 0x07, 0x0F, 0x17, 0x1F, 0x27, 0x27, 0x2F, 0x37, 0x3F, 0x09, 0x19, 0x29, 0x39,
    *range(0x40, 0x70), *range(0x78, 0x80), *range(0x80, 0xC0), 0x0A, 0x1A, 0x00, 0xF2,
)  # fmt: skip
"""Opcodes of one byte that neither write memory nor jump."""
_WITH_BYTE = (0x06, 0x0E, 0x16, 0x1E, 0x26, 0x2E, 0x3E, 0xC6, 0xCE, 0xD6, 0xDE, 0xE6, 0xEE, 0xF6, 0xFE, 0xF8, 0xF0)
_WITH_WORD = (0x01, 0x11, 0x21, 0xFA)
_WRITES = (0x70, 0x71, 0x72, 0x73, 0x77, 0x34, 0x35, 0x22, 0x32)
_PUSH, _POP = (0xC5, 0xD5, 0xE5, 0xF5), (0xC1, 0xD1, 0xE1, 0xF1)


def program(rng: np.random.Generator, length: int = 48) -> bytes:
    """A random straight program from `_CODE` on, which then counts in memory for ever."""
    code = bytearray(b"\x00\x00")
    for _ in range(length):
        kind = rng.random()
        if kind < 0.45:
            code.append(int(rng.choice(_PLAIN)))
        elif kind < 0.6:
            code += bytes([int(rng.choice(_WITH_BYTE)), int(rng.integers(256))])
        elif kind < 0.65:
            code += bytes([int(rng.choice(_WITH_WORD)), int(rng.integers(256)), int(rng.integers(256))])
        elif kind < 0.75:
            prefixed = int(rng.integers(256))
            code += bytes([0xCB, prefixed if prefixed & 7 != 6 else prefixed + 1])
        elif kind < 0.85:
            write = [int(rng.choice(_WRITES))] if rng.random() < 0.6 else [0xCB, int(rng.integers(32)) * 8 + 6]
            code += bytes([0x21, int(rng.integers(256)), _DATA >> 8, *write])
        elif kind < 0.9:
            code += bytes([int(rng.choice(_PUSH)), int(rng.choice(_POP))])
        elif kind < 0.96:
            code += _branch(rng, _CODE + len(code))
        else:
            code += bytes([0xF3, 0x00, 0xFB]) if rng.random() < 0.5 else bytes([0x76, 0x00])
    # Registers to the stack, then a loop that counts.
    code += bytes([0xF5, 0xC5, 0xD5, 0xE5, 0x21, 0x00, 0xD9, 0x34, 0x20, 0xFD, 0x23, 0x34, 0x2B, 0x18, 0xF8])
    return bytes(code)


def _branch(rng: np.random.Generator, here: int) -> bytes:
    """A conditional or plain jump to the next instruction, or a call of a routine that only returns."""
    kind, condition = rng.integers(3), int(rng.integers(5))
    if kind == 0:
        return bytes([0x18 if condition == 4 else 0x20 + 8 * condition, 0x00])
    if kind == 1:
        return bytes([0xC3 if condition == 4 else 0xC2 + 8 * condition, (here + 3) & 0xFF, (here + 3) >> 8])
    return bytes([0xCD if condition == 4 else 0xC4 + 8 * condition, _RETURN & 0xFF, _RETURN >> 8])


def _program(rng: np.random.Generator, case: Case) -> None:
    code, wram = program(rng), case["memory.wram"]
    wram[_CODE - 0xC000 : _CODE - 0xC000 + len(code)] = np.frombuffer(code, np.uint8)
    wram[_DATA - 0xC000 : _DATA - 0xC000 + 0x100] = rng.integers(256, size=0x100)
    returns = bytes([0xC0 + 8 * int(rng.integers(4)), 0xC9])  # a return on a condition, then a plain one
    wram[_RETURN - 0xC000 : _RETURN - 0xC000 + 2] = np.frombuffer(returns, np.uint8)
    case["cpu.pc"] = np.uint16(_CODE)
    _registers(rng, case)


def _registers(rng: np.random.Generator, case: Case) -> None:
    for name in "abcdef":
        case[f"cpu.{name}"] = np.uint8(rng.integers(256) & (0xF0 if name == "f" else 0xFF))
    case["cpu.hl"] = np.uint16(rng.integers(0x10000))


def _board(rng: np.random.Generator, case: Case) -> None:
    """A well that is nearly full in some rows."""
    board = case["memory.wram"][0x100:0x200].reshape(16, 16)
    top = int(rng.integers(2, 16))
    board[:top, :10] = 0
    board[top:, :10] = rng.integers(1, 8, (16 - top, 10)) * (rng.random((16 - top, 10)) < rng.choice([0.5, 0.8, 0.95]))


def _almost(rng: np.random.Generator, case: Case) -> None:
    """One to four rows that lack one column, and the long piece upright above it."""
    wram = case["memory.wram"]
    board, rows, column = wram[0x100:0x200].reshape(16, 16), int(rng.integers(1, 5)), int(rng.integers(10))
    board[:, :10] = 0
    board[16 - rows :, :10] = rng.integers(1, 8, (rows, 10))
    board[16 - rows :, column] = 0
    wram[4], wram[5] = 0, 1
    wram[6], wram[7] = (column - 2) & 0xFF, rng.integers(0, 8)


def _piece(rng: np.random.Generator, case: Case) -> None:
    wram = case["memory.wram"]
    wram[4], wram[5], wram[8] = rng.integers(7), rng.integers(4), rng.integers(7)
    wram[6], wram[7] = rng.integers(-2, 9) & 0xFF, rng.integers(0, 14)


def _score(rng: np.random.Generator, case: Case) -> None:
    score = int(rng.choice([0xFF, 0xFE, 0x100, 0xFFFF, 0xFFF0, 0xF5, 0x1FF, int(rng.integers(0x10000))]))
    case["memory.wram"][0:2] = score & 0xFF, score >> 8
    case["memory.wram"][0x11:0x13] = rng.choice([0x99, 0x98, 0x09, 0x90, 0x49], 2)


def _seed(rng: np.random.Generator, case: Case) -> None:
    case["memory.wram"][9:11] = rng.integers(1, 256, 2)


def _graphics(rng: np.random.Generator, case: Case) -> None:
    vram = case["memory.vram"]
    for _ in range(8):
        start = int(rng.integers(0, 0x2000 - 64))
        vram[start : start + 64] = rng.integers(256, size=64)


def _objects(rng: np.random.Generator, case: Case) -> None:
    """Objects in OAM and in the page that the game copies there; many on few lines."""
    objects = np.stack(
        [rng.integers(0, 160, 40), rng.integers(0, 176, 40), rng.integers(0, 256, 40), rng.integers(0, 256, 40)], 1
    ).astype(np.uint8)
    if rng.random() < 0.5:
        objects[:, 0] = rng.choice([30, 34, 60, 100], 40)
    case["memory.oam"][:] = objects.ravel()
    case["memory.wram"][0x300:0x3A0] = objects.ravel()


def _screen(rng: np.random.Generator, case: Case) -> None:
    for name in ("scy", "scx", "bgp", "obp0", "obp1", "wy", "wx", "lyc"):
        if rng.random() < 0.5:
            case[f"io.{name}"] = np.uint8(rng.integers(256))
    if rng.random() < 0.5:
        case["io.lyc"] = np.uint8(rng.integers(0, 154))
        case["io.wx"] = np.uint8(rng.choice([0, 5, 6, 7, 100, 165, 166, 167]))


def _stat(rng: np.random.Generator, case: Case) -> None:
    case["io.stat"] = np.uint8(rng.integers(16) << 3)


def _timer(rng: np.random.Generator, case: Case) -> None:
    case["io.tima"], case["io.tma"] = (np.uint8(value) for value in rng.integers(256, size=2))
    case["io.tac"] = np.uint8(rng.integers(8))


def _clock(rng: np.random.Generator, case: Case) -> None:
    """Just before the limit of steps."""
    case[STEPS] = np.int64(max(0, int(case[LIMIT]) - int(rng.integers(1, 3))))


def _frames(rng: np.random.Generator, case: Case) -> None:
    wram = case["memory.wram"]
    wram[0x0B], wram[0x0D] = rng.integers(256), rng.integers(7)


WAYS: dict[str, Callable[[np.random.Generator, Case], None]] = {
    "program": _program, "board": _board, "almost": _almost, "piece": _piece, "score": _score, "seed": _seed,
    "graphics": _graphics, "objects": _objects, "screen": _screen, "stat": _stat, "timer": _timer, "clock": _clock,
    "frames": _frames,
}  # fmt: skip


def inject(rng: np.random.Generator, snapshots: Batch, count: int) -> Injected:
    """`count` cases, made from mined states in turn."""
    names, cases, labels = list(WAYS), [], []
    for number in range(count):
        case = {path: np.array(value) for path, value in row(snapshots, number % size(snapshots)).items()}
        chosen = rng.permutation(len(names))[: rng.integers(1, 4)]
        if rng.random() < 0.25:
            chosen = np.union1d(chosen, [0])
        for way in sorted(chosen.tolist(), reverse=True):
            WAYS[names[way]](rng, case)
        cases.append(case)
        labels.append("+".join(names[way] for way in sorted(chosen.tolist())))
    return Injected(stack(cases), {AGENT: rng.integers(0, 7, count)}, labels)
