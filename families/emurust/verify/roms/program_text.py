"""Pieces of which the micro-ROMs are put together: vectors, set-up, loops that observe the machine."""

from __future__ import annotations

VECTORS = """
    org $0040
    inc b
    reti
    org $0048
    inc c
    reti
    org $0050
    inc d
    reti
    org $0058
    inc e
    reti
    org $0060
    push af
    ldh a, [$ff00]
    ld [$c200], a
    pop af
    reti
"""
COMMON = """
    org $0100
    nop
    jp start
    org $0150
start:
    ld sp, $dff0
    ld hl, $c000
    ld bc, 0
    ld de, 0
"""
LCD_ON = "    ld a, $91\n    ldh [$ff40], a\n"
OBSERVE = """
    inc a
    ld [$c100], a
    ldh a, [$ff44]
    ld [$c101], a
    ldh a, [$ff41]
    ld [$c102], a
    ldh a, [$ff0f]
    ld [$c103], a
    ldh a, [$ff05]
    ld [$c104], a
    ldh a, [$ff04]
    ld [$c105], a
    jr loop
"""
TILES = """
    ld hl, $8000
.tiles:
    ld a, l
    xor h
    ld [hl+], a
    rrca
    ld [hl+], a
    bit 4, h
    jr z, .tiles
    bit 3, h
    jr z, .tiles
.map:
    ld a, l
    add a, h
    ld [hl+], a
    bit 5, h
    jr z, .map
    ld a, $e4
    ldh [$ff47], a
    ldh [$ff48], a
    ld a, $1b
    ldh [$ff49], a
"""
"""Fills VRAM with a pattern and sets the palettes."""


def interrupts(mask: int, setup: str, halting: bool) -> str:
    """A loop that observes the machine while the interrupts of `mask` are enabled."""
    body = LCD_ON + setup + f"    xor a\n    ldh [$ff0f], a\n    ld a, {mask}\n    ldh [$ffff], a\n    ei\nloop:\n"
    return body + ("    halt\n" if halting else "") + OBSERVE


def stat(enables: int, lyc: int = 40) -> str:
    return f"    ld a, {lyc}\n    ldh [$ff45], a\n    ld a, {enables}\n    ldh [$ff41], a\n"


def objects(control: int, pattern: str) -> str:
    """Forty objects, placed by `pattern` (A holds the object's number, HL its place in OAM), moved each frame."""
    return (
        TILES
        + f"""
    ld hl, $fe00
    ld b, 0
.place:
    ld a, b
{pattern}
    inc b
    ld a, b
    cp 40
    jr nz, .place
    ld a, {control}
    ldh [$ff40], a
loop:
    ldh a, [$ff44]
    cp 144
    jr nz, loop
    ld hl, $fe00
    inc [hl]
    ld hl, $fe05
    dec [hl]
    ld hl, $fe0b
    inc [hl]
.wait:
    ldh a, [$ff44]
    cp 144
    jr z, .wait
    ldh a, [$ff41]
    ld [$c000], a
    jr loop
"""
    )


SPREAD = """
    add a, a
    add a, a
    add a, 10
    ld [hl+], a
    add a, b
    add a, b
    ld [hl+], a
    ld a, b
    ld [hl+], a
    swap a
    add a, a
    ld [hl+], a
"""
STACKED = """
    ld a, 60
    ld [hl+], a
    ld a, b
    add a, a
    add a, a
    ld [hl+], a
    ld a, b
    ld [hl+], a
    swap a
    ld [hl+], a
"""


def scroll(register: str, control: str = "$91", step: str = "inc a") -> str:
    """A register that changes on every line."""
    return (
        TILES
        + f"""
    ld a, {control}
    ldh [$ff40], a
    ld a, 8
    ldh [$ff41], a
    ld a, 2
    ldh [$ffff], a
    xor a
    ldh [$ff0f], a
loop:
    halt
    nop
    xor a
    ldh [$ff0f], a
    ldh a, [{register}]
    {step}
    ldh [{register}], a
    ldh a, [$ff41]
    ld [$c000], a
    jr loop
"""
    )


WINDOW = (
    TILES
    + """
    ld a, 20
    ldh [$ff4a], a
    ld a, 30
    ldh [$ff4b], a
    ld a, $f1
    ldh [$ff40], a
loop:
    ldh a, [$ff44]
    cp 144
    jr nz, loop
    ldh a, [$ff4b]
    inc a
    ldh [$ff4b], a
    ldh a, [$ff4a]
    add a, 3
    ldh [$ff4a], a
.wait:
    ldh a, [$ff44]
    cp 144
    jr z, .wait
    jr loop
"""
)


def write_tima(delay: int) -> str:
    """Writes TIMA, TMA and TAC near an overflow, `delay` M-cycles later than it could come first."""
    return (
        "loop:\n    ld a, $f0\n    ldh [$ff06], a\n    ld a, 5\n    ldh [$ff07], a\n    ld a, $ff\n    ldh [$ff05], a\n"
        "    xor a\n    ldh [$ff04], a\n" + "    nop\n" * delay
        + "    ld a, $55\n    ldh [$ff05], a\n    ldh a, [$ff05]\n    ld [hl+], a\n    ldh a, [$ff0f]\n"
        "    ld [hl+], a\n"
        "    ld a, $ff\n    ldh [$ff05], a\n    xor a\n    ldh [$ff0f], a\n    ldh [$ff04], a\n" + "    nop\n" * delay
        + "    ld a, $77\n    ldh [$ff06], a\n    ldh a, [$ff05]\n    ld [hl+], a\n    ldh a, [$ff0f]\n"
        "    ld [hl+], a\n"
        "    ld a, $fe\n    ldh [$ff05], a\n    ldh [$ff04], a\n" + "    nop\n" * delay
        + "    ld a, 6\n    ldh [$ff07], a\n    ldh a, [$ff05]\n    ld [hl+], a\n    res 5, h\n    jp loop\n"
    )  # fmt: skip


def timer(tac: int) -> str:
    return f"    ld a, {tac}\n    ldh [$ff07], a\n    ld a, $c3\n    ldh [$ff06], a\nloop:\n" + OBSERVE


BANKS = """
    ld a, $0a
    ld [$0000], a
    ld b, 0
loop:
    ld a, b
    {select}
    ld a, [$4000]
    ld [hl+], a
    ld a, [$0000]
    ld [hl+], a
    ld a, b
    {ram}
    ld a, [$a010]
    ld [hl+], a
    add a, b
    ld [$a010], a
    ld a, h
    and $c1
    or $c0
    ld h, a
    inc b
    jp loop
"""


def banks(count: int) -> str:
    return "".join(f"    org {bank}, $4000\n    db {bank & 0xFF}, {bank >> 8}\n" for bank in range(1, count))


DMA = (
    """
    ld hl, $c000
.fill:
    ld a, l
    xor $5a
    ld [hl+], a
    bit 0, h
    jr z, .fill
    ld hl, routine
    ld de, $ff80
    ld b, 32
.copy:
    ld a, [hl+]
    ld [de], a
    inc de
    dec b
    jr nz, .copy
"""
    + LCD_ON
    + """
loop:
    ld hl, $c000
    inc [hl]
    call $ff80
    ld a, [$c000]
    ld [$fe50], a
    jr loop
routine:
    ld a, $c0
    ldh [$ff46], a
    ld a, {wait}
.delay:
    dec a
    jr nz, .delay
    ld a, [$fe10]
    ld [$c110], a
    ld a, [$fe9f]
    ld [$c111], a
    ret
"""
)
