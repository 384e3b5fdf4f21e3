"""The run's own git repository. It lies beside the tree that the agent works in, out of the agent's reach."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from translator.errors import InfrastructureError

_SETTINGS = {
    "core.hooksPath": os.devnull,
    "core.excludesFile": os.devnull,
    "core.attributesFile": os.devnull,
    "core.autocrlf": "false",
    "core.fsmonitor": "false",
    "commit.gpgSign": "false",
    "user.name": "translator",
    "user.email": "translator@localhost",
    "gc.auto": "0",
}


class Repository:
    """Commits of a tree. `InfrastructureError` where git is missing or fails."""

    def __init__(self, folder: Path, tree: Path) -> None:
        self.folder, self.tree = folder, tree
        if not (folder / "HEAD").exists():
            tree.mkdir(parents=True, exist_ok=True)
            folder.parent.mkdir(parents=True, exist_ok=True)
            self._git("init", "--quiet", "--initial-branch=main")

    def commit(self, message: str, changed: bool = True) -> str:
        """Commit everything in the tree, ignored files too; returns the commit. `changed`: something may have."""
        if changed:
            self._git("add", "--all", "--force", "--", ".")
        self._git("commit", "--quiet", "--allow-empty", "--no-verify", "--message", message)
        return self._head()

    def reset(self, commit: str) -> None:
        """Make tree and branch those of a commit."""
        self._git("reset", "--quiet", "--hard", commit)
        self._git("clean", "--quiet", "-ffdx")

    def restore(self, commit: str) -> None:
        """Make the tree that of a commit; the branch stays."""
        head = self._head()
        self.reset(commit)
        self._git("reset", "--quiet", "--soft", head)

    def differs(self, commit: str) -> bool:
        """True if `candidate/` in the tree is another than in a commit."""
        self._git("add", "--all", "--force", "--", ".")
        return bool(self._git("diff", "--cached", "--name-only", commit, "--", "candidate").strip())

    def export(self, commit: str, folder: Path) -> None:
        """Write the tree of a commit into an empty folder."""
        try:
            self._git("read-tree", commit)
            self._git("checkout-index", "--all", f"--prefix={folder}/")
        finally:
            self._git("add", "--all", "--force", "--", ".")

    def patch(self, before: str, after: str) -> str:
        """The difference of two commits, as `git apply` takes it."""
        return self._git("diff", "--binary", "--no-color", "--no-ext-diff", before, after, "--", ".")

    def _head(self) -> str:
        return (self.folder / "refs" / "heads" / "main").read_text("ascii").strip()

    def _git(self, *words: str) -> str:
        settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        command = ["git", f"--git-dir={self.folder}", f"--work-tree={self.tree}", *settings, *words]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        try:
            done = subprocess.run(
                command, cwd=self.tree, capture_output=True, check=False, env=environment, stdin=subprocess.DEVNULL
            )
        except FileNotFoundError as error:
            raise InfrastructureError("git is not installed: install it, each transition is a commit") from error
        if done.returncode:
            told = done.stderr.decode(errors="replace").strip()[-500:]
            raise InfrastructureError(f"git {words[0]} in {self.tree}: {told}")
        return done.stdout.decode(errors="replace")
