"""Environments whose code a branch touches, and the checks that a pull request on them is judged by."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import families
import jaxenv
from families.lookup import Family
from leaderboard.checking.history import History

SECONDS = 1800
"""Longest that one of the checks may take."""
_SHOWN = 12
_CHECK_ENV = "import sys, jaxenv; from jaxenv.testing import check_env; check_env(jaxenv.make(sys.argv[1]))"


@dataclasses.dataclass(frozen=True)
class Ran:
    """One check: its title, its exit status, None after too long, and the end of what it printed."""

    title: str
    status: int | None
    said: str

    def markdown(self) -> str:
        """The check as a part of a comment."""
        word = "passed" if self.status == 0 else "took too long" if self.status is None else f"status {self.status}"
        return f"<details><summary>{self.title}: {word}</summary>\n\n```\n{self.said}\n```\n</details>"


def touched(history: History) -> list[str]:
    """The first environment of each family that differs from the base: its package, or its folder in `families`."""
    changed = history.changed_paths()
    return [
        family.environments[0] for family in families.families() if family.environments and _differs(family, changed)
    ]


def _differs(family: Family, changed: Iterable[str]) -> bool:
    packages = set()
    for env_id in family.environments:
        with contextlib.suppress(jaxenv.UnknownEnvironmentError, ImportError):
            packages.add(type(jaxenv.make(env_id)).__module__.partition(".")[0])
    starts = (f"families/{family.name}/", *(f"{package}/" for package in packages))
    return any(path.startswith(starts) for path in changed)


def commands(env_id: str) -> dict[str, list[str]]:
    """Title → command line of each check of an environment, sized for minutes."""
    python = [sys.executable, "-m"]
    found = {"contract (check_env)": [sys.executable, "-c", _CHECK_ENV, env_id]}
    family = families.find(env_id)
    if family is not None and env_id in family.plugins:
        sizes = ["--episodes", "50", "--injected", "10000"]
        found["levels"] = [*python, "verification", "run", env_id, "--levels", "0,1,2,3", *sizes]
        found["mutants"] = [*python, "verification", "mutants", env_id, "--injected", "4096", "--episodes", "20"]
    short = ["--samples", "3", "--seconds", "0.5"]
    found["bench"] = [*python, "leaderboard", "bench", env_id, *short]
    return found


def judge(env_id: str, root: Path, say: Callable[[str], None]) -> list[Ran]:
    """Run the checks of an environment in a checkout, one after the other."""
    ran = []
    for title, command in commands(env_id).items():
        say(f"{env_id}: {title}")
        try:
            done = subprocess.run(
                command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS
            )
            ran.append(Ran(title, done.returncode, _end(done.stdout)))
        except subprocess.TimeoutExpired as error:
            output = error.stdout or b""
            ran.append(Ran(title, None, _end(output.decode(errors="replace") if isinstance(output, bytes) else output)))
    return ran


def _end(text: str) -> str:
    """The last lines, without colours and redrawn ones."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    lines = [line.rpartition("\r")[2].rstrip() for line in plain.splitlines()]
    return "\n".join([line for line in lines if line][-_SHOWN:])
