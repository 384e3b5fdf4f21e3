"""The Clang inside the `ziglang` wheel: CUDA C++ to PTX by LLVM's own NVPTX target, without a CUDA toolkit."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

from jaxlanes.emit.cuda import header
from jaxlanes.errors import CompilationError

_FLAGS = ("-target", "nvptx64-cuda", "-O2", "-S", "-std=c++17", "-fno-exceptions", "-fno-rtti", "-fno-math-errno",
          "-fno-trapping-math", "-fno-strict-aliasing", "-fno-sanitize=all", "-fno-stack-protector",
          "-nostdinc", "-w")  # fmt: skip


def installed() -> bool:
    return importlib.util.find_spec("ziglang") is not None


def compile_with_clang(source: str, arch: str, *, fast: bool) -> str:
    """PTX for `arch`, such as "sm_80". `fast`: contract `a * b + c` to one rounding. Raises CompilationError."""
    if not installed():
        raise CompilationError("the ziglang package is not installed; pip install ziglang")
    if "#define LANES_FAST" in source:
        raise CompilationError(
            "the fast elementary functions are part of CUDA, which Clang has not; pip install nvidia-cuda-nvrtc-cu12"
        )
    with tempfile.TemporaryDirectory(prefix="jaxlanes-") as folder:
        text, ptx = Path(folder) / "kernel.cc", Path(folder) / "kernel.ptx"
        text.write_text(f"{header('cuda_clang.h')}\n{source}")
        options = ["-target-cpu", arch, "-target-feature", f"+{_ptx_version(arch)}"]
        command = [sys.executable, "-m", "ziglang", "c++", *_FLAGS, f"-ffp-contract={'fast' if fast else 'off'}",
                   *(word for option in options for word in ("-Xclang", option)), "-o", str(ptx),
                   str(text)]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise CompilationError(
                f"Clang of the ziglang package refused a kernel for {arch} with exit status {done.returncode}: either "
                f"it does not know this architecture, or it is a defect of jaxlanes. It said:\n{done.stderr[:2000]}"
            )
        return ptx.read_text()


def _ptx_version(arch: str) -> str:
    """The oldest version of PTX that knows the architecture: the older, the more drivers take it."""
    number = int("".join(c for c in arch if c.isdigit()) or 0)
    known = ((100, "ptx86"), (89, "ptx78"), (80, "ptx70"), (0, "ptx63"))
    return next(version for first, version in known if number >= first)
