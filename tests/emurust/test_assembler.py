"""The assembler: encodings against the opcode map's regularities, labels, directives, and its errors."""

from __future__ import annotations

import pytest
from emurust.assembler import AssemblyError, assemble
from emurust.assembler.opcodes import TABLE


def code(text: str) -> bytes:
    """The bytes of some lines at $0150."""
    rom = assemble("    org $0150\n" + text + "\nfinish:\n")
    return rom.data[0x150 : rom.symbols["finish"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nop", "00"), ("ld bc, $1234", "013412"), ("ld [$c000], sp", "0800c0"), ("stop", "1000"),
        ("jr nz, finish", "2000"),
        ("ld a, [hl+]", "2a"), ("ld [hl-], a", "32"), ("halt", "76"), ("ld [hl], b", "70"), ("add a, [hl]", "86"),
        ("xor a", "af"), ("ret nc", "d0"), ("jp c, $4000", "da0040"), ("rst $38", "ff"), ("ldh [$ff40], a", "e040"),
        ("ldh a, [c]", "f2"), ("add sp, -2", "e8fe"), ("ld hl, sp+3", "f803"), ("ld a, [$c000]", "fa00c0"),
        ("swap a", "cb37"),
        ("bit 7, h", "cb7c"), ("set 0, [hl]", "cbc6"), ("res 3, b", "cb98"), ("push af", "f5"), ("jp hl", "e9"),
        ("ld a, 'A'", "3e41"), ('db "Hi", 1+2*3, low($1234), %101', "48690734" "05"), ("dw $1234", "3412"),
        ("ds 3, 7", "070707"),
    ],
)  # fmt: skip
def test_encodings(text: str, expected: str) -> None:
    assert code(text).hex() == expected


def test_every_opcode_has_exactly_one_spelling_but_aliases() -> None:
    first_page = {encoding.opcode for encoding in TABLE.values() if encoding.opcode[0] != 0xCB}
    second_page = {encoding.opcode for encoding in TABLE.values() if encoding.opcode[0] == 0xCB}
    assert len(first_page) == 256 - 11 - 1 - 8  # no such opcodes, the prefix, and the eight vectors of rst
    assert len(second_page) == 64


def test_local_labels_belong_to_the_label_before() -> None:
    assert code("one:\n.loop:\n jr .loop\ntwo:\n.loop:\n jr .loop").hex() == "18fe18fe"


def test_a_comment_may_hold_quotes() -> None:
    assert code("nop ; it's \"one\nld a, ';'").hex() == "003e3b"


def test_the_header_names_sizes_and_sums_up() -> None:
    data = assemble("", title="TEST", cartridge_type=0x1B, rom_banks=8, ram_banks=4).data
    assert (data[0x147], data[0x148], data[0x149]) == (0x1B, 2, 3)
    assert sum(data[0x134:0x14E]) + 25 & 0xFF == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ld a, nowhere", "nowhere in .* is not defined"), ("lda 3", "no such instruction"),
        ("ld b, 300", "a value of -128 to 255"),
        ("bit 8, a", "a value of 0 to 7"), ("rst $39", "a multiple of 8"), ("org 9, $4000", "a bank of 0 to 1"),
        ("one:\none:", "defined twice"), ("ds 20000", "is full"), ("ld a, 3 +", "is no expression"),
    ],
)  # fmt: skip
def test_errors_name_the_line_and_the_remedy(text: str, message: str) -> None:
    with pytest.raises(AssemblyError, match=message) as error:
        assemble("    org $0150\n" + text)
    assert "line " in str(error.value) and "Remedy" in str(error.value)
