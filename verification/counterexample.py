"""A battle that differed, as a JSON file: replayed by hand, and for ever by the regression tests."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verification.candidate import LockstepCandidate, Replayable
from verification.compare import Divergence, column_order, compare
from verification.references.showdown.client import BattleJob, replay
from verification.references.showdown.fields import field_names
from verification.references.showdown.install import VERSION
from verification.references.showdown.workers import WorkerPool


@dataclass(frozen=True)
class Counterexample:
    """A battle up to the step at which it differed, and what was found there."""

    env: str
    job: BattleJob
    divergence: Divergence
    candidate_record: NDArray[np.int32]  # [F] at the differing step, in the reference's column order

    @property
    def name(self) -> str:
        """File name, the same for the same battle."""
        high, low = self.job.seed
        return f"{self.env.replace('/', '-')}-{high:08x}{low:08x}.json"

    def save(self, folder: Path) -> Path:
        """Write it into `folder` in one go and return the file."""
        folder.mkdir(parents=True, exist_ok=True)
        data = {
            "env": self.env,
            "reference": {"name": "pokemon-showdown", "version": VERSION},
            "format": self.job.format,
            "seed": list(self.job.seed),
            "teams": self.job.teams.tolist(),
            "actions": self.job.actions.tolist(),
            "divergence": self.divergence.to_json(),
            "candidate_record": dict(zip(field_names(), self.candidate_record.tolist(), strict=True)),
        }
        path = folder / self.name
        write_json(path, data)
        return path


@dataclass(frozen=True)
class SavedBattle:
    """A counterexample as read from its file."""

    env: str
    job: BattleJob
    found: dict[str, Any]


def load(path: Path) -> SavedBattle:
    """Read a counterexample; a `ValueError` names the file and what is wrong with it."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        job = BattleJob(
            format=data["format"],
            seed=(int(data["seed"][0]), int(data["seed"][1])),
            teams=np.array(data["teams"], dtype=np.uint16),
            actions=np.array(data["actions"], dtype=np.uint8).reshape(-1, 2),
        )
        return SavedBattle(data["env"], job, data["divergence"])
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is no saved battle ({type(error).__name__}: {error})") from error


def recheck(saved: SavedBattle, candidate: LockstepCandidate, pool: WorkerPool) -> Divergence | None:
    """Play the saved choices in both again. A `TypeError` when the candidate cannot play given choices."""
    if not isinstance(candidate, Replayable):
        raise TypeError(f"the candidate for {saved.env} has no `replay`, so its saved battles cannot be run again")
    job = saved.job
    played = candidate.replay(
        np.array([job.seed], np.uint32), job.teams[None], np.array([len(job.actions)]), job.actions[None]
    )
    played.check(len(candidate.fields))
    return compare(played.records[0][: len(job.actions) + 1, column_order(candidate.fields)], replay(pool, job))


def write_json(path: Path, data: Any) -> None:
    """Write a JSON file so that a reader, or an interruption, never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    os.replace(temporary, path)
