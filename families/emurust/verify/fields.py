"""Paths that are compared, by the part of the machine that owns them."""

from verification.fields import FieldSpec

MODULES = ("episode", "cpu", "timer", "memory", "ppu", "io", "environment")
FIELDS = (
    FieldSpec("base.*", "episode"),
    FieldSpec("state.*", "episode"),
    FieldSpec("cpu.*", "cpu"),
    FieldSpec("out.cycles", "cpu"),
    FieldSpec("io.t*", "timer"),
    FieldSpec("io.ie", "cpu"),
    FieldSpec("memory.wram", "memory"),
    FieldSpec("memory.hram", "memory"),
    FieldSpec("out.unused", "memory"),
    FieldSpec("out.bank", "memory"),
    FieldSpec("memory.vram", "ppu"),
    FieldSpec("memory.oam", "ppu"),
    *(FieldSpec(f"io.{name}", "ppu") for name in ("s*", "lyc", "bgp", "obp?", "w?")),
    FieldSpec("out.screen", "ppu"),
    FieldSpec("out.io", "io"),
    *(FieldSpec(f"out.{name}", "environment") for name in ("reward", "terminated", "truncated", "obs.*")),
)
SOURCES = {
    "cpu": ("emurust/src/cpu/execute.rs", "emurust/src/cpu/alu.rs", "emurust/src/cpu/mod.rs"),
    "timer": ("emurust/src/timer.rs",),
    "memory": ("emurust/src/system/memory_map.rs", "emurust/src/system.rs", "emurust/src/cartridge/mod.rs"),
    "ppu": ("emurust/src/ppu/mod.rs", "emurust/src/ppu/render.rs", "emurust/src/dma.rs"),
    "io": (
        "emurust/src/system/memory_map.rs",
        "emurust/src/system.rs",
        "emurust/src/joypad.rs",
        "emurust/src/serial.rs",
    ),
    "environment": ("emurust/python/emurust/games/blocks.py", "emurust/python/emurust/vector.py"),
}
"""Places in the candidate's source that write each module's fields."""
