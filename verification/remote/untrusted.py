"""Judges a candidate that nobody vouches for: guard, sandbox, injected steps, public and held-out episodes.

The reference plays first, in this process; the candidate, in the sandbox, is told seeds and actions and answers with
states. Whatever it does, prints or writes, the verdict is made here, from its answers and from what it reached for.
"""

from __future__ import annotations

import dataclasses
import hashlib
import secrets
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from jaxenv.commands import files
from references.protocol import Env, Restorable
from verification.fields import PluginError
from verification.levels import steps
from verification.levels.context import Context, Plan
from verification.levels.pairs import chunks, compare_steps
from verification.plugin import Plugin
from verification.remote import guard, scan
from verification.remote.client import RemoteEnv
from verification.remote.frames import RemoteError
from verification.remote.guard import Violation
from verification.remote.recordings import Played, Player, Recording, branch, record
from verification.remote.sandbox import KEEPS_OUT, Confinement, Sandbox, SandboxError, denied
from verification.results import CheckResult, FieldDifference, Finding

GUARD, SANDBOX, REPEAT = "L0/guard", "L0/sandbox", "L0/repeat"
INJECTED, ACTIONS = steps.INJECTED, "L3/actions"
PUBLIC, HELD_OUT = "L3/public", "L3/held-out"

_TITLES = {
    GUARD: "nothing protected was changed, nothing in the source that rules do not need",
    SANDBOX: "the candidate kept inside its sandbox",
    REPEAT: "the same answers in another process and another order",
    INJECTED: "injected states, one step, every field",
    PUBLIC: "whole episodes, seeds known beforehand",
    HELD_OUT: "whole episodes, seeds that nobody knew before",
    ACTIONS: "another action leads elsewhere, as in the reference",
}
#: A repeated episode answered so many times faster than a new one is remarked on.
_SUDDEN = 3.0
_ROOT = Path(__file__).resolve().parents[2]

OnResult = Callable[[CheckResult], None]


def parse(text: str) -> tuple[Path, str]:
    """`FILE.py:callable` or `FOLDER:module:callable` as (source, entry). Raises `SandboxError`."""
    path, _, entry = text.partition(":")
    if not entry:
        raise SandboxError(f"{text!r}: expected FILE.py:callable or FOLDER:module:callable")
    try:
        source = files.path(path)
    except files.StorageError as error:
        raise SandboxError(str(error)) from error
    if not source.exists():
        raise SandboxError(f"{source}: there is no such file or folder")
    if source.is_file() and ":" not in entry:
        entry = f"{source.stem}:{entry}"
    if ":" not in entry:
        raise SandboxError(f"{text!r}: {source} is a folder, so name the module too: {source}:module:{entry}")
    return source, entry


def protected_paths() -> list[Path]:
    """Paths that a candidate has no business with: the verifier and the tests of this checkout."""
    folders = (_ROOT / name for name in ("references", "families", "verification", "tests"))
    return [path for path in folders if path.is_dir()]


def verify_untrusted(
    plugin: Plugin,
    source: Path,
    entry: str,
    plan: Plan,
    *,
    confinement: Confinement | None = None,
    protected: Sequence[Path] | None = None,
    secret: bytes | None = None,
    on_result: OnResult = lambda result: None,
) -> list[CheckResult]:
    """Judge the environment that `entry` ("module:callable") of `source` (a file or a folder) makes.

    The plugin's own candidate is not used. `plan.episodes` are played twice over, with public seeds and held-out ones;
    levels 1 and 3 are left out unless the plan has them, level 0 never is. `protected` (None: `protected_paths`) is
    hashed before and after. `secret`: of the held-out seeds, None draws one; do not use one twice.

    Raises `SandboxError` or `PluginError` when that cannot be done: neither says anything about the candidate.
    """
    confinement = confinement or Confinement()
    own = str(getattr(plugin.sides.reference, "__module__", "")).partition(".")[0]
    deny = tuple(name for name in (*confinement.deny, own) if name not in ("", "builtins", "__main__"))
    confinement = dataclasses.replace(confinement, deny=deny)
    protected = protected_paths() if protected is None else protected
    plugin.check()
    before = guard.protected_hash(protected)
    reference = plugin.sides.reference()
    try:
        with Sandbox(source, entry, confinement) as sandbox:
            trial = _Trial(plugin, plan, reference, sandbox, secret or secrets.token_bytes(32), on_result)
            trial.violations += scan.scan(source, [*denied(), *deny])
            trial.run()
        trial.results[GUARD].cases += len(before)
        trial.violations += guard.changes(before, guard.protected_hash(protected))
        trial.finish()
    finally:
        getattr(reference, "close", lambda: None)()
    return list(trial.results.values())


class _Trial:
    """One candidate's trial, check by check."""

    def __init__(
        self, plugin: Plugin, plan: Plan, reference: Env, sandbox: Sandbox, secret: bytes, on_result: OnResult
    ) -> None:
        self.plugin, self.plan, self.reference, self.sandbox = plugin, plan, reference, sandbox
        self.on_result = on_result
        self.violations: list[Violation] = []
        self.processes = 0
        asked = [check for check in _TITLES if check.startswith("L0/") or check.partition("/")[0] in plan.levels]
        self.results = {check: CheckResult(check, check.partition("/")[0], _TITLES[check]) for check in asked}
        self.player = Player(plugin, plugin.table())
        self.rng = np.random.default_rng([plan.seed, len(asked)])
        tree = guard.tree_hash(sandbox.folder / "source")
        seeds = np.random.default_rng([plan.seed, 1]).integers(2**31, size=plan.episodes).tolist()
        self.public = self._record(seeds)
        self.held_out = self._record(guard.held_out_seeds(secret, tree, plan.episodes))
        stats = {"candidate_hash": tree, "secret_commitment": hashlib.sha256(secret).hexdigest()}
        self.results[GUARD].stats |= stats
        self.results[GUARD].cases = len(list(guard.tree_files(sandbox.folder / "source")))

    def run(self) -> None:
        """Two fresh processes: the first meets the public seeds first, the second the held-out ones."""
        first = self._start()
        if first is None:
            return
        known = self._episodes(PUBLIC, first, self.public)
        self._branches(first)
        self._injected(first)
        second = self._start()
        if second is None:
            return
        new = self._episodes(HELD_OUT, second, self.held_out)
        again = self._repeat(second, known)
        self._sudden(new, again)
        if known and new and all(played.equal for played in known) and not all(played.equal for played in new):
            wrong = sum(not played.equal for played in new)
            where = f"all {len(known)} public episodes equal, {wrong} of {len(new)} held-out ones not"
            self.violations.append(Violation("knows the public seeds only", where))

    def finish(self) -> None:
        """Conclude guard and sandbox, whose findings come from all that was run."""
        sandbox = self.results[SANDBOX]
        for rule, what in self.sandbox.reports:
            _violate(sandbox, Violation(rule, what), "sandbox")
        sandbox.cases, sandbox.unit = self.processes, "processes"
        sandbox.stats |= {"sandbox": self.sandbox.kind, "packages": [str(p) for p in self.sandbox.confinement.packages]}
        sandbox.notes += [f"sandbox: {self.sandbox.kind}", *KEEPS_OUT[self.sandbox.kind]]
        checked = self.results[GUARD]
        for violation in self.violations:
            if violation.severe:
                _violate(checked, violation, "guard")
            else:
                checked.notes.append(f"remark: {violation}")
        checked.unit = "files"
        for result in (checked, sandbox):
            result.conclude()
            self.on_result(result)

    def _record(self, seeds: Sequence[int]) -> list[Recording]:
        return [record(self.plugin, self.reference, self.rng, seed, number) for number, seed in enumerate(seeds)]

    def _start(self) -> RemoteEnv | None:
        self.processes += 1
        try:
            return self.sandbox.start()
        except RemoteError as error:
            _fail(self.results[SANDBOX], 0, str(error), {"process": self.processes})
            for result in self.results.values():
                if result.id not in (GUARD, SANDBOX) and not result.cases:
                    result.reason = "the candidate did not start"
            return None

    def _episodes(self, check: str, env: RemoteEnv, recordings: Sequence[Recording]) -> list[Played]:
        # Played in any case, since the repetition needs them; reported only if the plan has the level.
        result, begin, found = self.results.get(check) or CheckResult(check, "L3", check), time.monotonic(), []
        result.unit, result.planned = "episodes", len(recordings)
        for recording in recordings:
            if found and found[-1].dead:
                result.notes.append("its process had ended, so the other episodes were not played")
                break
            played = self.player.play(env, recording)
            found.append(played)
            result.cases += 1
            result.steps += played.steps
            self._add(result, played, recording)
        result.seconds = time.monotonic() - begin
        if check == HELD_OUT:
            result.notes.append("the seeds were derived from the candidate's files and a secret of this run")
        result.conclude()
        if check in self.results:
            self.on_result(result)
        return found

    def _add(self, result: CheckResult, played: Played, recording: Recording) -> None:
        case = {"seed": recording.seed, "policy": recording.policy, "options": dict(recording.options)}
        if played.trouble:
            _fail(result, played.steps, played.trouble, case)
        elif played.differences:
            result.add(Finding(played.steps, played.differences, case=case))

    def _branches(self, env: RemoteEnv) -> None:
        if ACTIONS not in self.results:
            return
        result, ignored = self.results[ACTIONS], 0
        result.unit = "episodes"
        for source in self.public:
            if not env.link.is_open:
                result.reason = "the candidate's process had ended"
                break
            changed = branch(self.plugin, self.reference, self.rng, source)
            if changed is None:
                continue
            played = self.player.play(env, changed)
            result.cases += 1
            result.steps += played.steps
            self._add(result, played, changed)
            ignored += env.link.is_open and self.player.ignores(env, changed)
        if ignored:
            where = f"{ignored} of {result.cases} changed actions made no difference, though they do in the reference"
            self.violations.append(Violation("ignores actions", where))
        self.on_result(result.conclude())

    def _injected(self, env: RemoteEnv) -> None:
        if INJECTED not in self.results:
            return
        result = self.results[INJECTED]
        sides = {"reference": self.reference, "candidate": env}
        lacking = [f"a Restorable {side}" for side, found in sides.items() if not isinstance(found, Restorable)]
        if lacking or not env.link.is_open:
            result.reason = f"needs {', '.join(lacking)}" if lacking else "the candidate's process had ended"
            return
        plugin = self.plugin.between(reference=lambda: self.reference, candidate=lambda: env)
        context = Context(plugin, self.plan)
        result.unit, result.planned, begin = "steps", self.plan.injected, time.monotonic()
        # Outside the `try`: the cases are the reference's and the plugin's work, no fault in them is the candidate's.
        cases = steps.injected_cases(context, INJECTED, self.plan.injected)
        try:
            for piece in chunks(cases, self.plan.lanes):
                compare_steps(context, piece, result)
        except (RemoteError, PluginError, ValueError, KeyError) as error:
            told = str(error) if isinstance(error, RemoteError) else f"no comparison: {type(error).__name__}: {error}"
            _fail(result, 1, told, {})
            result.notes.append(traceback.format_exc(limit=-3))
        result.seconds = time.monotonic() - begin
        self.on_result(result.conclude())

    def _repeat(self, env: RemoteEnv, known: Sequence[Played]) -> list[Played]:
        result, found = self.results[REPEAT], []
        result.unit, result.planned = "episodes", len(known) or None
        for number in self.rng.permutation(len(known)):
            if not env.link.is_open:
                result.reason = "the candidate's process had ended"
                break
            played = self.player.play(env, self.public[number])
            result.cases += 1
            result.steps += played.steps
            if played.digest != known[number].digest or played.trouble != known[number].trouble:
                told = "other answers than in the first process"
                difference = FieldDifference("answers", "process", played.digest[:12], known[number].digest[:12])
                result.add(Finding(played.steps, (difference,), case={"seed": self.public[number].seed}, message=told))
            found.append(played)
        self.on_result(result.conclude())
        return found

    def _sudden(self, new: Sequence[Played], again: Sequence[Played]) -> None:
        """Only a remark: speed proves nothing, but answers from a table tend to be fast."""
        pace = [sum(p.steps + 1 for p in played) / max(sum(p.seconds for p in played), 1e-9) for played in (new, again)]
        if new and again:
            self.results[REPEAT].stats["steps_per_second"] = {"new": round(pace[0]), "repeated": round(pace[1])}
            if pace[1] > _SUDDEN * pace[0]:
                told = f"repeated episodes went {pace[1] / pace[0]:.1f} times as fast as new ones"
                self.violations.append(Violation("sudden speed", told, severe=False))


def _violate(result: CheckResult, violation: Violation, module: str) -> None:
    difference = FieldDifference(f"violation: {violation.rule}", module, violation.where, "none")
    result.add(Finding(0, (difference,), case={"where": violation.where}, message=str(violation)))


def _fail(result: CheckResult, step: int, told: str, case: dict[str, object]) -> None:
    difference = FieldDifference("violation: no answer", "process", told[:2000], "an answer")
    result.add(Finding(step, (difference,), case=case, message=told[:2000]))
