"""The file of an evaluation: its plan, its episodes as soon as they are played, and its verdicts.

The number of episodes is fixed when the file is made. A file of another plan is refused, so that nobody plays on until
the verdict pleases: every judgement that was ever made of the data is listed in it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from baselines.errors import BaselinesError
from baselines.provenance import made_with
from baselines.transfer.episodes import Episodes
from jaxenv.commands import files

REMEDY = "choose another file with --json"
SIDES = ("candidate", "reference")


class PlanError(BaselinesError):
    """The file holds another plan; the message names what differs."""


class PlanFile:
    """A JSON file that belongs to a plan (JSON values). Without a path everything stays in memory.

    `data`: the file's object: "plan", under `parts` what is there or the empty values given, and "made_with", one entry
    (`provenance.made_with`) for each time that somebody went on with it.
    """

    def __init__(self, path: Path | None, plan: dict[str, Any], **parts: Any) -> None:
        self.path = path
        self.data: dict[str, Any] = {"plan": plan, **parts}
        if path is not None and path.exists():
            self.data = _read(path, plan, parts)
        self.data.setdefault("made_with", []).append(made_with())
        self.write()  # a folder that cannot be written is noticed before anything is played

    def write(self) -> None:
        """Put the file in place of the one before. `StorageError` where that cannot be done."""
        if self.path is None:
            return
        files.write(self.path, json.dumps(self.data) + "\n", REMEDY)


class Store(PlanFile):
    """A plan and what was played of it."""

    def __init__(self, path: Path | None, plan: dict[str, Any]) -> None:
        super().__init__(path, plan, policies={}, looks=[])

    def episodes(self, policy: str, side: str) -> Episodes | None:
        """Episodes of a policy that were played on a side ("candidate", "reference"), None if there are none."""
        found = self.data["policies"].get(policy, {}).get(side)
        return None if found is None else Episodes.from_json(found)

    def add(self, policy: str, side: str, episodes: Episodes) -> None:
        """Keep what was played."""
        self.data["policies"].setdefault(policy, {})[side] = episodes.to_json()
        self.write()

    @property
    def random(self) -> Episodes | None:
        """Random play in the reference, None if it was not played."""
        found = self.data.get("random")
        return None if found is None else Episodes.from_json(found)

    def add_random(self, episodes: Episodes) -> None:
        """Keep random play."""
        self.data["random"] = episodes.to_json()
        self.write()

    def judged(self, judgement: dict[str, Any], when: str) -> None:
        """Keep a judgement; the verdict of each new look at other data is listed."""
        self.data["judgement"] = judgement
        look = {"verdict": judgement["verdict"], "policies": len(judgement["policies"])}
        if not any({key: past[key] for key in look} == look for past in self.data["looks"]):
            self.data["looks"].append({"when": when, **look})
        self.write()

    def returns(self, metric: str) -> dict[str, Any]:
        """The outcomes of all policies as ``python -m verification --returns`` reads them."""
        arms = {side: [self.episodes(name, side) for name in self.data["policies"]] for side in SIDES}
        return {
            metric: {
                side: [one.valid("outcome").tolist() for one in arm if one is not None] for side, arm in arms.items()
            }
        }


def _read(path: Path, plan: dict[str, Any], parts: dict[str, Any]) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        held = data["plan"]
        wrong = [name for name, empty in parts.items() if not isinstance(data[name], type(empty))]
        if wrong:
            raise ValueError(f"{wrong[0]!r} is a {type(data[wrong[0]]).__name__}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PlanError(f"{path}: not a file that this command has written ({error}); give another --json") from error
    different = sorted(key for key in {*held, *plan} if held.get(key) != plan.get(key))
    if different:
        told = "; ".join(f"{key}: there {held.get(key)!r}, asked {plan.get(key)!r}" for key in different)
        raise PlanError(
            f"{path}: holds another plan ({told}); repeat that plan to go on with it, or give another --json"
        )
    return data
