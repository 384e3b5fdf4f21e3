"""Instruction sets: how wide a group of lanes is and what the compiler has to be told."""

from __future__ import annotations

import dataclasses
import os
import platform
from pathlib import Path

from jaxlanes.emit.expressions import FUNCTIONS
from jaxlanes.emit.int16 import fits_int16
from jaxlanes.errors import LanesError
from jaxlanes.ir import BOOL, Program, walk

INT16_OPERATIONS = 1000
"""Operations below which a program is not considered for int16 lanes."""


@dataclasses.dataclass(frozen=True)
class Target:
    """`header`: the file with the operations of its lanes."""

    name: str
    width: int
    header: str
    flags: tuple[str, ...]  # for g++ and clang++
    zig_cpu: str  # for `zig c++ -mcpu=`
    intrinsics: str = ""  # header of the compiler
    narrow_places: bool = False  # integers are kept in memory as narrow as their interval
    pairs: bool = False  # int16 lanes: a register holds W integers of 16 bits, and two registers W of 32


TARGETS = {
    "avx512": Target("avx512", 16, "avx512.h", ("-march=x86-64-v4",), "x86_64_v4", "immintrin.h", True),
    "avx2": Target("avx2", 8, "generic.h", ("-march=x86-64-v3",), "x86_64_v3", "immintrin.h"),
    "neon": Target("neon", 4, "generic.h", (), "baseline"),
    "portable": Target("portable", 4, "generic.h", (), "baseline"),
    "avx512x2": Target(
        "avx512x2", 32, "avx512_pairs.h", ("-march=x86-64-v4",), "x86_64_v4", "immintrin.h", True, pairs=True
    ),
}


def host_target() -> Target:
    """The instruction set that JAXLANES_ISA names, else the widest that this processor has."""
    asked = os.environ.get("JAXLANES_ISA", "")
    if asked:
        if asked not in TARGETS:
            raise LanesError(f"JAXLANES_ISA={asked!r}: no such instruction set; use one of {', '.join(TARGETS)}")
        return TARGETS[asked]
    machine = platform.machine().lower()
    if machine in ("aarch64", "arm64"):
        return TARGETS["neon"]
    features = _processor_features()
    if {"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd"} <= features:
        return TARGETS["avx512"]
    return TARGETS["avx2"] if {"avx2", "fma", "bmi2"} <= features else TARGETS["portable"]


def suited(program: Program, target: Target) -> Target:
    """The target for a program: with AVX-512 the one with int16 lanes, if nearly all of the program's values fit them.

    That one has no elementary functions.
    """
    kinds = [program.nodes[item] for item in walk(program.body) if isinstance(item, int)]
    if any(node.kind in FUNCTIONS for node in kinds):
        return TARGETS["avx512"] if target.pairs else target
    if target.name != "avx512" or len(kinds) < INT16_OPERATIONS:
        return target
    wide = sum(not fits_int16(node) and node.type != BOOL for node in kinds)
    return TARGETS["avx512x2"] if wide < len(kinds) / 3 else target


def _processor_features() -> set[str]:
    """Linux's names of them; empty where it cannot be asked."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return set()
    for line in text.splitlines():
        if line.startswith("flags"):
            return set(line.partition(":")[2].split())
    return set()
