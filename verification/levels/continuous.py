"""Continuous environments: one-step error, windows and free runs, each against what rounding alone does.

No rounded trajectory stays with another for ever, so no single tolerance judges it. Three checks share the task:

* L1/one-step-error (E1): the candidate is put into the reference's state before every step; each field keeps its own
  tolerance, on all recorded steps and on the plugin's injected ones.
* L3/windows (E2): put back every W steps; the error at the end of the windows stays within a factor of the *noise
  floor*: the reference itself, run from the same states with its state rounded to the candidate's precision, and
  moved by as much, before every step. This finds slow drifts that hide under a one-step tolerance.
* L3/free-run (E3): never put back; the error curve stays within the floor's envelope until T*, when rounding alone has
  made another run of it. Beyond T* only the laws of episode lengths and returns are compared.

A plugin chooses its `Settings` by giving `continuous_checks(Settings(...))` as its `Checks.extra`. The standard
lockstep of whole episodes has no meaning where rounding grows: these checks take its place.
"""

from __future__ import annotations

import functools

from references.protocol import OUTCOME
from verification.check import Check
from verification.levels import free_run, one_step
from verification.levels.study import Settings as Settings
from verification.levels.study import Study
from verification.plugin import Plugin

ONE_STEP, WINDOWS, FREE_RUN = "L1/one-step-error", "L3/windows", "L3/free-run"


def is_continuous(plugin: Plugin) -> bool:
    """True if some field of the state, not only of the outcome, is a float or an angle."""
    return any(spec.kind in ("float", "angle") and not spec.path.startswith(OUTCOME) for spec in plugin.state.fields)


def continuous_checks(settings: Settings | None = None) -> list[Check]:
    """The three checks of a continuous environment."""
    study = Study(settings or Settings())
    kinds = (
        (ONE_STEP, "L1", "one-step error from the reference's states", one_step.run),
        (WINDOWS, "L3", "errors over windows, against rounding alone", free_run.run_windows),
        (FREE_RUN, "L3", "free runs, against rounding alone", free_run.run_free),
    )
    return [
        Check(name, level, title, functools.partial(run, study), ("Restorable",)) for name, level, title, run in kinds
    ]
