"""`python -m jaxlanes.cuda`: report on the CUDA tools of this machine; compile and time kernels."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from jaxlanes.cuda import clang, nvrtc
from jaxlanes.cuda.compile import ROUTES, compile_ptx
from jaxlanes.cuda.driver import Device, NoGpuError
from jaxlanes.cuda.kernel import load_function, make_kernel
from jaxlanes.cuda.launch import gpu_arch
from jaxlanes.cuda.ptxas import assemble, find_ptxas
from jaxlanes.errors import LanesError
from jaxlanes.tools import NotInstalledError, checkout_only

if TYPE_CHECKING:
    from jaxlanes.tools.bench import Result

NO_GPU = 3
"""Exit status of `bench` where there is no GPU."""

_FUNCTIONS = """Each FUNCTION is written module:function. It is called with the number of lanes and returns
(fn, arguments, in_axes); jax.vmap(fn, in_axes)(*arguments) is what is compiled. The folder that you are in is searched
for the module too."""


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0; 1 after an error or a result that is not XLA's; 2 without the bench; 3 where there is no GPU."""
    parser = argparse.ArgumentParser(prog="python -m jaxlanes.cuda", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("info", help="the compilers, the assembler and the GPU that are found")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("functions", nargs="+", metavar="FUNCTION", help="module:function")
    common.add_argument("--lanes", type=int, default=16384, metavar="N", help="size of the batch (default %(default)s)")
    common.add_argument(
        "--route", choices=("auto", *ROUTES), default="auto", help="what compiles (default: nvrtc first)"
    )
    common.add_argument("--fast", action="store_true", help="contract a * b + c; elementary functions of CUDA")
    one = commands.add_parser(
        "compile", parents=[common], help="compile to PTX, without a GPU; with ptxas, say registers", epilog=_FUNCTIONS
    )
    one.add_argument("--arch", default="sm_80", help="the oldest GPU that it is for (default %(default)s)")
    one.add_argument("--ptx", metavar="FILE", help="write the PTX (of the last function)")
    two = commands.add_parser(
        "bench",
        parents=[common],
        help=f"run on the GPU, check and time beside XLA; exit status {NO_GPU} without one",
        description="Runs each kernel on the first GPU, holds its results to those of jax.vmap by XLA on JAX's default "
        "device, and times both. Used from a checkout.",
        epilog=_FUNCTIONS,
    )
    two.add_argument("--runs", type=int, default=10, metavar="N", help="timed runs of each (default %(default)s)")
    two.add_argument("--tolerance", type=float, default=1e-3, help="largest difference of floats (default %(default)s)")
    two.add_argument("--json", metavar="FILE", help="write the results, after each function")
    options = parser.parse_args(argv)
    if getattr(options, "lanes", 1) < 1 or getattr(options, "runs", 1) < 1:
        parser.error("--lanes and --runs must be at least 1")
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        return {"info": _info, "compile": _compile, "bench": _bench}[options.command](options)
    except NoGpuError as error:
        print(f"jaxlanes.cuda: {error}", file=sys.stderr)
        return NO_GPU
    except NotInstalledError as error:
        print(f"python -m jaxlanes.cuda bench: {error}", file=sys.stderr)
        return 2
    except LanesError as error:
        print(f"jaxlanes.cuda: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _info(_options: argparse.Namespace) -> int:
    print(f"NVRTC: {nvrtc.version() or 'no (pip install nvidia-cuda-nvrtc-cu12)'}")
    print(f"Clang: {'ziglang' if clang.installed() else 'no (pip install ziglang)'}")
    print(f"ptxas: {find_ptxas() or 'no (pip install nvidia-cuda-nvcc-cu12)'}")
    try:
        with Device() as device:
            print(f"GPU: {device.name} ({device.arch})")
    except NoGpuError as error:
        print(f"GPU: no ({error})")
    try:
        print(f"JAX's GPU: {gpu_arch()}")
    except NoGpuError as error:
        print(f"JAX's GPU: no ({error})")
    return 0


def _compile(options: argparse.Namespace) -> int:
    for name in options.functions:
        fn, args, in_axes = load_function(name)(options.lanes)
        kernel = make_kernel(fn, args, in_axes, fast=options.fast)
        start = time.perf_counter()
        ptx = compile_ptx(kernel.source, options.arch, route=options.route, fast=options.fast)
        text = f"{name}: {len(ptx):,} characters of PTX in {time.perf_counter() - start:.1f} s"
        if find_ptxas():
            usage = assemble(ptx, options.arch)
            text += (f"; {options.arch}: {usage.registers} registers, {usage.stack} bytes of stack, "
                     f"{usage.spill_stores}/{usage.spill_loads} bytes spilled, in {usage.seconds:.1f} s")  # fmt: skip
        print(text, flush=True)
        if options.ptx:
            with open(options.ptx, "w") as file:
                file.write(ptx)
    return 0


def _bench(options: argparse.Namespace) -> int:
    with checkout_only("the GPU bench"):
        from jaxlanes.tools.bench import bench
    with Device():  # before anything is compiled
        pass
    results: list[Result] = []
    wrong = False
    for name in options.functions:
        result = bench(name, options.lanes, runs=options.runs, route=options.route, fast=options.fast)
        results.append(result)
        wrong |= not result.same(options.tolerance)
        print(_line(result, options.tolerance), flush=True)
        if options.json:
            with open(options.json, "w") as file:
                json.dump([dataclasses.asdict(r) for r in results], file, indent=1)
    return 1 if wrong else 0


def _line(result: Result, tolerance: float) -> str:
    """The line about one function. Ratios are of times by the same clock, where JAX has called our kernel too."""

    def rate(seconds: float) -> str:
        return f"{result.lanes / seconds:,.0f}"

    ours = result.call_seconds or result.kernel_seconds
    called = "not by JAX" if result.call_seconds is None else f"{rate(result.call_seconds)} called by JAX"
    parts = [
        f"{result.name} on {result.gpu}, {result.lanes} lanes: {rate(result.kernel_seconds)} calls/s by the kernel "
        f"alone, {called} (compiled in {result.compile_seconds:.1f} s)",
        f"{rate(result.xla_seconds)} by XLA on {result.xla_platform} (compiled in {result.xla_compile_seconds:.1f} s), "
        f"ratio {result.xla_seconds / ours:.2f}",
    ]
    parts.append(
        f"{'same' if result.same(tolerance) else 'NOT THE SAME'}: {result.different} of {result.elements} elements "
        f"differ, floats by at most {result.largest:.3g}"
    )
    return "; ".join(parts)


if __name__ == "__main__":
    sys.exit(main())
