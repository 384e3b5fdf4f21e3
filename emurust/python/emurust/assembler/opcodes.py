"""The SM83's instructions: from a mnemonic and the shape of its operands to an opcode.

An operand's shape is its own text in lower case where that is a register, a flag or a fixed address (``[hl+]``), and
``n`` or ``[n]`` where it holds an expression. Source: the opcode tables of Pan Docs.
"""

from __future__ import annotations

from typing import NamedTuple

REGISTERS = ("b", "c", "d", "e", "h", "l", "[hl]", "a")
PAIRS = ("bc", "de", "hl", "sp")
STACKED = ("bc", "de", "hl", "af")
CONDITIONS = ("nz", "z", "nc", "c")
FIXED = frozenset(
    {*REGISTERS, *PAIRS, *STACKED, *CONDITIONS, "[bc]", "[de]", "[hl+]", "[hl-]", "[hli]", "[hld]", "[c]"}
)
"""Operands that are written out and hold no expression."""


class Encoding(NamedTuple):
    """Opcode bytes, and the kind of the operand behind them: ``""``, ``n8``, ``n16``, ``e8`` or ``jump``."""

    opcode: bytes
    operand: str = ""

    @property
    def size(self) -> int:
        """Length of the instruction in bytes."""
        return len(self.opcode) + {"": 0, "n16": 2}.get(self.operand, 1)


ARITHMETIC = ("add", "adc", "sub", "sbc", "and", "xor", "or", "cp")
ROTATIONS = ("rlc", "rrc", "rl", "rr", "sla", "sra", "swap", "srl")
BIT_OPERATIONS = {"bit": 0x40, "res": 0x80, "set": 0xC0}
_PLAIN = {
    "nop": 0x00, "rlca": 0x07, "rrca": 0x0F, "stop": 0x10, "rla": 0x17, "rra": 0x1F, "daa": 0x27, "cpl": 0x2F,
    "scf": 0x37, "ccf": 0x3F, "halt": 0x76, "ret": 0xC9, "reti": 0xD9, "di": 0xF3, "ei": 0xFB,
}  # fmt: skip
_LOADS = {
    ("[n]", "sp"): (0x08, "n16"), ("[bc]", "a"): (0x02, ""), ("[de]", "a"): (0x12, ""), ("[hl+]", "a"): (0x22, ""),
    ("[hl-]", "a"): (0x32, ""), ("[hli]", "a"): (0x22, ""), ("[hld]", "a"): (0x32, ""), ("a", "[bc]"): (0x0A, ""),
    ("a", "[de]"): (0x1A, ""), ("a", "[hl+]"): (0x2A, ""), ("a", "[hl-]"): (0x3A, ""), ("a", "[hli]"): (0x2A, ""),
    ("a", "[hld]"): (0x3A, ""), ("[n]", "a"): (0xEA, "n16"), ("a", "[n]"): (0xFA, "n16"), ("sp", "hl"): (0xF9, ""),
    ("hl", "sp+n"): (0xF8, "e8"),
}  # fmt: skip
_HIGH_LOADS = {
    ("[n]", "a"): (0xE0, "n8"),
    ("a", "[n]"): (0xF0, "n8"),
    ("[c]", "a"): (0xE2, ""),
    ("a", "[c]"): (0xF2, ""),
}


def _table() -> dict[tuple[str, ...], Encoding]:
    table: dict[tuple[str, ...], Encoding] = {(name,): Encoding(bytes([code])) for name, code in _PLAIN.items()}
    table["stop",] = Encoding(b"\x10\x00")
    table |= {("ld", *shape): Encoding(bytes([code]), kind) for shape, (code, kind) in _LOADS.items()}
    table |= {("ldh", *shape): Encoding(bytes([code]), kind) for shape, (code, kind) in _HIGH_LOADS.items()}
    for index, pair in enumerate(PAIRS):
        base = index << 4
        table["ld", pair, "n"] = Encoding(bytes([0x01 | base]), "n16")
        table["inc", pair] = Encoding(bytes([0x03 | base]))
        table["add", "hl", pair] = Encoding(bytes([0x09 | base]))
        table["dec", pair] = Encoding(bytes([0x0B | base]))
        table["pop", STACKED[index]] = Encoding(bytes([0xC1 | base]))
        table["push", STACKED[index]] = Encoding(bytes([0xC5 | base]))
    for index, register in enumerate(REGISTERS):
        table["inc", register] = Encoding(bytes([0x04 | index << 3]))
        table["dec", register] = Encoding(bytes([0x05 | index << 3]))
        table["ld", register, "n"] = Encoding(bytes([0x06 | index << 3]), "n8")
        for source, name in enumerate(REGISTERS):
            if (register, name) != ("[hl]", "[hl]"):
                table["ld", register, name] = Encoding(bytes([0x40 | index << 3 | source]))
        for operation, name in enumerate(ROTATIONS):
            table[name, register] = Encoding(bytes([0xCB, operation << 3 | index]))
        for operation, name in enumerate(ARITHMETIC):
            for shape in ((name, register), (name, "a", register)):
                table[shape] = Encoding(bytes([0x80 | operation << 3 | index]))
    for operation, name in enumerate(ARITHMETIC):
        for shape in ((name, "n"), (name, "a", "n")):
            table[shape] = Encoding(bytes([0xC6 | operation << 3]), "n8")
    for index, condition in enumerate(CONDITIONS):
        base = index << 3
        table["jr", condition, "n"] = Encoding(bytes([0x20 | base]), "jump")
        table["ret", condition] = Encoding(bytes([0xC0 | base]))
        table["jp", condition, "n"] = Encoding(bytes([0xC2 | base]), "n16")
        table["call", condition, "n"] = Encoding(bytes([0xC4 | base]), "n16")
    table["jr", "n"] = Encoding(b"\x18", "jump")
    table["jp", "n"] = Encoding(b"\xc3", "n16")
    table["call", "n"] = Encoding(b"\xcd", "n16")
    table["jp", "hl"] = table["jp", "[hl]"] = Encoding(b"\xe9")
    table["add", "sp", "n"] = Encoding(b"\xe8", "e8")
    return table


TABLE = _table()
"""Every instruction apart from ``bit``, ``res``, ``set`` and ``rst``, whose first operand is part of the opcode."""
