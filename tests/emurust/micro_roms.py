"""Small programs, each of which shows one rule of the machine in memory or on the screen.

Each entry: the rule, and the program's text after `start:`. Results go to $C000 and up.
"""

from __future__ import annotations

from emurust.assembler import Rom, assemble

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


def _stat(enables: int, lyc: int = 40) -> str:
    return f"    ld a, {lyc}\n    ldh [$ff45], a\n    ld a, {enables}\n    ldh [$ff41], a\n"


def _objects(control: int, pattern: str) -> str:
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


def _scroll(register: str, control: str = "$91", step: str = "inc a") -> str:
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


_WINDOW = (
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


def _write_tima(delay: int) -> str:
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


def _timer(tac: int) -> str:
    return f"    ld a, {tac}\n    ldh [$ff07], a\n    ld a, $c3\n    ldh [$ff06], a\nloop:\n" + OBSERVE


_BANKS = """
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


def _banks(count: int) -> str:
    return "".join(f"    org {bank}, $4000\n    db {bank & 0xFF}, {bank >> 8}\n" for bank in range(1, count))


_DMA = (
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

PROGRAMS: dict[str, tuple[str, str]] = {
    "busy_lcd_off": ("A frame lasts 70,224 T-cycles while the LCD is off.", "loop:\n" + OBSERVE),
    "busy_lcd_on": ("LY, STAT, DIV and TIMA as a polling loop reads them.", LCD_ON + "loop:\n" + OBSERVE),
    **{f"timer_{tac}": (f"TIMA's period with TAC = {tac}.", _timer(tac)) for tac in (4, 5, 6, 7)},
    **{
        f"timer_overflow_{delay}": ("Writes to TIMA, TMA and TAC around an overflow.", _write_tima(delay))
        for delay in range(10)
    },
    **{
        f"irq_{name}_{'halt' if halting else 'poll'}": (
            f"The {name} interrupt, {'ending HALT' if halting else 'in a running program'}.",
            interrupts(mask, setup, halting),
        )
        for name, mask, setup in (
            ("vblank", 1, ""),
            ("hblank", 2, _stat(0x08)),
            ("stat_vblank", 2, _stat(0x10)),
            ("oam", 2, _stat(0x20)),
            ("lyc", 2, _stat(0x40)),
            ("lyc_0", 2, _stat(0x40, 0)),
            ("lyc_153", 2, _stat(0x40, 153)),
            ("oam_hblank", 2, _stat(0x28)),
            ("lyc_hblank", 2, _stat(0x48)),
            ("all_stat", 2, _stat(0x78)),
            ("timer", 4, "    ld a, 5\n    ldh [$ff07], a\n"),
            ("serial", 8, "    ld a, $81\n    ldh [$ff02], a\n"),
            ("joypad", 16, "    ld a, $10\n    ldh [$ff00], a\n"),
            ("every", 31, _stat(0x48) + "    ld a, 5\n    ldh [$ff07], a\n    ld a, $81\n    ldh [$ff02], a\n"),
        )
        for halting in (False, True)
    },
    "halt_without_ime": (
        "HALT with IME off ends at a request, which stays.",
        LCD_ON + "    di\n    ld a, 5\n    ldh [$ffff], a\n    ldh [$ff07], a\nloop:\n    halt\n    inc b\n"
        "    ldh a, [$ff0f]\n"
        "    ld [hl+], a\n    xor a\n    ldh [$ff0f], a\n    res 5, h\n    jr loop\n",
    ),
    "ei_delay": (
        "EI takes effect after the next instruction, and DI there prevents it.",
        "    ld a, 4\n    ldh [$ffff], a\nloop:\n    di\n    ldh [$ff0f], a\n    ei\n    di\n    ei\n    inc e\n"
        "    ei\n"
        "    ld a, d\n    ld [$c000], a\n    ld a, 4\n    jr loop\n",
    ),
    "interrupt_priority": (
        "Of several requests the one with the lowest number is served first.",
        "    ld a, 31\n    ldh [$ffff], a\nloop:\n    ldh [$ff0f], a\n    ei\n    nop\n    nop\n    inc a\n"
        "    jr loop\n",
    ),
    "joypad_read": (
        "P1 is computed when it is written.",
        "loop:\n    ld a, $10\n    ldh [$ff00], a\n    ldh a, [$ff00]\n    ld [$c000], a\n    ld a, $20\n"
        "    ldh [$ff00], a\n"
        "    ldh a, [$ff00]\n    ld [$c001], a\n    xor a\n    ldh [$ff00], a\n    ldh a, [$ff00]\n"
        "    ld [$c002], a\n    jr loop\n",
    ),
    "lcd_switch": (
        "Switching the LCD off and on ends a frame at once, and the next one is blank.",
        TILES + "loop:\n    ld a, $91\n    ldh [$ff40], a\n    ld de, 9000\n.on:\n    ldh a, [$ff41]\n"
        "    ld [$c000], a\n    dec de\n"
        "    ld a, d\n    or e\n    jr nz, .on\n    ldh [$ff40], a\n    ld de, 3000\n.off:\n    ldh a, [$ff41]\n"
        "    ld [$c001], a\n"
        "    dec de\n    ld a, d\n    or e\n    jr nz, .off\n    jr loop\n",
    ),
    "scroll_x": ("SCX changes the picture and the length of mode 3.", _scroll("$ff43")),
    "scroll_y": ("SCY changes the picture from line to line.", _scroll("$ff42", step="add a, 3")),
    "palette": ("BGP is looked up as the line is drawn.", _scroll("$ff47")),
    "control": ("LCDC chooses map, tiles and layers line by line.", _scroll("$ff40", step="xor $18")),
    "window": ("The window starts at WY and WX and counts lines of its own.", _WINDOW),
    "objects": ("Objects, their attributes and the order by X.", _objects(0x93, SPREAD)),
    "objects_tall": ("Objects of 8 × 16 pixels.", _objects(0x97, SPREAD)),
    "objects_stacked": ("At most ten objects a line, and what they cost.", _objects(0x93, STACKED)),
    **{
        f"dma_{wait}": ("OAM DMA, seen while it runs and after.", _DMA.replace("{wait}", str(wait)))
        for wait in (3, 20, 40)
    },
    "echo": (
        "E000–FDFF mirrors work RAM, and FEA0–FEFF cannot be written.",
        "loop:\n    inc a\n    ld [$e123], a\n    ld [$c456], a\n    ld a, [$e456]\n    ld [$fea5], a\n"
        "    ld [$fdff], a\n    jr loop\n",
    ),
    "push_to_registers": (
        "The stack reaches registers at its own M-cycles.",
        "    ld a, 5\n    ldh [$ff07], a\nloop:\n    ld sp, $ff06\n    push bc\n    ldh a, [$ff05]\n"
        "    ld [hl+], a\n    ld sp, $ff05\n"
        "    pop de\n    ld a, e\n    ld [hl+], a\n    inc b\n    res 5, h\n    jr loop\n",
    ),
}  # fmt: skip
DIFFERENCES = {
    "dma_3": "PyBoy keeps the processor off the bus while OAM DMA runs; emurust does not yet",
    "dma_20": "PyBoy keeps the processor off the bus while OAM DMA runs; emurust does not yet",
}
"""Programs whose frames are known to differ from PyBoy's, and why."""
MAPPERS: dict[str, tuple[str, str, dict[str, int]]] = {
    "mbc1": (
        "MBC1: bank 0 counts as 1, and the upper bits serve ROM or RAM by the mode.",
        _BANKS.replace("{select}", "ld [$2000], a\n    swap a\n    ld [$4000], a").replace("{ram}", "ld [$6000], a"),
        {"cartridge_type": 3, "rom_banks": 128, "ram_banks": 4},
    ),
    "mbc2": (
        "MBC2: bit 8 of the address chooses the register, and RAM has four bits.",
        _BANKS.replace("{select}", "ld [$2100], a").replace("{ram}", "nop"),
        {"cartridge_type": 6, "rom_banks": 16, "ram_banks": 0},
    ),
    "mbc3": (
        "MBC3: seven bits of ROM bank, four RAM banks.",
        _BANKS.replace("{select}", "ld [$2000], a").replace("{ram}", "and 3\n    ld [$4000], a"),
        {"cartridge_type": 0x13, "rom_banks": 128, "ram_banks": 4},
    ),
    "mbc5": (
        "MBC5: nine bits of ROM bank, bank 0 included, sixteen RAM banks.",
        _BANKS.replace("{select}", "ld [$2000], a\n    rrca\n    ld [$3000], a").replace("{ram}", "ld [$4000], a"),
        {"cartridge_type": 0x1B, "rom_banks": 512, "ram_banks": 16},
    ),
    "plain": (
        "Without a controller, writes to ROM do nothing.",
        _BANKS.replace("{select}", "ld [$2000], a").replace("{ram}", "nop"),
        {"cartridge_type": 0, "rom_banks": 2, "ram_banks": 0},
    ),
}


def build(name: str) -> Rom:
    """The ROM of one of `PROGRAMS` or `MAPPERS`."""
    if name in PROGRAMS:
        return assemble(VECTORS + COMMON + PROGRAMS[name][1])
    _, body, cartridge = MAPPERS[name]
    return assemble(VECTORS + COMMON + body + _banks(cartridge["rom_banks"]), **cartridge)
