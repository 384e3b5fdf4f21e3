"""Kernels for CUDA to PTX: that both compilers and ptxas take what is emitted, and that it is compiled once."""

from __future__ import annotations

import pytest
from cuda_functions import KERNELS

from jaxlanes.cuda import assemble, clang, compile_ptx, make_kernel, nvrtc, ptxas
from jaxlanes.cuda import compile as compile_module
from jaxlanes.cuda.compile import ROUTES, cached_ptx
from jaxlanes.emit.cuda import ENTRY
from jaxlanes.errors import CompilerNotFoundError
from jaxlanes.runtime import cache


def needs(route: str) -> None:
    if route == "clang" and not clang.installed():
        pytest.skip("no Clang: the wheel ziglang brings it")
    if route == "nvrtc" and nvrtc.library() is None:
        pytest.skip("no NVRTC: the wheel nvidia-cuda-nvrtc-cu12 (or nvidia-cuda-nvrtc) brings it")


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("name", KERNELS)
def test_compiles_to_ptx(name: str, route: str) -> None:
    needs(route)
    fn, args, in_axes = KERNELS[name]()
    ptx = compile_ptx(make_kernel(fn, args, in_axes).source, "sm_80", route=route)
    assert f".entry {ENTRY}(" in ptx and ".target sm_80" in ptx and ".extern" not in ptx
    # Nothing that an assembler may contract: each operation says how it rounds.
    assert not [word for word in ("fma.", "mul.f32", "add.f32", "sub.f32", ".approx", ".ftz") if word in ptx]
    if ptxas.find_ptxas():
        usage = assemble(ptx, "sm_90")
        assert 0 < usage.registers <= 255


def test_fast_contracts() -> None:
    needs("nvrtc")
    fn, args, in_axes = KERNELS["elementary"]()
    ptx = compile_ptx(make_kernel(fn, args, in_axes, fast=True).source, route="nvrtc", fast=True)
    assert "fma.rn.f32" in ptx


def test_no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvrtc, "library", lambda: None)
    monkeypatch.setattr(clang, "installed", lambda: False)
    with pytest.raises(CompilerNotFoundError, match=r"nvidia-cuda-nvrtc-cu12.*or pip install ziglang"):
        compile_ptx("")
    with pytest.raises(ValueError, match="route must be auto or one of nvrtc, clang, got 'gcc'"):
        compile_ptx("", route="gcc")
    with pytest.raises(ValueError, match="arch must be like"):
        compile_ptx("", "hopper")


def test_a_kernel_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    needs("clang")
    compiled: list[str] = []

    def compiler(source: str, arch: str, *, route: str, fast: bool) -> str:
        compiled.append(source)
        return f"{source} for {arch} by {route}{' fast' if fast else ''}"

    monkeypatch.setattr(compile_module, "compile_ptx", compiler)
    monkeypatch.setattr(nvrtc, "library", lambda: None)
    ptx, seconds = cached_ptx("a kernel", "sm_90")
    assert ptx == "a kernel for sm_90 by clang" and seconds > 0
    assert cached_ptx("a kernel", "sm_90") == (ptx, 0.0) and len(compiled) == 1
    assert cached_ptx("a kernel", "sm_80")[0] == "a kernel for sm_80 by clang"
    assert cached_ptx("a kernel", "sm_90", fast=True)[0] == "a kernel for sm_90 by clang fast" and len(compiled) == 3
    (entry,) = (path for path in cache.cache_folder().glob("*.ptx") if path.read_text().endswith(ptx))
    for content in (entry.read_bytes().replace(b"sm_90", b"sm_91"), b"", b"no digest"):  # what was changed is not used
        entry.write_bytes(content)
        assert cached_ptx("a kernel", "sm_90")[0] == ptx
    assert len(compiled) == 6
