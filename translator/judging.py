"""The verifier that runs use: the levels of `verification`, on a candidate in a sandbox.

The reference, the comparison and the verdict are in this process; the candidate answers with states.
"""

from __future__ import annotations

import functools
import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import numpy as np

from references.protocol import Env, ReferenceUnavailableError
from translator import findings, plugins
from translator.confined import ENTRY
from translator.errors import InfrastructureError, ProjectError
from translator.evaluation import CANDIDATE, Evaluation
from translator.inside import REPEATS, SEED
from translator.project import Project, owners
from translator.verifier import Failure, Outcome, Speed, Verdict
from verification.batches import legal_many, random_actions, step_many
from verification.fields import PluginError
from verification.levels.context import Context, Plan
from verification.levels.continuous import is_continuous
from verification.levels.mining import live, mine
from verification.levels.pairs import compared_paths
from verification.mutants.measure import measure
from verification.mutants.mutant import MutantError
from verification.plugin import DrawSample, Laws, Plugin
from verification.provenance import verifier_hash
from verification.registry import UnknownPluginError
from verification.remote import guard
from verification.remote.frames import RemoteError
from verification.remote.sandbox import SandboxError
from verification.remote.untrusted import verify_untrusted
from verification.results import CheckResult
from verification.runner import Run, execute, to_json

_NOT_OURS = ("L0/fresh-process", "L0/declared", "L0/check-env")
"""Checks of the registered candidate. "L0/repeat" of the held-out seeds stands for the first of them."""
_UNTRIED = "not translated yet: another module owns it"
_DRAWS = "L3d/draws"


class Judge:
    """The verifier of one project. `cases`: folder for counterexamples. A context manager.

    Raises `ProjectError` for a plugin that there is not, or whose fields are not owned once each.
    """

    def __init__(self, project: Project, cases: Path) -> None:
        self.project, self.cases = project, cases
        try:
            plugin = plugins.load(project.reference.plugin)
            plugin.check()
        except (UnknownPluginError, PluginError, ImportError) as error:
            raise ProjectError(f"reference.plugin {project.reference.plugin!r}: {error}") from error
        self.plugin = _without_its_candidate(plugin)
        self._evaluation: Evaluation | None = None

    # ---- what the loop asks

    @property
    def digest(self) -> str:
        """Hash of the verifier's sources and of the project's amounts."""
        parts = [
            verifier_hash(),
            repr(self.project.verify),
            repr(self.project.transfer),
            repr(self.project.candidate),
            repr(self.project.module),
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    @functools.cached_property
    def reference(self) -> Env:
        """The reference, started once. `InfrastructureError` where it cannot be had."""
        try:
            return self.plugin.sides.reference()
        except (ReferenceUnavailableError, ImportError) as error:
            raise InfrastructureError(f"the reference does not start: {error}") from error

    @functools.cached_property
    def _owners(self) -> dict[str, str]:
        return owners(self.project, self.paths())

    def paths(self) -> list[str]:
        """Paths that are compared."""
        self.reference.reset(0, self.plugin.play.options[0])
        table = self.plugin.table()
        return table.ordered(path for path in self.reference.snapshot() if table.spec(path).kind != "ignore")

    def preflight(self) -> Outcome:
        """The reference against itself, and level 1 against the plugin's seeded bugs."""
        begin, required = time.monotonic(), self.project.verify.mutants
        counts: dict[str, int] = {}
        notes: list[str] = []
        try:
            same = self.plugin.between(candidate=self.plugin.sides.reference)
            plan = self._plan(("L1",), 0, 1)
            run = execute(Run(same, plan), context=self._context(same, self.reference, plan))
            if run.verdict != "pass":
                found = findings.of(run.results, run.reason, self._owner, self.cases)
                told = "; ".join(failure.signature for failure in found) or run.reason
                raise InfrastructureError(
                    f"the reference differs from itself ({told}): seed all that it draws in reset"
                )
            counts["steps of the reference against itself"] = sum(result.steps for result in run.results)
            if required and self.plugin.mutants.seeded:
                counts |= self._measured(required)
            else:
                notes.append("the verifier was not measured by seeded bugs")
        except (ReferenceUnavailableError, PluginError, MutantError) as error:
            raise InfrastructureError(str(error)) from error
        return Outcome("pass", counts=counts, notes=tuple(notes), seconds=time.monotonic() - begin)

    def check(self, tree: Path, levels: Sequence[str], modules: Sequence[str] | None, seed: int, scale: int) -> Outcome:
        """As `Verifier.check`, in the process that this state of the tree already has."""
        begin, evaluation = time.monotonic(), self._of(tree)
        try:
            env = evaluation.env()
        except RemoteError as error:
            failure = Failure("L0", "L0/start", f"the candidate does not start: {error}"[-3000:], count=1, cases=1)
            return self._outcome("fail", (failure,), evaluation, begin)
        plugin = self._restricted(modules)
        if "L3d" in levels:
            plugin = self._with_draws(plugin, env)
        plan = self._plan(tuple(levels), seed, scale)
        run = Run(plugin, plan)
        execute(run, context=self._context(plugin, env, plan))
        failures = findings.of(run.results, run.reason if run.error else "", self._owner, self.cases)
        verdict = "fail" if failures else "pass"
        done = self._outcome(verdict, tuple(failures), evaluation, begin)
        report = to_json(run)
        verdicts = {level["level"]: level["verdict"] for level in report["levels"]}
        counts = {f"{result.id} {result.unit}": result.cases for result in run.results}
        notes = tuple(
            f"{result.id} was not run: {result.reason}" for result in run.results if result.verdict == "not_run"
        )
        return Outcome(
            done.verdict, done.failures, done.violations, verdicts, counts, notes, done.seconds, _plain(report)
        )

    def held_out(self, tree: Path, secret: bytes, scale: int) -> Outcome:
        """Levels 1 and 3 with a seed of the candidate's bytes and the secret; guard and repetition in new processes."""
        begin, levels = time.monotonic(), [name for name in ("L1", "L3") if name in self.project.verify.levels]
        seed = guard.held_out_seeds(secret, guard.tree_hash(tree / CANDIDATE), 1)[0]
        free = is_continuous(self.plugin)
        judged = self._in_new_processes(tree, secret, ("L0",) if free else ("L0", *levels))
        evaluation = self._of(tree, anew=True)
        outcome = self.check(tree, levels, None, seed, scale)
        guarded = [result for result in judged if result.id in ("L0/guard", "L0/sandbox", "L0/repeat")]
        broken = findings.violations(guarded, ignore="knows the public seeds only" if free else "")
        failures = findings.of([r for r in judged if r not in guarded], "", self._owner, self.cases)
        verdicts: dict[str, Verdict] = {**outcome.levels, "L0": "fail" if broken else "pass"}
        notes = [*outcome.notes, f"sandbox: {evaluation.kind}"]
        if free:
            notes.append("continuous: episodes are not compared to the end in lockstep, windows and free runs are")
        return Outcome(
            "fail" if failures or outcome.failures or broken else "pass",
            (*failures, *outcome.failures),
            (*broken, *outcome.violations),
            verdicts,
            {**{f"{r.id} {r.unit}": r.cases for r in judged}, **outcome.counts},
            tuple(dict.fromkeys(notes)),
            time.monotonic() - begin,
            outcome.report,
        )

    def transfer(self, tree: Path, secret: bytes) -> Outcome:
        """Level 4, with seeds that are made of the candidate's bytes and the secret."""
        from translator.transfer import level

        begin, evaluation = time.monotonic(), self._of(tree)
        seed = guard.held_out_seeds(secret, guard.tree_hash(tree / CANDIDATE), 1)[0]
        plan = replace(self._plan(("L4",), seed, 1), failures=self.cases)
        try:
            context = self._context(self.plugin, evaluation.env(), plan)
            found = level.judge(context, self.project.transfer, seed, self._owner, self.cases)
        except RemoteError as error:
            told = f"the candidate broke off: {error}"[-3000:]
            return self._outcome("fail", (Failure("L4", level.CHECK, told, count=1, cases=1),), evaluation, begin)
        done = self._outcome(found.verdict, found.failures, evaluation, begin)
        return msgspec.structs.replace(done, levels=found.levels, counts=found.counts, notes=found.notes)

    def bench(self, tree: Path, kept: Path | None) -> Speed:
        """Steps per second of many steps in one program, timed from outside; last states as of single steps.

        With `kept`, both candidates are timed in turns.
        """
        settings, env = self.project.optimise, self._of(tree).env()
        context = self._context(self.plugin, env)
        starts = live(mine(context, "bench", settings.lanes))
        rng = context.rng("bench/actions")
        chosen = [random_actions(rng, legal_many(env, starts)) for _ in range(settings.steps)]
        whole = {agent: np.stack([actions[agent] for actions in chosen], 1) for agent in chosen[0]}
        played = settings.steps * len(next(iter(starts.values())))
        last = step_many(env, starts, whole)
        difference = self._differs(env, starts, chosen, last)
        if difference:
            return Speed(0.0, difference=difference)

        def rate(one: Env) -> float:
            begin = time.perf_counter()
            step_many(one, starts, whole)
            return round(played / (time.perf_counter() - begin), 1)

        if kept is None:
            rates = tuple(rate(env) for _ in range(settings.repeats))
            return Speed(float(median(rates)), rates)
        with Evaluation(self.project, kept) as other:
            step_many(other.env(), starts, whole)  # which compiles
            pairs = [(rate(env), rate(other.env())) for _ in range(settings.repeats)]
        gain = float(median(new / old for new, old in pairs)) - 1
        return Speed(float(median(new for new, _ in pairs)), tuple(new for new, _ in pairs), gain)

    def candidate(self, tree: Path) -> Env:
        """The candidate itself, in its sandbox. `RemoteError` where it does not start."""
        return self._of(tree).env()

    def close(self) -> None:
        """End all processes."""
        if self._evaluation is not None:
            self._evaluation.close()
            self._evaluation = None
        reference = self.__dict__.pop("reference", None)
        getattr(reference, "close", lambda: None)()
        if self.plugin.running.close:
            self.plugin.running.close()

    def __enter__(self) -> Judge:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    # ---- parts

    def _owner(self, path: str) -> str:
        return self._owners.get(path) or owners(self.project, [path])[path]

    def _of(self, tree: Path, anew: bool = False) -> Evaluation:
        kept = self._evaluation
        if kept is not None and (anew or kept.hash != guard.tree_hash(tree / CANDIDATE)):
            kept.close()
            kept = None
        self._evaluation = kept or Evaluation(self.project, tree)
        return self._evaluation

    def _context(self, plugin: Plugin, candidate: Env, plan: Plan | None = None) -> Context:
        context = Context(plugin, plan or self._plan(("L1",), 0, 1))
        context.__dict__["reference"], context.__dict__["candidate"] = self.reference, candidate
        return context

    def _plan(self, levels: tuple[str, ...], seed: int, scale: int) -> Plan:
        amounts = self.project.verify
        return Plan(
            levels=levels,
            seed=seed,
            injected=amounts.injected * scale,
            interactions=amounts.interactions * scale,
            episodes=amounts.episodes * scale,
            lanes=max(amounts.lanes),
            shrink=1,
            failures=self.cases,
        )

    def _restricted(self, modules: Sequence[str] | None) -> Plugin:
        """The plugin where fields of other modules are not compared."""
        if modules is None or set(modules) == {module.name for module in self.project.module}:
            return self.plugin
        table, specs = self.plugin.table(), []
        for path in self.paths():
            spec = replace(table.spec(path), path=path)
            if self._owner(path) not in modules:
                spec = replace(spec, kind="ignore", atol=0.0, rtol=0.0, ulp=0, why=_UNTRIED)
            specs.append(spec)
        kept = [spec for spec in self.plugin.state.fields if spec.kind == "ignore"]
        state = replace(self.plugin.state, fields=(*specs, *kept))
        return replace(self.plugin, state=state, laws=Laws())

    def _with_draws(self, plugin: Plugin, env: Any) -> Plugin:
        """Level 3d on first states of the sandboxed candidate, by the laws that the plugin declares."""
        sample = plugin.draws.sample
        if sample is None:
            return plugin
        known = sample(0, 8)
        if not set(known.values) <= set(self._owners):
            return replace(plugin, draws=replace(plugin.draws, sample=None))
        repeats = next(iter(known.values.values())).shape[1]

        def confined_sample(seed: int, lanes: int) -> DrawSample:
            asked = {SEED: np.full(lanes, seed, np.int64), REPEATS: np.full(lanes, repeats, np.int64)}
            values = env.restore_many(asked)
            return DrawSample(known.laws, {label: values[label] for label in known.values})

        return replace(plugin, draws=replace(plugin.draws, sample=confined_sample))

    def _measured(self, required: float) -> dict[str, int]:
        plan = replace(self._plan(("L1",), 0, 1), shrink=0)
        found = measure(self.plugin, plan, alarms=1)
        missed = [row["id"] for row in found["rows"] if not row["killed_by"]["L1"] and not row["explanation"]]
        if found["rate"] < required:
            raise InfrastructureError(
                f"the verifier finds {found['killed']} of {found['mutants']} seeded bugs, {required:.0%} are required; "
                f"missed: {', '.join(missed)}; raise verify.injected, or mend the plugin's `inject`"
            )
        return {"seeded bugs found": found["killed"], "seeded bugs": found["mutants"]}

    def _in_new_processes(self, tree: Path, secret: bytes, levels: tuple[str, ...]) -> list[CheckResult]:
        with Evaluation(self.project, tree) as made:
            plan = replace(self._plan(levels, 0, 1), episodes=self.project.verify.held_out, injected=64)
            try:
                return verify_untrusted(
                    self.plugin, tree / CANDIDATE, ENTRY, plan, confinement=made.confinement, secret=secret
                )
            except (SandboxError, PluginError) as error:
                raise InfrastructureError(str(error)) from error

    def _differs(self, env: Env, starts: Any, chosen: Sequence[Any], last: Any) -> str:
        """The place where the timed program ends otherwise than single steps, in words; "" where it does not."""
        now, over = dict(starts), None
        for actions in chosen:
            after = step_many(env, {path: now[path] for path in starts}, actions)
            if over is not None:
                after = {path: _where(over, now.get(path, after[path]), after[path]) for path in after}
            ended = after["out.terminated"] | after["out.truncated"]
            over = ended if over is None else over | ended
            now = after
        wrong = self.plugin.table().compare(
            [path for path in compared_paths(self._context(self.plugin, env)) if path in last], now, last
        )
        return ", ".join(sorted(wrong))

    def _outcome(self, verdict: Any, failures: tuple[Failure, ...], evaluation: Evaluation, begin: float) -> Outcome:
        seconds = time.monotonic() - begin
        return Outcome(verdict, failures, tuple(evaluation.reports), seconds=seconds)


def _without_its_candidate(plugin: Plugin) -> Plugin:
    """The plugin, so that nothing of its own candidate is judged in the place of the one in the sandbox."""
    checks = replace(plugin.checks, replaces=(*plugin.checks.replaces, *_NOT_OURS))
    return replace(plugin, sides=replace(plugin.sides, env_id=None), checks=checks)


def _where(over: Any, old: Any, new: Any) -> Any:
    return np.where(over.reshape(-1, *[1] * (np.ndim(new) - 1)), old, new)


def _plain(report: Any) -> Any:
    return json.loads(json.dumps(report, default=_value))


def _value(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.generic | np.ndarray) else str(value)
