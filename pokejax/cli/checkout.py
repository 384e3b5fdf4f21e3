"""What the commands need beyond the wheel: a checkout's tools, and rich."""

from __future__ import annotations

import importlib.util


class CannotRunError(RuntimeError):
    """A command cannot do what was asked; the message says why and what to do."""


def in_checkout() -> bool:
    """Whether the verification and timing tools, which live beside this package in the repository, can be imported."""
    # Other distributions have a package of that name; ours holds this module.
    names = ("verification", "families.pokejax_gen1.verify.sweep", "leaderboard", "leaderboard.program")
    try:
        return all(importlib.util.find_spec(name) is not None for name in names)
    except (ImportError, ValueError):
        return False


def require_checkout(what: str) -> None:
    """Raise :class:`CannotRunError` outside a checkout; ``what`` is the subject of its message."""
    if not in_checkout():
        raise CannotRunError(
            f"{what} needs the real Pokémon Showdown, which the tools of the repository drive; they are not part of "
            "the installed wheel. Remedy: in a checkout of the repository, `pip install uv && uv run pokejax ...`."
        )


def require_rich() -> None:
    """Raise :class:`CannotRunError` where rich, which draws progress bars and tables, is missing."""
    if importlib.util.find_spec("rich") is None:
        raise CannotRunError("this command needs rich, which is not installed. Remedy: `pip install 'pokejax[cli]'`.")
