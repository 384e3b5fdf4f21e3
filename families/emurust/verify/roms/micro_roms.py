"""Small programs, each of which shows one rule of the machine in memory or on the screen.

Each entry: the rule, and the program's text after `start:`. Results go to $C000 and up.
"""

from __future__ import annotations

from dataclasses import dataclass

from emurust.assembler import Rom, assemble

from families.emurust.verify.roms import quirk_roms
from families.emurust.verify.roms.program_text import (
    BANKS,
    COMMON,
    DMA,
    LCD_ON,
    OBSERVE,
    SPREAD,
    STACKED,
    TILES,
    VECTORS,
    WINDOW,
    banks,
    interrupts,
    objects,
    scroll,
    stat,
    timer,
    write_tima,
)

PROGRAMS: dict[str, tuple[str, str]] = {
    "busy_lcd_off": ("A frame lasts 70,224 T-cycles while the LCD is off.", "loop:\n" + OBSERVE),
    "busy_lcd_on": ("LY, STAT, DIV and TIMA as a polling loop reads them.", LCD_ON + "loop:\n" + OBSERVE),
    **{f"timer_{tac}": (f"TIMA's period with TAC = {tac}.", timer(tac)) for tac in (4, 5, 6, 7)},
    **{
        f"timer_overflow_{delay}": ("Writes to TIMA, TMA and TAC around an overflow.", write_tima(delay))
        for delay in range(10)
    },
    **{
        f"irq_{name}_{'halt' if halting else 'poll'}": (
            f"The {name} interrupt, {'ending HALT' if halting else 'in a running program'}.",
            interrupts(mask, setup, halting),
        )
        for name, mask, setup in (
            ("vblank", 1, ""),
            ("hblank", 2, stat(0x08)),
            ("stat_vblank", 2, stat(0x10)),
            ("oam", 2, stat(0x20)),
            ("lyc", 2, stat(0x40)),
            ("lyc_0", 2, stat(0x40, 0)),
            ("lyc_153", 2, stat(0x40, 153)),
            ("lyc_144_hblank", 2, stat(0x48, 144)),
            ("lyc_144_hblank_oam", 2, stat(0x68, 144)),
            ("lyc_0_vblank", 2, stat(0x50, 0)),
            ("oam_hblank", 2, stat(0x28)),
            ("lyc_hblank", 2, stat(0x48)),
            ("all_stat", 2, stat(0x78)),
            ("timer", 4, "    ld a, 5\n    ldh [$ff07], a\n"),
            ("serial", 8, "    ld a, $81\n    ldh [$ff02], a\n"),
            ("joypad", 16, "    ld a, $10\n    ldh [$ff00], a\n"),
            ("every", 31, stat(0x48) + "    ld a, 5\n    ldh [$ff07], a\n    ld a, $81\n    ldh [$ff02], a\n"),
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
    "scroll_x": ("SCX changes the picture and the length of mode 3.", scroll("$ff43")),
    "scroll_y": ("SCY changes the picture from line to line.", scroll("$ff42", step="add a, 3")),
    "palette": ("BGP is looked up as the line is drawn.", scroll("$ff47")),
    "control": ("LCDC chooses map, tiles and layers line by line.", scroll("$ff40", step="xor $18")),
    "window": ("The window starts at WY and WX and counts lines of its own.", WINDOW),
    "objects": ("Objects, their attributes and the order by X.", objects(0x93, SPREAD)),
    "objects_tall": ("Objects of 8 × 16 pixels.", objects(0x97, SPREAD)),
    "objects_stacked": ("At most ten objects a line, and what they cost.", objects(0x93, STACKED)),
    **{
        f"dma_{wait}": ("OAM DMA, seen while it runs and after.", DMA.replace("{wait}", str(wait)))
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
    **quirk_roms.PROGRAMS,
}  # fmt: skip
DIFFERENCES = {
    "ei_halt_pending": "an event within a HALT right behind EI, while an interrupt is pending, wakes PyBoy otherwise",
    "dma_vram": "a line that is drawn while OAM DMA runs sees PyBoy's OAM as it stood at another moment",
    "guarded_oam_2": "in the frame after the LCD was switched on, one LD [DE],A reaches PyBoy's OAM just before mode 3",
}
"""Programs whose frames are known to differ from PyBoy's, and why."""


@dataclass(frozen=True)
class MapperProgram:
    """A program that reads and writes every bank of a cartridge.

    `rule`: what it shows. `select`, `ram`: instructions that choose the bank in A, of ROM and of RAM. `kind`: the
    cartridge's type as its header has it. `rom_banks`, `ram_banks`: of 16 and of 8 KiB.
    """

    rule: str
    select: str
    ram: str
    kind: int
    rom_banks: int
    ram_banks: int = 0

    def build(self) -> Rom:
        """The ROM."""
        body = BANKS.replace("{select}", self.select).replace("{ram}", self.ram)
        return assemble(
            VECTORS + COMMON + body + banks(self.rom_banks),
            cartridge_type=self.kind,
            rom_banks=self.rom_banks,
            ram_banks=self.ram_banks,
        )


MAPPERS = {
    "mbc1": MapperProgram(
        "MBC1: bank 0 counts as 1, and the upper bits serve ROM or RAM by the mode.",
        select="ld [$2000], a\n    swap a\n    ld [$4000], a",
        ram="ld [$6000], a",
        kind=0x03,
        rom_banks=128,
        ram_banks=4,
    ),
    "mbc2": MapperProgram(
        "MBC2: bit 8 of the address chooses the register, and RAM has four bits.",
        select="ld [$2100], a",
        ram="nop",
        kind=0x06,
        rom_banks=16,
    ),
    "mbc3": MapperProgram(
        "MBC3: seven bits of ROM bank, four RAM banks.",
        select="ld [$2000], a",
        ram="and 3\n    ld [$4000], a",
        kind=0x13,
        rom_banks=128,
        ram_banks=4,
    ),
    "mbc5": MapperProgram(
        "MBC5: nine bits of ROM bank, bank 0 included, sixteen RAM banks.",
        select="ld [$2000], a\n    rrca\n    ld [$3000], a",
        ram="ld [$4000], a",
        kind=0x1B,
        rom_banks=512,
        ram_banks=16,
    ),
    "plain": MapperProgram(
        "Without a controller, writes to ROM do nothing.",
        select="ld [$2000], a",
        ram="nop",
        kind=0x00,
        rom_banks=2,
    ),
}


def build(name: str) -> Rom:
    """The ROM of one of `PROGRAMS` or `MAPPERS`."""
    if name in MAPPERS:
        return MAPPERS[name].build()
    return assemble(VECTORS + COMMON + PROGRAMS[name][1])
