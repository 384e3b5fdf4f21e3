"""The command line: CartPole from a buggy candidate to DONE with the real verifier, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import toy_translation as toy

from jaxenv.commands import files
from translator.cli import main

ROOT = Path(__file__).resolve().parents[2]
QUICK = {
    'levels = ["L0", "L1"]': "[verify]\n",
    "injected = 512": "injected = 4096",
    "interactions = 32": "interactions = 256",
    "episodes = 2": "episodes = 10",
    "held_out = 1": "held_out = 5",
    "full = 1": "full = 2",
    "mutants = 0.0": "mutants = 0.9",
    "lanes = [8, 128]\n[budget]": "[budget]",
    "rounds = 0": "rounds = 1",
}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path, dict[str, Any], str]]:
    """Exit status, folder, result and output of one quick run of CartPole's project with one bug."""
    folder = tmp_path_factory.mktemp("cartpole")
    text = (ROOT / "families/cartpole/translation.toml").read_text("utf-8")
    for new, old in QUICK.items():
        assert old in text
        text = text.replace(old, new if old != "[verify]\n" else old + new + "\n")
    project = folder / "project"
    project.mkdir()
    (project / "translation.toml").write_text(text, "utf-8")
    (project / "env.py").write_bytes((ROOT / "families/cartpole/env.py").read_bytes())
    out, result = folder / "run", folder / "t.json"
    words = ["run", str(project), "--agent", "scripted:buggy:C7", "--out", str(out), "--json", str(result)]
    status = main(words)
    yield status, out, json.loads(result.read_text()), text


def test_a_buggy_candidate_comes_to_done(done: tuple[int, Path, dict[str, Any], str]) -> None:
    status, out, result, _ = done
    assert (status, result["state"], result["iterations"]) == (0, "DONE", 3)
    assert result["cost_usd"] == "0.15" and result["levels"]["L1"] == "pass" and result["levels"]["L3"] == "not_run"
    solution = (ROOT / "families/cartpole/env.py").read_bytes()
    assert (out / "tree/candidate/cartpole_port/env.py").read_bytes() == solution
    repair = (out / "prompts/003.md").read_text()
    assert "| out.terminated | True | False | outcome |" in repair and "reference/cartpole.py, from line" in repair
    for name in ("REPORT.md", "ledger.csv", "calls.json", "patches/003.patch", "reports/verification.json"):
        assert (out / name).stat().st_size, name
    assert "- L3: not_run" in (out / "REPORT.md").read_text()


def test_a_counterexample_is_equal_once_it_is_mended(
    done: tuple[int, Path, dict[str, Any], str], capfd: pytest.CaptureFixture[str]
) -> None:
    _, out, _, _ = done
    repair = (out / "prompts/003.md").read_text()
    case = repair.partition("cases/")[2].partition("`")[0]
    assert main(["case", str(out), f"cases/{case}"]) == 0
    assert capfd.readouterr().out.strip().endswith("equal")


def test_status_and_a_second_run_in_the_folder(
    done: tuple[int, Path, dict[str, Any], str], capfd: pytest.CaptureFixture[str]
) -> None:
    _, out, _, _ = done
    assert main(["status", str(out)]) == 0
    assert f"{out}: DONE, 3 calls of scripted:buggy:C7" in capfd.readouterr().out
    assert main(["run", str(out.parent / "project"), "--agent", "scripted:perfect", "--out", str(out)]) == 3
    assert "a run is there already; go on with it by" in capfd.readouterr().err
    with files.alone(out, "", folder=True):
        assert main(["resume", str(out)]) == 3
    assert "is writing there; wait until it ends, or choose another folder with --out" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["run", "{project}"], "no agent was named: give --agent"),
        (["run", "{project}", "--agent", "cli:nothing", "--metering", "off"], "add --allow-unmetered"),
        (["run", "{project}", "--agent", "cli:nothing", "--allow-unmetered", "--sandbox", "auto"],
         "agent program 'nothing' is not installed or not on PATH"),
        (["run", "{folder}/none", "--agent", "human"], "none/translation.toml: there is no such file"),
        (["resume", "{folder}/none"], "none: no run is there (it has no config.json)"),
        (["status", "{folder}/none"], "none: no run is there"),
        (["case", "{folder}/none", "x.json"], "none: no run is there"),
        (["plan", "{project}"], "reference.plugin 'toy_translation:plugin':"),
    ],
)  # fmt: skip
def test_what_could_not_work_is_refused(
    words: list[str], told: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    project = toy.make_project(tmp_path / "project")
    assert main([word.format(project=project, folder=tmp_path) for word in words]) == 3
    said = capfd.readouterr().err
    assert said.startswith(f"translator {words[0]}: ") and told in said and "Traceback" not in said


def test_plan_shows_the_modules_of_a_real_project(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", str(ROOT / "families/cartpole")]) == 0
    said = capfd.readouterr().out
    assert "cart: state.x, state.x_dot\n" in said and "(after cart, pole, clock)" in said


def test_doctor_says_how_to_get_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.delenv("GEMINI_API_KEY", raising=False)
    assert main(["doctor"]) == 1
    said = capfd.readouterr().out
    assert "✓ OPENAI_API_KEY: is set" in said and "sk-secret" not in said
    assert "✗ GEMINI_API_KEY: not set; export GEMINI_API_KEY=" in said and "✓ httpx: " in said
    assert "✗ git: not found; install git" in said and "✗ codex: not found; npm install -g @openai/codex" in said


def test_init_makes_a_project_that_plan_accepts(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new"
    assert main(["init", "example/cartpole", "--out", str(folder)]) == 0
    assert main(["plan", str(folder)]) == 0
    assert "pole: state.theta, state.theta_dot (after cart)" in capfd.readouterr().out
    assert main(["init", "example/cartpole", "--out", str(folder)]) == 3
    assert main(["init", "example/cartpool", "--out", str(tmp_path / "x")]) == 3
    assert "did you mean example/cartpole?" in capfd.readouterr().err
