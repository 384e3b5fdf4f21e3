"""What can go wrong for a user, each with its remedy in the message. `python -m baselines` prints them in one line."""

from __future__ import annotations


class BaselinesError(Exception):
    """Base of the errors that are the user's to mend."""


class ConfigError(BaselinesError):
    """Settings that contradict each other or the environment."""


class CheckpointError(BaselinesError):
    """No checkpoint, or one that does not fit: another environment version, another network."""


class StorageError(BaselinesError):
    """The run's folder cannot be written: no space, no permission."""


class MissingPackageError(BaselinesError):
    """An optional package was asked for by flag and is not installed."""


class DivergedError(BaselinesError):
    """Losses or parameters are no longer finite. `update` is the first update where that was so."""

    def __init__(self, message: str, update: int) -> None:
        super().__init__(message)
        self.update = update
