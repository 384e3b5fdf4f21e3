"""Checks of Pong's own: whole games in lockstep, games in bulk, params compiled in, the public step."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from families.pongjax.verify.bulk import OBSERVED, WHY_ONE_ULP, Compared, Configuration, Mismatch, Params, compare
from families.pongjax.verify.candidate import AGENT, FRAME_SKIPS, PongCandidate
from families.pongjax.verify.engine import shared_program
from families.pongjax.verify.lockstep import flat, limits, shares, stretches
from families.pongjax.verify.sides import CandidateSide, ReferenceSide, Side, as_actions, with_skip
from pongjax.env import PufferPong, draw_serve_bit
from pongjax.params import NEVER
from references.protocol import Env
from references.puffer_pong.library import serves
from verification import cases
from verification.backends import Vmap
from verification.batches import row, step_many
from verification.cases import Case
from verification.check import Check
from verification.fields import FieldSpec, FieldTable
from verification.levels.context import Context
from verification.levels.coverage import coverage_of
from verification.levels.pairs import add_finding, behaviours_of, compared_paths, state_paths, timed
from verification.levels.steps import injected_cases
from verification.localise import differences, suspects
from verification.results import CheckResult, FieldDifference, Finding

EPISODES, BULK, PUBLIC, COMPILED_IN = "L3/lockstep", "L3/bulk", "L0/step-env", "L1/compiled-in"
BULK_STEPS = 1_000_000
"""Environment steps of each configuration in a run, unless the option "steps" says otherwise."""
HORIZON = 12_288
"""Steps after which a game is cut off: two good players at frame skip 1 may need more for 21 points."""
_BULK_PARAMS: tuple[Params, ...] = ("compiled in", "by lane")
_PUBLIC_LANES, _PUBLIC_STEPS = 512, 64

SETTING: Mapping[str, Any] = {"params": "compiled in"}
"""Setting of a case that was found by the program with the default params as constants."""

MakeSide = Callable[[int], Side]
"""Frame skip → the candidate."""


def checks(continuous: bool, alone: bool = False, vmap: Vmap = jax.vmap, steps: int = BULK_STEPS) -> Sequence[Check]:
    """The plugin's own checks. `alone`: the reference is its own candidate. `vmap` makes PongJAX's programs.

    `steps`: environment steps of each configuration in bulk.
    """

    def side(skip: int) -> Side:
        return ReferenceSide(skip, continuous) if alone else CandidateSide(shared_program(skip, continuous, vmap=vmap))

    def episodes(context: Context, result: CheckResult) -> None:
        run_episodes(context, result, continuous, side)

    def bulk(context: Context, result: CheckResult) -> None:
        made = [Configuration(continuous, skip, params) for skip in FRAME_SKIPS for params in _BULK_PARAMS]
        run_bulk(context, result, made, steps, side if alone else None, vmap)

    def public(context: Context, result: CheckResult) -> None:
        run_public(context, result, continuous, vmap=vmap)

    def compiled_in(context: Context, result: CheckResult) -> None:
        run_compiled_in(context, result, PongCandidate(continuous, compiled_in=True, vmap=vmap))

    found = [
        Check(EPISODES, "L3", "whole games in lockstep", episodes),
        Check(BULK, "L3", f"{steps:,} steps of each configuration in lockstep, bit by bit", bulk),
    ]
    if alone:
        return found
    return [
        Check(PUBLIC, "L0", "the public step is the one compared", public),
        Check(COMPILED_IN, "L1", "injected steps with the default params compiled in", compiled_in),
        *found,
    ]


# ---- whole games


def episode_seeds(rng: np.random.Generator, episodes: int) -> Iterator[tuple[int, list[int], list[str]]]:
    """(frame skip, a seed for each episode, its policy): both frame skips, all policies, the same share of each."""
    for place, skip in enumerate(FRAME_SKIPS):
        count = (episodes + len(FRAME_SKIPS) - 1 - place) // len(FRAME_SKIPS)
        if count:
            yield skip, rng.integers(0, 2**31, count).tolist(), shares(count)


def run_episodes(context: Context, result: CheckResult, continuous: bool, side: MakeSide) -> None:
    """Games of both frame skips, under all policies, from reset to end."""
    begin = time.monotonic()
    plan = context.plan
    result.unit, result.planned = "episodes", plan.episodes
    unended, lengths, played = 0, [], Counter()
    rng = context.rng(EPISODES)
    for skip, seeds, policies in episode_seeds(rng, plan.episodes):
        cut = limits(rng, len(seeds))
        games = _Games(context, result, skip, seeds, policies, cut)
        reference, candidate = ReferenceSide(skip, continuous), side(skip)
        starts = np.concatenate([serves(seed, 1) for seed in seeds])
        games.begin(with_skip(reference.begin(starts, cut), skip), with_skip(candidate.begin(starts, cut), skip))
        for stretch in stretches(rng, reference, candidate, policies, HORIZON, continuous):
            games.add(with_skip(stretch.states, skip), stretch.actions, with_skip(stretch.ours, skip))
            timed(result, begin)
            context.on_progress(result)
            if not games.playing.any():
                break
        unended += int(games.playing.sum())
        result.cases += int(games.playing.sum())
        lengths += games.lengths.tolist()
        played.update(policies)
    result.stats |= {"episodes_by_policy": dict(played), "mean_length": float(np.mean(lengths)), "cut_off": unended}
    if unended:
        result.notes.append(f"{unended} games had not ended after {HORIZON} steps: they were compared up to there")
    timed(result, begin)
    result.conclude()


def options_of(skip: int, limit: int) -> dict[str, int]:
    """Options of a game's reset."""
    return {"frame_skip": skip} | ({"limit": limit} if limit < NEVER else {})


class _Games:
    """Games of one frame skip, each compared to its end or to its first difference."""

    def __init__(
        self,
        context: Context,
        result: CheckResult,
        skip: int,
        seeds: list[int],
        policies: list[str],
        limits: NDArray[np.int32],
    ) -> None:
        self.context, self.result, self.skip, self.seeds, self.policies = context, result, skip, seeds, policies
        self.options = [options_of(skip, limit) for limit in limits.tolist()]
        self.paths = compared_paths(context)
        self.playing = np.ones(len(seeds), bool)
        self.lengths = np.zeros(len(seeds), int)
        self.played: list[NDArray[Any]] = []

    def begin(self, theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> None:
        """Compare the resets."""
        found = self.context.table.compare(self.paths, theirs, ours)
        for lane in np.flatnonzero(np.logical_or.reduce([*found.values(), np.zeros(len(self.seeds), bool)])).tolist():
            self._report(lane, 0, differences(self.context.table, self.paths, theirs, ours, lane))

    def add(self, states: Mapping[str, Any], actions: NDArray[Any], ours: Mapping[str, Any]) -> None:
        """Compare a stretch: the reference's states [T + 1, N], what was played and the candidate's states [T, N]."""
        self.played.append(actions)
        steps, lanes = actions.shape
        over = (states["out.terminated"] | states["out.truncated"])[1:]
        ended_before = np.concatenate([np.zeros((1, lanes), bool), np.logical_or.accumulate(over)[:-1]])
        live = self.playing & ~ended_before
        before, after = (flat({path: v[cut] for path, v in states.items()}) for cut in (slice(0, -1), slice(1, None)))
        theirs, mine = after, flat(ours)
        found = self.context.table.compare(self.paths, theirs, mine)
        wrong = np.logical_or.reduce([*found.values(), np.zeros(steps * lanes, bool)]).reshape(steps, lanes) & live
        shown = behaviours_of(self.context, before, as_actions(actions.ravel()), after)
        reached = live & ~np.concatenate([np.zeros((1, lanes), bool), np.logical_or.accumulate(wrong)[:-1]])
        coverage_of(self.context).add({name: present & reached.ravel() for name, present in shown.items()})
        self.lengths += reached.sum(axis=0)
        self.result.steps += int(reached.sum())
        for lane in np.flatnonzero(wrong.any(axis=0)).tolist():
            step = int(wrong[:, lane].argmax())
            seen = differences(self.context.table, self.paths, theirs, mine, step * lanes + lane)
            self._report(lane, int(self.lengths[lane]), seen, shown, wrong.ravel(), step * lanes + lane)
        done = self.playing & over.any(axis=0)
        self.result.cases += int(done.sum())
        self.playing &= ~done

    def _report(self, lane: int, step: int, seen: tuple[FieldDifference, ...], *batch: Any) -> None:
        actions = np.concatenate([part[:, lane] for part in self.played])[:step] if step else []
        case = Case(
            self.context.plugin.env,
            tuple({AGENT: action} for action in actions),
            None,
            self.seeds[lane],
            self.options[lane],
        )
        places = suspects(self.context.plugin, seen, *batch)
        made = {"seed": self.seeds[lane], "policy": self.policies[lane], "frame skip": self.skip}
        add_finding(self.context, self.result, case, Finding(step, seen, suspects=places, case=made))
        if self.playing[lane]:
            self.playing[lane] = False
            self.result.cases += 1


# ---- params compiled in


def compiled_in_fields(specs: Sequence[FieldSpec]) -> list[FieldSpec]:
    """The fields as that program is held to them."""
    near = {path: FieldSpec(path, "observation", "float", ulp=1, why=WHY_ONE_ULP) for path in OBSERVED}
    return [near.get(spec.path, spec) for spec in specs]


def run_compiled_in(context: Context, result: CheckResult, candidate: Env) -> None:
    """Injected single steps of the program that whoever gives no params has."""
    begin = time.monotonic()
    result.unit, result.planned = "steps", context.plan.injected
    result.notes.append(WHY_ONE_ULP)
    table = FieldTable(compiled_in_fields(context.plugin.state.fields), context.plugin.state.modules)
    paths = table.ordered(compared_paths(context))
    while result.cases < context.plan.injected:
        count = min(context.plan.lanes, context.plan.injected - result.cases)
        made = injected_cases(context, f"{COMPILED_IN}/{result.cases}", count)
        theirs = step_many(context.reference, made.snapshots, made.actions)
        ours = step_many(candidate, made.snapshots, made.actions)
        found = table.compare(paths, theirs, ours)
        for case in np.flatnonzero(np.logical_or.reduce([*found.values(), np.zeros(count, bool)])).tolist():
            seen = differences(table, paths, theirs, ours, case)
            start = state_paths(row(made.snapshots, case))
            one = Case(context.plugin.env, (row(made.actions, case),), start, setting=SETTING)
            finding = Finding(1, seen, suspects=suspects(context.plugin, seen), case={"made by": made.labels[case]})
            add_finding(context, result, one, finding)
        result.cases += count
        timed(result, begin)
        context.on_progress(result)
    result.steps = result.cases
    result.conclude()


# ---- in bulk


def run_bulk(
    context: Context,
    result: CheckResult,
    made: Sequence[Configuration],
    steps: int,
    side: MakeSide | None,
    vmap: Vmap = jax.vmap,
) -> None:
    """Every configuration for so many steps; the first difference of each becomes a counterexample.

    `vmap` makes PongJAX's programs, where `side` does not.
    """
    begin = time.monotonic()
    result.unit, result.planned = "steps", steps * len(made)
    found: list[Compared] = []
    for configuration in made:

        def progress(so_far: Compared) -> None:
            result.cases = result.steps = sum(one.steps for one in (*found, so_far))
            timed(result, begin)
            context.on_progress(result)

        candidate = side(configuration.frame_skip) if side else None
        seed = int(context.rng(f"{BULK}/{configuration.name}").integers(2**31))
        found.append(compare(configuration, seed, steps, candidate=candidate, on_stretch=progress, vmap=vmap))
        result.stats[configuration.name] = found[-1].to_json()
        for mismatch in found[-1].first:
            add_finding(context, result, *as_finding(context, configuration, mismatch))
        result.divergences += found[-1].games_differing - len(found[-1].first)
    result.cases = result.steps = sum(one.steps for one in found)
    timed(result, begin)
    result.conclude()


def as_finding(context: Context, configuration: Configuration, mismatch: Mismatch) -> tuple[Case, Finding]:
    """A case that `replay` plays: the one step, or the game from its first state where one step does not show it."""
    env = context.plugin.env
    joint = tuple({AGENT: action} for action in mismatch.actions)
    setting = SETTING if configuration.params == SETTING["params"] and context.plugin.running.settings else {}
    context = context.under(setting)
    paths = compared_paths(context)
    case = Case(env, joint, state_paths(mismatch.start), setting=setting)
    if joint:
        one = Case(env, joint[-1:], state_paths(mismatch.before), setting=setting)
        if cases.play(context.plugin, context.table, paths, context.reference, context.candidate, one):
            case = one
    values = [{path: np.asarray(v)[None] for path, v in s.items()} for s in (mismatch.reference, mismatch.candidate)]
    seen = tuple(
        FieldDifference(path, context.table.spec(path).module, values[1][path][0].tolist(), values[0][path][0].tolist())
        for path in context.table.ordered(mismatch.paths)
    )
    made = {"configuration": configuration.name, "game": mismatch.lane, "step of the game": mismatch.step}
    return case, Finding(len(case.actions), seen, suspects=suspects(context.plugin, seen), case=made)


# ---- the public step


def run_public(
    context: Context,
    result: CheckResult,
    continuous: bool,
    make: Callable[..., Any] = PufferPong,
    vmap: Vmap = jax.vmap,
) -> None:
    """`reset_env` and `step_env` with a key give what `play`, which is compared, gives with the key's bit."""
    begin = time.monotonic()
    result.unit, result.planned = "steps", _PUBLIC_LANES * _PUBLIC_STEPS * len(FRAME_SKIPS)
    rng = context.rng(PUBLIC)
    shape = (_PUBLIC_LANES, _PUBLIC_STEPS)
    actions = rng.uniform(-1.2, 1.2, shape) if continuous else rng.integers(-1, 5, shape)
    actions = actions.astype(np.float32 if continuous else np.int32)
    for skip in FRAME_SKIPS:
        env = make(frame_skip=skip, continuous=continuous)
        keys = jax.random.split(jax.random.key(context.plan.seed), _PUBLIC_LANES)
        both = jax.device_get(jax.jit(vmap(_both_ways(env)))(keys, actions))
        for name, (public, compared) in both.items():
            if not np.array_equal(public, compared, equal_nan=public.dtype.kind == "f"):
                where = FieldDifference(name, "contract", "not what `play` gives", "the same")
                result.add(Finding(1, (where,), case={"frame skip": skip}))
        result.cases += _PUBLIC_LANES * _PUBLIC_STEPS
    result.steps = result.cases
    timed(result, begin)
    result.conclude()


def _both_ways(env: Any) -> Callable[[jax.Array, jax.Array], dict[str, Any]]:
    """One game, its public results beside those of `play`."""

    def begin_and_step(key: jax.Array, actions: jax.Array) -> dict[str, Any]:
        params = env.default_params
        reset_key, key = jax.random.split(key)
        obs, state = env.reset_env(reset_key, params)
        rounds = {"reset: serve": (state.court.ball_vy, draw_serve_bit(reset_key).astype(jnp.float32) - 1)}

        def step(carry: Any, action: jax.Array) -> Any:
            key, state = carry
            key, used = jax.random.split(key)
            obs, after, reward, terminated, truncated, info = env.step_env(used, state, action, params)
            expected, out = env.play(state, action, draw_serve_bit(used), params)
            pairs = {
                "step: reward": (reward, out.reward),
                "step: terminated": (terminated, out.terminated),
                "step: truncated": (truncated, jnp.bool_(False)),
                "step: observation": (env.obs_spec.flatten(obs), env.obs_spec.flatten(after.observation)),
                "step: log": (jnp.stack(jax.tree.leaves(info["log"])), jnp.stack(jax.tree.leaves(out.log))),
                "step: illegal": (info["illegal"], env.is_illegal(action)),
            }
            names = ("court", "score_l", "score_r", "tick", "n_bounces", "time")
            pairs |= {f"step: {name}": (_one(getattr(after, name)), _one(getattr(expected, name))) for name in names}
            return (key, after), pairs

        rounds["reset: observation"] = (env.obs_spec.flatten(obs), env.obs_spec.flatten(state.observation))
        return rounds | jax.lax.scan(step, (key, state), actions)[1]

    return begin_and_step


def _one(tree: Any) -> jax.Array:
    return jnp.stack([jnp.asarray(leaf) for leaf in jax.tree.leaves(tree)])
