"""Assembly of a whole program in two passes: the first gives labels their addresses, the second writes bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from emurust.assembler.errors import AssemblyError
from emurust.assembler.expressions import evaluate
from emurust.assembler.opcodes import BIT_OPERATIONS, FIXED, REGISTERS, TABLE, Encoding
from emurust.assembler.rom import BANK_SIZE, Rom, with_header

_LABEL = re.compile(r"^(\.?[A-Za-z_]\w*)::?(?:\s+|$)")
_EQU = re.compile(r"^([A-Za-z_]\w*)\s+equ\s+(.+)$", re.I)
_RESERVED = {"db", "dw", "ds", "org", "ramorg"}


@dataclass
class _Pass:
    """The pass: its place and its knowledge."""

    image: bytearray
    final: bool
    symbols: dict[str, int] = field(default_factory=dict)
    banks: dict[str, int] = field(default_factory=dict)
    scope: str = ""
    bank: int = 0
    address: int = 0
    in_ram: bool = False

    def value(self, text: str) -> int:
        return evaluate(text, self.symbols, self.banks, self.scope)

    def later(self, text: str) -> int:
        """The value of an expression, which the first pass may not know yet."""
        return self.value(text) if self.final else 0

    def emit(self, data: bytes) -> None:
        if not self.in_ram:
            end = self.address + len(data)
            if end > (BANK_SIZE if self.bank == 0 else 2 * BANK_SIZE):
                raise AssemblyError(f"bank {self.bank} is full at ${self.address:04x}. Remedy: `org bank, address`")
            offset = self.bank * BANK_SIZE + self.address % BANK_SIZE
            self.image[offset : offset + len(data)] = data
        self.address += len(data)


def assemble(
    source: str, *, title: str = "EMURUST", cartridge_type: int = 0, rom_banks: int = 2, ram_banks: int = 0
) -> Rom:
    """Assemble a program into a cartridge image.

    Directives: ``org [bank,] address``, ``ramorg address`` (labels only), ``db``, ``dw``, ``ds count[, byte]``,
    ``name equ value``. A comment starts with ``;``. Execution starts at $0100.

    Raises `AssemblyError`, naming the line, for what it cannot assemble.
    """
    known = _Pass(bytearray(rom_banks * BANK_SIZE), final=False)
    _run(known, source)
    final = _Pass(bytearray(rom_banks * BANK_SIZE), final=True, symbols=known.symbols, banks=known.banks)
    _run(final, source)
    shown = {name.replace("__local__", "."): value for name, value in final.symbols.items()}
    banks = {name.replace("__local__", "."): value for name, value in final.banks.items()}
    return Rom(with_header(final.image, title, cartridge_type, ram_banks), shown, banks)


def _run(state: _Pass, source: str) -> None:
    for number, line in enumerate(source.splitlines(), start=1):
        text = _without_comment(line).strip()
        try:
            _line(state, text)
        except AssemblyError as error:
            raise AssemblyError(f"line {number}, {text!r}: {error}") from error


def _without_comment(line: str) -> str:
    quoted = False
    for index, letter in enumerate(line):
        quoted ^= letter == '"'
        character = line[index - 1 : index + 2] == "';'"
        if letter == ";" and not quoted and not character:
            return line[:index]
    return line


def _line(state: _Pass, text: str) -> None:
    if equ := _EQU.match(text):
        _define(state, equ.group(1), state.value(equ.group(2)), label=False)
        return
    while label := _LABEL.match(text):
        name = label.group(1)
        if name.startswith("."):
            name = f"{state.scope}__local__{name[1:]}"
        else:
            state.scope = name
        _define(state, name, state.address, label=True)
        text = text[label.end() :].strip()
    if text:
        _statement(state, text)


def _define(state: _Pass, name: str, value: int, label: bool) -> None:
    if state.final:
        return
    if name in state.symbols:
        raise AssemblyError(f"{name.replace('__local__', '.')} is defined twice. Remedy: rename one of them")
    state.symbols[name] = value
    if label:
        state.banks[name] = 0 if state.in_ram else state.bank


def _statement(state: _Pass, text: str) -> None:
    mnemonic, _, rest = text.partition(" ")
    mnemonic = mnemonic.lower()
    operands = list(_operands(rest))
    match mnemonic:
        case "org" | "ramorg":
            _origin(state, mnemonic, operands)
        case "db":
            state.emit(b"".join(_data(state, operand) for operand in operands))
        case "dw":
            state.emit(b"".join((state.later(item) & 0xFFFF).to_bytes(2, "little") for item in operands))
        case "ds":
            fill = state.value(operands[1]) if len(operands) > 1 else 0
            state.emit(bytes([fill & 0xFF]) * state.value(operands[0]))
        case _:
            _instruction(state, mnemonic, operands)


def _operands(text: str) -> Iterator[str]:
    """The operands, split at the commas that stand outside brackets and quotes."""
    depth, quoted, current = 0, False, ""
    for letter in text:
        quoted ^= letter == '"'
        depth += (letter in "([") - (letter in ")]") if not quoted else 0
        if letter == "," and not depth and not quoted:
            yield current.strip()
            current = ""
        else:
            current += letter
    if current.strip():
        yield current.strip()


def _origin(state: _Pass, mnemonic: str, operands: list[str]) -> None:
    values = [state.value(operand) for operand in operands]
    state.in_ram = mnemonic == "ramorg"
    state.address = values[-1]
    if state.in_ram:
        return
    state.bank = values[0] if len(values) > 1 else int(state.address >= BANK_SIZE)
    start = BANK_SIZE if state.bank else 0
    if state.bank * BANK_SIZE >= len(state.image) or not start <= state.address < start + BANK_SIZE:
        last = len(state.image) // BANK_SIZE - 1
        raise AssemblyError(f"no address ${state.address:04x} in bank {state.bank}. Remedy: a bank of 0 to {last}")


def _data(state: _Pass, operand: str) -> bytes:
    if operand.startswith('"') and operand.endswith('"'):
        return operand[1:-1].encode("ascii")
    return bytes([_within(state.later(operand), -128, 255, operand) & 0xFF])


def _within(value: int, low: int, high: int, text: str) -> int:
    if not low <= value <= high:
        raise AssemblyError(f"{text!r} is {value}. Remedy: a value of {low} to {high}")
    return value


def _shape(operand: str) -> tuple[str, str]:
    """The operand's shape, as `opcodes` writes it, and the expression that it holds."""
    folded = operand.lower().replace(" ", "")
    if folded in FIXED:
        return folded, ""
    if folded.startswith("sp+") or folded.startswith("sp-"):
        return "sp+n", operand.strip()[2:]
    if operand.startswith("[") and operand.endswith("]"):
        return "[n]", operand[1:-1]
    return "n", operand


def _instruction(state: _Pass, mnemonic: str, operands: list[str]) -> None:
    if mnemonic in BIT_OPERATIONS and len(operands) == 2 and operands[1].lower() in REGISTERS:
        bit = _within(state.value(operands[0]), 0, 7, operands[0])
        state.emit(bytes([0xCB, BIT_OPERATIONS[mnemonic] | bit << 3 | REGISTERS.index(operands[1].lower())]))
        return
    if mnemonic == "rst" and len(operands) == 1:
        vector = state.value(operands[0])
        if vector & ~0x38:
            raise AssemblyError(f"no vector at {vector:#04x}. Remedy: a multiple of 8 up to $38")
        state.emit(bytes([0xC7 | vector]))
        return
    shapes = [_shape(operand) for operand in operands]
    encoding = TABLE.get((mnemonic, *(shape for shape, _ in shapes)))
    if encoding is None:
        known = sorted({key[0] for key in TABLE} | set(BIT_OPERATIONS) | {"rst"} | _RESERVED)
        remedy = "other operands" if mnemonic in known else f"one of {', '.join(known)}"
        raise AssemblyError(f"there is no such instruction. Remedy: {remedy}")
    expression = next((text for _, text in shapes if text), "")
    state.emit(encoding.opcode + _operand(state, encoding, expression))


def _operand(state: _Pass, encoding: Encoding, text: str) -> bytes:
    if not encoding.operand:
        return b""
    value = state.later(text)
    match encoding.operand:
        case "n16":
            return (_within(value, -0x8000, 0xFFFF, text) & 0xFFFF).to_bytes(2, "little")
        case "n8":
            # A high load may name its register by its whole address.
            if encoding.opcode in (b"\xe0", b"\xf0") and 0xFF00 <= value <= 0xFFFF:
                value &= 0xFF
            return bytes([_within(value, -128, 255, text) & 0xFF])
        case "e8":
            return bytes([_within(value, -128, 127, text) & 0xFF])
    distance = value - (state.address + encoding.size) if state.final else 0
    return bytes([_within(distance, -128, 127, f"the distance to {text}") & 0xFF])
