"""NVIDIA's assembler from its wheel: whether it accepts PTX, and how many registers a thread takes."""

from __future__ import annotations

import dataclasses
import importlib.util
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from jaxlanes.errors import CompilationError, CompilerNotFoundError


@dataclasses.dataclass(frozen=True)
class Usage:
    """Of one thread: registers of 32 bits; bytes of its own memory; bytes of spilled registers written and read."""

    registers: int
    stack: int
    spill_stores: int
    spill_loads: int
    seconds: float  # that the assembler took


def find_ptxas() -> str | None:
    """Of the wheel nvidia-cuda-nvcc-cu12, else on the path."""
    for package in ("nvidia.cuda_nvcc", "nvidia.cu13"):
        try:
            found = importlib.util.find_spec(package)
        except ModuleNotFoundError:
            continue
        for root in (found.submodule_search_locations or ()) if found else ():
            for name in ("ptxas", "ptxas.exe"):
                if (path := Path(root) / "bin" / name).is_file():
                    return str(path)
    return shutil.which("ptxas")


def assemble(ptx: str, arch: str = "sm_90") -> Usage:
    """Raises CompilerNotFoundError, and CompilationError with what the assembler said."""
    ptxas = find_ptxas()
    if ptxas is None:
        raise CompilerNotFoundError("no ptxas: pip install nvidia-cuda-nvcc-cu12")
    with tempfile.TemporaryDirectory(prefix="jaxlanes-") as folder:
        text = Path(folder) / "kernel.ptx"
        text.write_text(ptx)
        start = time.perf_counter()
        command = [ptxas, "-v", f"-arch={arch}", "-o", str(Path(folder) / "kernel.cubin"), str(text)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - start
    said = done.stderr + done.stdout
    if done.returncode:
        raise CompilationError(f"ptxas refused a kernel for {arch} with exit status {done.returncode}:\n{said[:2000]}")
    return Usage(
        max((int(n) for n in re.findall(r"Used (\d+) registers", said)), default=0),
        *(sum(int(n) for n in re.findall(rf"(\d+) bytes {what}", said)) for what in
          ("stack frame", "spill stores", "spill loads")),
        seconds=seconds,
    )  # fmt: skip
