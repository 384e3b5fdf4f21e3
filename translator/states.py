"""States of a run, and the position in them that a run is resumed from."""

from __future__ import annotations

import msgspec

from translator.verifier import Failure

INIT, PREFLIGHT, PLAN = "INIT", "PREFLIGHT", "PLAN"
GENERATE, REPAIR, GUARD = "GENERATE", "REPAIR", "GUARD"
L1, L2, L3, L4 = "L1", "L2", "L3", "L4"
FREEZE, HELD_OUT = "FREEZE", "HELD_OUT"
OPTIMISE, QUICK, BENCH = "OPTIMISE", "QUICK", "BENCH"
REVERIFY, REPORT = "REVERIFY", "REPORT"

DONE, BUDGET_EXHAUSTED, STUCK = "DONE", "BUDGET_EXHAUSTED", "STUCK"
GUARD_VIOLATION, INFRA_ERROR, ABORTED = "GUARD_VIOLATION", "INFRA_ERROR", "ABORTED"
TERMINAL = (DONE, BUDGET_EXHAUSTED, STUCK, GUARD_VIOLATION, INFRA_ERROR, ABORTED)
EXIT_STATUS = {DONE: 0, STUCK: 1, GUARD_VIOLATION: 1, BUDGET_EXHAUSTED: 2, INFRA_ERROR: 3, ABORTED: 130}


class Position(msgspec.Struct, frozen=True):
    """All that a run must know to go on.

    * `module`: number of the module in the plan's order; `attempt`: agent calls so far, `in_module`: of this module.
    * `phase`: what the last call was for, "generate", "repair" or "optimise".
    * `failures`: what the next repair is told; `broken`: rules that the last attempt broke, in words.
    * `seen`: signature → how often it came back; `trees`: hashes of candidates that have failed.
    * `strikes`, `crashes`: attempts that broke a rule, and calls that failed one after another.
    * `burnt`: held-out trials that failed, whose seeds are public now.
    * `frozen`, `kept`: commits of the candidate that passed, and of the one to be reported;
      `commit`: of this position; `base`: before the last call, to go back to.
    * `round`, `in_vain`: proposals for speed, and the last ones that gained nothing; `speed`: of the kept candidate.
    * `reason`: of a terminal state. `seconds`: of work so far.
    """

    state: str = INIT
    module: int = 0
    attempt: int = 0
    in_module: int = 0
    phase: str = "generate"
    failures: tuple[Failure, ...] = ()
    broken: tuple[str, ...] = ()
    seen: dict[str, int] = {}
    trees: tuple[str, ...] = ()
    strikes: int = 0
    crashes: int = 0
    burnt: int = 0
    frozen: str = ""
    kept: str = ""
    commit: str = ""
    base: str = ""
    round: int = 0
    in_vain: int = 0
    first_speed: float = 0.0
    speed: float = 0.0
    reason: str = ""
    seconds: float = 0.0
