"""Programs for the rules in which PyBoy differs from the machine, or which few programs meet."""

from __future__ import annotations

from families.emurust.verify.roms.program_text import LCD_ON, OBSERVE, TILES


def _placed(objects: list[tuple[int, int]], scroll: int = 0, control: int = 0x93) -> str:
    """Objects at fixed places, and the length of mode 3 seen by the interrupt of mode 0 and by a busy loop."""
    oam = "".join(f"    ld a, {value}\n    ld [hl+], a\n" for y, x in objects for value in (y, x, 0, 0))
    return (
        TILES
        + f"    ld hl, $fe00\n{oam}    ld a, {scroll}\n    ldh [$ff43], a\n    ld a, {control}\n    ldh [$ff40], a\n"
        "    ld a, 8\n    ldh [$ff41], a\n    ld a, 2\n    ldh [$ffff], a\n    ei\nloop:\n    halt\n" + OBSERVE
    )


def _ei_halt(wait: int) -> str:
    """EI and HALT at a distance from the last event, with a timer interrupt behind."""
    return (
        LCD_ON + "    ld a, 5\n    ldh [$ff07], a\n    ld a, 4\n    ldh [$ffff], a\nloop:\n" + "    nop\n" * wait
        + "    ei\n    halt\n    nop\n    di\n    inc a\n    ld [hl+], a\n    res 5, h\n    ld [hl], d\n    jp loop\n"
    )  # fmt: skip


def _dma_over_picture(page: int, wait: int, control: int) -> str:
    """OAM DMA in the middle of the picture, objects shown, with reads and writes of OAM around its end."""
    return (
        TILES
        + f"""
    ld hl, routine
    ld de, $ff80
    ld b, 48
.copy:
    ld a, [hl+]
    ld [de], a
    inc de
    dec b
    jr nz, .copy
    ld a, {control}
    ldh [$ff40], a
loop:
    ld hl, $c000
    inc [hl]
    call $ff80
    jr loop
routine:
    ld a, {page}
    ld hl, $fe9f
    ldh [$ff46], a
    ld a, {wait}
.delay:
    dec a
    jr nz, .delay
    ld b, [hl]
    ld [hl], a
    ld c, [hl]
    ld a, b
    ld [$c110], a
    ld a, c
    ld [$c111], a
    ret
"""
    )


NOP = "    nop\n"


def _opcodes_in_tima(counts: int) -> str:
    """Jumps to TIMA, whose count is the next opcode: LD (BC),A, INC BC, INC B or DEC B; JP HL stands behind, in TMA."""
    return (
        "loop:\n"
        + "".join(
            f"""
    xor a
    ldh [$ff07], a
    ld a, $e9
    ldh [$ff06], a
    ld hl, .back{count}
    ld bc, $1010
    ld a, 2
    ldh [$ff05], a
    ld a, 5
    ldh [$ff04], a
    ldh [$ff07], a
{NOP * count}    jp $ff05
.back{count}:
    ld a, b
    ld [${0xC000 + 2 * count:04x}], a
    ld a, c
    ld [${0xC001 + 2 * count:04x}], a
"""
            for count in range(counts)
        )
        + "    jp loop\n"
    )


def _guarded(address: str, instruction: str) -> str:
    """One instruction at several distances from the start of mode 2, at which HALT ends."""
    waits = (*range(12, 22), *range(53, 64))
    start = "    ld a, $20\n    ldh [$ff41], a\n    ld a, 2\n    ldh [$ffff], a\n    di\nloop:\n"
    return LCD_ON + start + "".join(
        f"    ld a, $55\n    ld [{address}], a\n    ld de, {address}\n    ld hl, {address}\n    xor a\n"
        f"    ldh [$ff0f], a\n    halt\n    nop\n{NOP * wait}    ld a, $77\n    {instruction}\n    ld b, a\n"
        f"    ld a, [{address}]\n    ld [${0xC000 + 2 * number:04x}], a\n    ld a, b\n"
        f"    ld [${0xC001 + 2 * number:04x}], a\n"
        for number, wait in enumerate(waits)
    ) + "    jp loop\n"  # fmt: skip


_STOPS = (
    "loop:\n    ldh [$ff04], a\n    ldh [$ff05], a\n"
    + "    db $10, $04\n" * 64
    + """
    ldh a, [$ff05]
    ld [$c000], a
    ldh a, [$ff04]
    ld [$c001], a
    ld a, b
    ld [$c002], a
    xor a
    jp loop
"""
)
PROGRAMS: dict[str, tuple[str, str]] = {
    **{
        f"guarded_{area}_{number}": (
            f"{instruction.upper()} does not reach {area.upper()} that the picture unit uses.",
            _guarded(address, instruction),
        )
        for area, address in (("vram", "$8208"), ("oam", "$fe10"))
        for number, instruction in enumerate(("ld a, [de]", "ld a, [hl]", "ld [de], a"))
    },
    "opcodes_in_tima": ("An opcode in a register is read one M-cycle later than an operand.", _opcodes_in_tima(5)),
    "stop": (
        "STOP takes one M-cycle, skips a byte and leaves the divider alone.",
        "    ld a, 5\n    ldh [$ff07], a\n    xor a\n" + _STOPS,
    ),
    "penalty_aligned": ("An object on a tile's start costs 11, and 7 a line are free.", _placed([(60, 8), (90, 16)])),
    "penalty_unaligned": (
        "An object costs up to 5 less the further it stands into a tile.",
        _placed([(40 + 10 * i, 9 + i) for i in range(7)]),
    ),
    "penalty_same_x": ("Only the first object at an X waits for its tile.", _placed([(60, 8)] * 4 + [(60, 9)])),
    "penalty_scroll": ("SCX moves the tiles below the objects.", _placed([(60, 8), (90, 13), (110, 10)], scroll=5)),
    "penalty_outside": ("If all objects stand outside, mode 3 is shorter.", _placed([(60, 200), (60, 168), (90, 167)])),
    "penalty_limit": ("The eleventh object of a line costs nothing.", _placed([(60, 8 + 8 * i) for i in range(13)])),
    "penalty_tall": ("Tall objects cost on sixteen lines.", _placed([(60, 8), (90, 24)], control=0x97)),
    "penalty_off": ("Objects that are switched off cost nothing.", _placed([(60, 8), (90, 24)], control=0x91)),
    **{
        f"ei_halt_{wait}": ("An event within a HALT right behind EI: the handler returns to the HALT.", _ei_halt(wait))
        for wait in (0, 7, 50, 100)
    },
    "ei_halt_pending": (
        "HALT right behind EI with an interrupt pending: the handler returns to the HALT.",
        LCD_ON + "    ld a, 5\n    ldh [$ffff], a\n    ldh [$ff07], a\nloop:\n    ld a, 5\n    ldh [$ff0f], a\n    ei\n"
        "    halt\n    inc a\n    ld [hl+], a\n    ld [hl], b\n    res 5, h\n    jr loop\n",
    ),
    "serial_data": (
        "SB reads as ones, whatever was written to it.",
        "loop:\n    inc a\n    ldh [$ff01], a\n    ldh a, [$ff01]\n    ld [hl+], a\n    ld a, $81\n    ldh [$ff02], a\n"
        "    ldh a, [$ff02]\n    ld [hl+], a\n    res 5, h\n    jr loop\n",
    ),
    "blank_shade": (
        "While the LCD is off, and in the frame after, the picture has the shade of colour 0.",
        TILES + "loop:\n    ld a, $11\n    ldh [$ff40], a\n    inc c\n    ld a, c\n    ldh [$ff47], a\n    "
        "ld de, 9000\n.off:\n    dec de\n    ld a, d\n    or e\n    jr nz, .off\n"
        "    ld a, $91\n    ldh [$ff40], a\n    "
        "ld de, 30000\n.on:\n    dec de\n    ld a, d\n    or e\n    jr nz, .on\n    jr loop\n",
    ),
    **{
        f"dma_{name}": (f"OAM DMA from ${page:02x}00 while objects are drawn.", _dma_over_picture(page, wait, control))
        for name, page, wait, control in (
            ("vram", 0x80, 38, 0x93), ("echo", 0xE0, 39, 0x93), ("rom", 0x01, 40, 0x97), ("short", 0xC0, 2, 0x93)
        )
    },
}  # fmt: skip
