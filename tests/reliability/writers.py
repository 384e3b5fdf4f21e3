"""Commands that write, but those of baselines: what each is told, given a place where it is to write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

SMALL = ("--levels", "3", "--episodes", "4")
WRITERS: dict[str, tuple[str, Callable[[Path], tuple[Any, ...]], str]] = {
    "check": ("verification", lambda place: ("check", "toy_pair:good", "--json", place / "x.json"), "--json"),
    "run": ("verification", lambda place: ("run", "toy_pair:good", *SMALL, "--json", place / "x.json"), "--json"),
    "run's findings": (
        "verification",
        lambda place: ("run", "toy_pair:buggy", *SMALL, "--failures", place / "cases"),
        "--failures",
    ),
    "fuzz": ("verification", lambda place: ("fuzz", "toy_pair:good", "--json", place / "x.json"), "--json"),
    "mutants": ("verification", lambda place: ("mutants", "toy_pair:good", "--json", place / "x.json"), "--json"),
    "shrink": ("verification", lambda place: ("shrink", place / "case.json"), "--out"),
    "report": ("verification", lambda place: ("report", place / "report.json"), "elsewhere"),
    "bench": ("leaderboard", lambda place: ("bench", "pongjax/puffer_pong", "--json", place / "x.json"), "--json"),
    "new": ("families", lambda place: ("new", "lunar_rover", "--out", place / "rover"), "--out"),
    "replay": ("pokejax", lambda place: ("replay", "--out", place / "battle.html"), "--out"),
    "quickstart": ("pokejax", lambda place: ("quickstart", "--out", place / "all"), "--out"),
    "pools": ("pools", lambda place: ("build", place / "teams.txt", place / "x.npz"), "another file"),
    "built-in pools": ("built-in pools", lambda place: ("--format", "gen1ou", "--out", place / "x.npz"), "--out"),
    "tables": ("tables", lambda place: ("--out", place / "x.npz"), "--out"),
    "cheetah's page": ("cheetahjax.render", lambda place: ("--out", place / "x.html"), "--out"),
    "pong's page": ("pongjax.render", lambda place: ("--out", place / "x.html"), "--out"),
    "sweep": ("sweep", lambda place: ("--steps", 100, "--json", place / "x.json"), "--json"),
    "sweep's findings": ("sweep", lambda place: ("--steps", 100, "--failures", place / "cases"), "--failures"),
}
"""Program (of `forks.PROGRAMS`), its words, and what the remedy must name."""
