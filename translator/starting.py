"""Start of a run, and of one that is resumed: everything that can be refused is refused here, before any money."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from leaderboard.invocation import spelled
from translator import project as projects
from translator.agents import Agent, making
from translator.errors import ProjectError, TranslationError
from translator.judging import Judge
from translator.metered import Meters
from translator.project import Metering, Project
from translator.repo import Repository
from translator.run import Config, Run, create, ledger_of, read
from translator.sources import source_files
from translator.store import Store
from translator.verifier import Verifier
from verification.remote.sandbox import bwrap_works
from verification.remote.untrusted import protected_paths

RUNS = Path("out/translations")
MakeVerifier = Callable[[Project, Path], Verifier]


def new_folder(name: str) -> Path:
    """A folder below `RUNS` that there is not yet."""
    number = 1
    while (RUNS / f"{name}-{number}").exists():
        number += 1
    return RUNS / f"{name}-{number}"


def latest_folder() -> Path:
    """The run below `RUNS` that was written last. `TranslationError` where there is none."""
    found = sorted(RUNS.glob("*/config.json"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise TranslationError(f"{RUNS}: there is no run; name its folder, or start one by `translator run`")
    return found[-1].parent


def settled(project: Project, choices: dict[str, Any], scripted: bool) -> Project:
    """The project with the command line's choices: "usd", "sandbox", "model", "allow_unmetered", "iterations",
    "metering" (a mode, with ":FILE" where it needs one), "price" (MODEL=INPUT,OUTPUT each), "allow_unknown_prices".

    A scripted agent writes what this repository has, so that a missing bubblewrap is no danger and only told.
    """
    budget, sandbox, agent = project.budget, project.sandbox, project.agent
    if choices.get("usd") is not None:
        usd = choices["usd"]
        budget = replace(budget, usd=usd, per_call_usd=min(budget.per_call_usd, usd))
    if choices.get("iterations") is not None:
        budget = replace(budget, iterations=choices["iterations"])
    if choices.get("sandbox"):
        sandbox = replace(sandbox, kind=choices["sandbox"])
    elif scripted and sandbox.kind == "bwrap":
        sandbox = replace(sandbox, kind="auto")
    if choices.get("model"):
        agent = replace(agent, model=choices["model"])
    if choices.get("allow_unmetered"):
        agent = replace(agent, allow_unmetered=True)
    metering = _metering(project.metering, choices)
    if sandbox.kind == "bwrap" and not bwrap_works():
        raise ProjectError(
            "sandbox.kind 'bwrap': bubblewrap is not installed or may not make namespaces here; install it (bwrap), or "
            "run with --sandbox 'process only', a weaker one that the report then names"
        )
    return replace(project, budget=budget, sandbox=sandbox, agent=agent, metering=metering)


def _metering(kept: Metering, choices: dict[str, Any]) -> Metering:
    mode, _, file = (choices.get("metering") or "").partition(":")
    if mode:
        kept = replace(kept, mode=mode, file=file)
        if mode in ("script", "replay") and not file:
            raise ProjectError(f"--metering {mode}: name the file to answer from, as --metering {mode}:FILE")
    for text in choices.get("price") or ():
        model, _, numbers = text.rpartition("=")
        kept = replace(kept, prices={**kept.prices, model: numbers})
    if choices.get("allow_unknown_prices"):
        kept = replace(kept, allow_unknown_prices=True)
    return kept


def meters_of(agent: Agent, project: Project, folder: Path) -> Meters | None:
    """The proxies of an agent's runs, checked; None for one that calls no models, or says its cost itself."""
    if not agent.proxied or project.metering.mode == "off":
        return None
    meters = Meters(folder, project.metering)
    meters.check(getattr(agent, "provider", ""), getattr(agent, "model", ""))
    return meters


def prepare(
    folder: Path, out: Path | None, agent: str, seed: int, choices: dict[str, Any], own_changes: bool = False
) -> tuple[Path, Config]:
    """Folder and settings of a new run, written down. `TranslationError` for whatever could not work."""
    project = projects.load(folder)
    origin = folder.parent if folder.suffix == ".toml" else folder
    changed = [] if own_changes else projects.own_changes(origin)
    if changed:
        told = ", ".join(changed[:5]) + (f" and {len(changed) - 5} more" if len(changed) > 5 else "")
        raise ProjectError(
            f"{origin}: has changes that are not committed ({told}): commit or take them back, so that the run can be "
            "made again, or go on all the same with --own-changes"
        )
    name = agent or project.agent.kind
    project = settled(project, choices, name.startswith(("scripted:", "replay:")))
    source_files(project, origin)
    with tempfile.TemporaryDirectory(prefix="prices-") as unused:
        meters = meters_of(making.make(name, project, origin, seed), project, Path(unused))
        if meters is not None:
            meters.close()
    config = Config(project, str(origin), name, seed)
    run = out or new_folder(project.project.name)
    create(run, config)
    return run, config


def open_run(folder: Path, config: Config | None = None, verifier: MakeVerifier = Judge) -> Run:
    """The run of a folder, ready to go on. `TranslationError` where there is none, or its agent is not to be had."""
    config = config or read(folder)
    origin = Path(config.folder)
    agent = making.make(config.agent, config.project, origin, config.seed)
    meters = meters_of(agent, config.project, folder)
    store = Store(folder / "run.sqlite")
    run = Run(
        folder=folder,
        config=config,
        verifier=verifier(config.project, folder / "cases"),
        agent=agent,
        ledger=ledger_of(folder, config.project),
        store=store,
        repo=Repository(folder / "tree.git", folder / "tree"),
        protected=[*protected_paths(), *([origin] if origin.is_dir() else [])],
        meters=meters,
    )
    kind = config.project.sandbox.kind
    kept = ("bwrap" if bwrap_works() else "process only") if kind == "auto" else kind
    store.state("sandbox", kept)
    return run


def resume_command(folder: Path) -> str:
    """The command that goes on with a run."""
    return spelled("translator", "resume", folder)
