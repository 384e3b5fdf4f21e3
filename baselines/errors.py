"""Errors that are the user's to mend. The message names the remedy; `python -m baselines` prints it in one line."""

from __future__ import annotations

from pathlib import Path

from jaxenv.commands.files import StorageError as StorageError


class BaselinesError(Exception):
    """Base of the errors that are the user's to mend."""


class ConfigError(BaselinesError):
    """Settings that contradict each other or the environment."""


class CheckpointError(BaselinesError):
    """No checkpoint, or one that does not fit: another environment version, another network."""


class DamagedCheckpointError(CheckpointError):
    """A checkpoint that is not whole: cut short, emptied, changed. `path` is its folder."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason = path, reason


class DamagedCheckpointWarning(UserWarning):
    """The latest checkpoint is not whole, and an older one is used instead."""


class NoMemberError(BaselinesError, IndexError):
    """A run has no member of that number."""


class MissingPackageError(BaselinesError):
    """An optional package was asked for by flag and is not installed."""


class DivergedError(BaselinesError):
    """Losses or parameters are no longer finite. `update` is the first update where that was so."""

    def __init__(self, message: str, update: int) -> None:
        super().__init__(message)
        self.update = update
