"""Folder of a run, and all that the state machine works with."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from jaxenv.commands import files
from leaderboard.invocation import spelled
from translator.agents import Agent
from translator.errors import ProjectError, TranslationError
from translator.ledger import Ledger
from translator.metered import Meters
from translator.project import Module, Project, order
from translator.repo import Repository
from translator.sources import source_files
from translator.store import Store
from translator.verifier import Verifier
from verification.remote.untrusted import protected_paths

CONFIG, RESULT, REPORT_PAGE, HTML_PAGE = "config.json", "result.json", "REPORT.md", "report.html"
REMEDY = "choose another folder with --out"


class Config(msgspec.Struct, frozen=True):
    """The options a run was started with. `folder`: of the project, as the user wrote it."""

    project: Project
    folder: str
    agent: str
    seed: int


@dataclass
class Run:
    """One run. `tell(event, **values)` hears what happens, for the progress that is shown.

    `meters`: the proxies of an agent that calls models; None where the agent itself says what it costs.
    """

    folder: Path
    config: Config
    verifier: Verifier
    agent: Agent
    ledger: Ledger
    store: Store
    repo: Repository
    protected: Sequence[Path] = field(default_factory=protected_paths)
    tell: Callable[..., None] = lambda event, **values: None
    meters: Meters | None = None

    @property
    def project(self) -> Project:
        """The project, as it was when the run began."""
        return self.config.project

    @property
    def tree(self) -> Path:
        """The folder that the agent works in."""
        return self.folder / "tree"

    @property
    def modules(self) -> list[Module]:
        """The modules in the order of their needs."""
        return order(self.project.module)

    @property
    def secret(self) -> bytes:
        """Secret of the held-out seeds: drawn once, kept beside the tree and shown to nobody."""
        kept = self.store.fact("secret")
        if not kept:
            kept = secrets.token_hex(32)
            self.store.state("secret", kept)
        return bytes.fromhex(kept)

    @property
    def repro(self) -> str:
        """The command that plays a counterexample again on the run's candidate; `{case}` stands for its file."""
        return spelled("translator", "case", self.folder, "{case}").replace("'{case}'", "{case}")

    def sources(self) -> dict[str, str]:
        """Sources of the reference, as the agent reads them."""
        folder = self.tree / "reference"
        return {path.name: path.read_text("utf-8", errors="replace") for path in sorted(folder.glob("*"))}

    def write(self, name: str, content: str) -> None:
        """Write a file of the run's folder."""
        files.write(self.folder / name, content, REMEDY)

    def close(self) -> None:
        """End what was started."""
        self.verifier.close()
        if self.meters is not None:
            self.meters.close()
        self.ledger.close()
        self.store.close()


def create(folder: Path, config: Config) -> None:
    """Make a run's folder with its settings. `TranslationError` where there is a run already."""
    if (folder / CONFIG).exists():
        resume = spelled("translator", "resume", folder)
        raise TranslationError(f"{folder}: a run is there already; go on with it by `{resume}`, or {REMEDY}")
    if folder.is_dir() and any(path.name != ".lock" for path in folder.iterdir()):
        raise TranslationError(f"{folder}: is not empty; {REMEDY}")
    files.write(folder / CONFIG, msgspec.json.format(msgspec.json.encode(config)).decode() + "\n", REMEDY)


def read(folder: Path) -> Config:
    """Settings of a run. `TranslationError` where there is none."""
    path = folder / CONFIG
    try:
        return msgspec.json.decode(path.read_bytes(), type=Config)
    except FileNotFoundError:
        raise TranslationError(f"{folder}: no run is there (it has no {CONFIG}); name the folder of one") from None
    except (OSError, msgspec.MsgspecError) as error:
        raise TranslationError(f"{path}: cannot be read: {error}; restore it, or start a new run") from error


def ledger_of(folder: Path, project: Project) -> Ledger:
    """The run's ledger, under the project's cap."""
    return Ledger(folder / "ledger.sqlite", Decimal(str(project.budget.usd)))


def fill(run: Run) -> None:
    """Write what the agent reads into the tree: sources of the reference, pages, and an empty candidate."""
    project, origin = run.project, Path(run.config.folder)
    (run.tree / "candidate" / project.package).mkdir(parents=True, exist_ok=True)
    (run.tree / "candidate" / project.package / "__init__.py").write_text("", "utf-8")
    for name, path in source_files(project, origin).items():
        target = run.tree / "reference" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    for note in project.contract.notes:
        if not (origin / note).is_file():
            raise ProjectError(f"contract.notes: {origin / note}: there is no such file; mend the entry")
        (run.tree / Path(note).name).write_bytes((origin / note).read_bytes())
    lines = [f"# {project.project.name}", "", "Modules, in order:", ""]
    lines += [f"- {module.name}: {', '.join(module.fields)}. {module.about}".rstrip() for module in run.modules]
    (run.tree / "TASK.md").write_text("\n".join(lines) + "\n", "utf-8")


def plain(value: Any) -> Any:
    """Structs as plain JSON values."""
    return msgspec.json.decode(msgspec.json.encode(value))
