"""An assembler for the Game Boy's SM83 processor, in pure Python.

The syntax is RGBDS's, with square brackets around addresses: ``ld a, [hl+]``, ``ldh [n], a``, ``jr nz, .loop``.
It builds the test ROMs and the package's own games, so that no binary has to be kept in the repository.
"""

from emurust.assembler.errors import AssemblyError
from emurust.assembler.program import assemble
from emurust.assembler.rom import Rom

__all__ = ["AssemblyError", "Rom", "assemble"]
