"""`--backend`: who knows it, what is refused, what reports and case files tell of it; a wrong kernel is found."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from pong_runs import need_reference

from families.pongjax.verify.candidate import PongCandidate
from families.pongjax.verify.plugin import make
from jaxenv.backends import settle
from verification import cases
from verification.backends import BACKENDS, alone, vmap_of
from verification.cases import Case
from verification.cli import main
from verification.fields import PluginError
from verification.levels.context import Plan
from verification.plugin import Checks, Running
from verification.registry import known_plugins, load_plugin
from verification.reporting import words
from verification.results import Finding
from verification.runner import Run, execute

SMALL = ("--levels", "1", "--episodes", "4", "--injected", "64")


def run(*arguments: str | Path) -> int:
    return main([str(argument) for argument in arguments])


@pytest.mark.parametrize("name", sorted(known_plugins()))
def test_every_environment_of_ours_has_both_and_references_beside_themselves_have_none(name: str) -> None:
    plugin = load_plugin(name)
    ours = name.startswith(("pokejax/", "pongjax/", "cheetahjax/", "tcgjax/"))
    assert tuple(plugin.running.backends) == (BACKENDS if ours else ("xla",))
    assert plugin.running.backend == plugin.configured({}).running.backend == "xla"
    if ours:
        assert plugin.configured({"backend": "simd"}).running.backend == "simd"
    else:
        with pytest.raises(PluginError, match=f"{name} has no backend 'simd'; its candidate's steps run by: xla"):
            plugin.configured({"backend": "simd"})


def test_an_unknown_backend_is_refused() -> None:
    with pytest.raises(PluginError, match="unknown backend 'cuda'; known: xla, simd"):
        vmap_of("cuda")
    with pytest.raises(PluginError, match="has no backend 'cuda'"):
        load_plugin("pongjax/puffer_pong").configured({"backend": "cuda"})


def test_a_plugin_that_does_not_follow_its_own_backends_is_refused() -> None:
    careless = replace(load_plugin("example/cartpole"), running=Running(backends=BACKENDS))
    with pytest.raises(PluginError, match="gives backend 'xla', not 'simd'"):
        careless.configured({"backend": "simd"})


def test_without_a_compiler_nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAXLANES_CC", "/no/such/compiler")
    with pytest.raises(PluginError, match=r"backend simd: .*/no/such/compiler"):
        vmap_of.__wrapped__("simd")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "toy_pair:good", "--backend", "cuda"), "invalid choice: 'cuda'"),
    ],
)
def test_bad_arguments(arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == 2 and words in capsys.readouterr().err


def test_seeded_mutants_have_no_choice_of_backend(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("mutants", "pongjax/puffer_pong", "--backend", "simd") == 3
    assert "seeded mutants are compiled by XLA, all in one program: leave --backend out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("toy_pair:good",), "has no backend 'simd'"),
        (("pongjax/puffer_pong", "--untrusted", "nothing.py:make"), "leave it out with --untrusted"),
    ],
)
def test_where_there_is_no_choice_simd_is_an_error(arguments: tuple[str, ...], reason: str, tmp_path: Path) -> None:
    out = tmp_path / "r.json"
    assert run("run", *arguments, *SMALL, "--backend", "simd", "--json", out) == 3
    report = json.loads(out.read_text())
    assert report["verdict"] == "error" and reason in report["reason"]


def test_a_case_file_keeps_the_backend_that_it_was_found_with(tmp_path: Path) -> None:
    case = Case("pongjax/puffer_pong", ({"agent": np.int32(1)},), None, 3, {"frame_skip": 1}, backend="simd")
    written = cases.save(tmp_path, case, Finding(1, ()))
    assert cases.load(written).backend == "simd"
    plain = replace(case, backend="xla")
    assert "backend" not in plain.to_json() and plain.digest != case.digest
    assert cases.from_json(plain.to_json(), "here").backend == "xla"
    damaged = tmp_path / "damaged.json"
    damaged.write_text(json.dumps({**case.to_json(), "backend": "cuda"}))
    assert run("replay", damaged) == 3


def test_a_report_names_the_backend() -> None:
    plugin = load_plugin("toy_pair:good")
    told = execute(Run(plugin, Plan(levels=("L4",)))).info["candidate"]
    assert "backend" not in told and "backend" not in words.side(told)
    told = execute(Run(replace(plugin, running=Running(backends=BACKENDS)), Plan(levels=("L4",)))).info["candidate"]
    assert told["backend"] == "xla" and words.side(told).endswith("(backend xla)")


def test_alone_is_a_batch_of_one() -> None:
    seen: list[tuple[int, ...]] = []

    def recording(function: Any, in_axes: Any = 0) -> Any:
        def batched(*args: Any) -> Any:
            seen.append(args[0].shape)
            return jax.vmap(function, in_axes)(*args)

        return batched

    def double(x: jax.Array) -> dict[str, jax.Array]:
        return {"twice": 2 * x}

    assert alone(jax.vmap, double) is double
    assert alone(recording, double)(jax.numpy.arange(3))["twice"].tolist() == [0, 2, 4] and seen == [(1, 3)]


def _wrong(function: Any, in_axes: Any = 0) -> Any:
    """A `vmap` whose kernels count bounces twice."""
    batched = jax.vmap(function, in_axes)

    def off(*args: Any) -> Any:
        game, paths = batched(*args)
        return game, {**paths, "state.n_bounces": 2 * paths["state.n_bounces"]}

    return off


def test_a_wrong_kernel_fails_and_its_cases_name_it(tmp_path: Path) -> None:
    """The steps compared are the kernel's: one that is wrong is found, and replayed by the same backend."""
    need_reference()
    plugin = make(continuous=False).between(candidate=partial(PongCandidate, False, vmap=_wrong))
    plugin = replace(plugin, running=replace(plugin.running, backend="simd"), checks=Checks())
    plan = Plan(levels=("L1",), injected=256, lanes=256, shrink=1, failures=tmp_path, options={"backend": "simd"})
    done = execute(Run(plugin, plan))
    found = next(result for result in done.results if result.id == "L1/injected")
    assert found.verdict == "fail" and set(found.first_fields) == {"state.n_bounces"}
    file = Path(found.findings[0].file)
    assert cases.load(file).backend == "simd"
    # Shrinking plays one game, not a batch: it saw the wrong kernel as well.
    assert found.findings[0].shrunk_steps == 1
    assert run("replay", file) == 0  # by the kernel as it is


def test_auto_is_the_kernel_where_there_is_one_and_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settle("auto", BACKENDS) == ("simd", "") and settle("auto", ("xla",)) == ("xla", "")
    assert settle("xla", BACKENDS) == ("xla", "") and settle("simd", ("xla",)) == ("simd", "")
    monkeypatch.setenv("JAXLANES_CC", "/no/such/compiler")
    backend, note = settle("auto", BACKENDS)
    assert backend == "xla" and "/no/such/compiler" in note and "\n" not in note
