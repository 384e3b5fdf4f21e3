"""The plugin of Gymnasium's CartPole-v1 and its JAX port."""

import functools

import numpy as np

from families.cartpole.env import THETA_LIMIT, TIME_STEP, X_LIMIT, CartPole
from families.cartpole.verify.mutants import MUTANTS
from references.gymnasium_env import GymnasiumReference
from verification.adapters.jaxenv import JaxenvCandidate, MutatedJaxenvCandidate
from verification.batches import rows, size
from verification.fields import FieldSpec
from verification.plugin import (
    Draws,
    DrawSample,
    Injected,
    Injection,
    Laws,
    Mutants,
    Play,
    Plugin,
    Property,
    Relation,
    Sides,
    State,
)
from verification.statistics.draw_law import DrawLaw

PACKAGE = "families.cartpole"
MODULES = ("cart", "pole", "clock", "outcome")
NAMES = ("x", "x_dot", "theta", "theta_dot")
WHY = "float32: four times the spacing of numbers of that size"
near = functools.partial(FieldSpec, kind="float", atol=1e-6, rtol=5e-7, why=WHY)


def get_state(env):
    return {name: env.state[i] for i, name in enumerate(NAMES)}


def set_state(env, state):
    env.state = np.array([state[name] for name in NAMES], np.float64)
    env.steps_beyond_terminated = None


def inject(rng, snapshots, n):
    """Steps that land just beside a limit, stand on it, are the episode's last, or are fast."""
    label = rng.choice(["beside a limit", "on a limit", "last steps", "fast"], n)
    batch = rows(snapshots, rng.integers(0, size(snapshots), n))
    for place, limit in (("state.x", X_LIMIT), ("state.theta", THETA_LIMIT)):
        speed = rng.uniform(-2, 2, n) * np.select([label == "on a limit", label == "fast"], [0, 5], 1)
        beside = limit + rng.choice([-1, 1], n) * rng.uniform(1e-5, 1e-2, n)  # nearer, float32 may land across
        there = np.select([label == "beside a limit", label == "on a limit"], [beside, limit], rng.uniform(0, limit, n))
        batch |= {place: rng.choice([-1, 1], n) * there - TIME_STEP * speed, place + "_dot": speed}
    batch["state.time"] = np.where(label == "last steps", rng.integers(498, 500, n), batch["state.time"])
    return Injected(batch, {"agent": rng.integers(0, 2, n)}, label.tolist())


def draws(seed, lanes):
    """The draws of resets, with their laws."""
    most = float(np.float32(0.05))
    laws = [DrawLaw.uniform("state." + name, -most, most) for name in NAMES]
    starts = JaxenvCandidate(CartPole()).reset_many(seed, lanes, repeats=4)
    return DrawSample(laws, {law.label: starts[law.label] for law in laws})


def balance(rng, snapshot, legal):
    return {"agent": int(snapshot["state.theta"] + snapshot["state.theta_dot"] / 3 > 0)}


def mirror(batch):
    odd = {path: -batch[path] for path in batch if path.removeprefix("state.") in NAMES or path == "out.obs"}
    return {**batch, **odd}


def plugin():
    return Plugin(
        env="example/cartpole",
        sides=Sides(
            reference=lambda: GymnasiumReference("CartPole-v1", get_state, set_state),
            candidate=lambda: JaxenvCandidate(CartPole()),
        ),
        state=State(
            modules=MODULES,
            fields=(
                near("state.x*", "cart"),
                near("state.theta", "pole", atol=1e-7),
                near("state.theta_dot", "pole"),
                FieldSpec("state.time", "clock"),
                near("out.obs", "outcome"),
                FieldSpec("out.*", "outcome"),
            ),
            sources={module: [PACKAGE + ".env"] for module in MODULES},
        ),
        draws=Draws(noise="none", sample=draws),  # a step draws nothing; resets do
        play=Play(horizon=500, policies={"balance": balance}),
        injection=Injection(inject=inject),
        laws=Laws(
            properties=(Property("time passes", lambda b, actions, a: a["state.time"] == b["state.time"] + 1),),
            relations=(Relation("left is right", lambda b, a: (mirror(b), {"agent": 1 - a["agent"]}), mirror),),
        ),
        mutants=Mutants(
            seeded=lambda: MUTANTS,
            mutated=lambda mutants: MutatedJaxenvCandidate(mutants, PACKAGE, PACKAGE + ".env:CartPole"),
        ),
    )
