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
    Conditions,
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


def reference():
    return GymnasiumReference("CartPole-v1", get_state, set_state, episode=True)


def candidate():
    return JaxenvCandidate(CartPole(), episode=True)


def inject(rng, snapshots, n):
    """Steps that land just beside a limit, stand on it or next to it, are the episode's last, or are fast.

    Of those at the limits of place and angle some are the episode's last as well, and some limits of time are lower.
    """
    label = rng.choice(["beside a limit", "on a limit", "next to a limit", "last steps", "fast"], n)
    at_rest = np.isin(label, ["on a limit", "next to a limit"])
    batch = rows(snapshots, rng.integers(0, size(snapshots), n))
    one = rng.integers(0, 2, n)  # of the two limits: the other is kept, so that each decides by itself
    for number, (place, limit) in enumerate((("state.x", X_LIMIT), ("state.theta", THETA_LIMIT))):
        speed = rng.uniform(-2, 2, n) * np.select([at_rest, label == "fast"], [0, 5], 1)
        beside = limit + rng.choice([-1, 1], n) * rng.uniform(1e-5, 1e-2, n)  # nearer, float32 may land across
        nearest = np.nextafter(np.float32(limit), rng.choice(np.array([0, 9], np.float32), n)).astype(float)
        kinds = ["beside a limit", "on a limit", "next to a limit"]
        there = np.select([(label == kind) & (one == number) for kind in kinds], [beside, limit, nearest],
                          rng.uniform(0, 0.9 * limit, n))  # fmt: skip
        batch |= {place: rng.choice([-1, 1], n) * there - TIME_STEP * speed, place + "_dot": speed}
    lowered = rng.random(n) < 0.2
    last = (label == "last steps") | (rng.random(n) < 0.3)
    batch["state.limit"] = np.where(lowered, rng.integers(1, 400, n), batch["state.limit"])
    # The step is the one before the last, the last, or the one after it.
    late = np.maximum(batch["state.limit"] - rng.integers(0, 3, n), 0)
    batch["state.time"] = np.where(last, late, np.minimum(batch["state.time"], batch["state.limit"] - 1))
    batch["state.length"] = np.where(rng.random(n) < 0.5, batch["state.time"], rng.integers(0, 500, n))
    batch["state.return"] = rng.integers(0, 500, n).astype(float)
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
            reference=reference,
            candidate=candidate,
        ),
        state=State(
            modules=MODULES,
            fields=(
                near("state.x*", "cart"),
                near("state.theta", "pole", atol=1e-7),
                near("state.theta_dot", "pole"),
                FieldSpec("state.time", "clock"),
                FieldSpec("state.l*", "clock"),  # the episode's length and limit
                near("state.return", "clock"),
                near("out.obs", "outcome"),
                near("out.episode.return", "outcome"),
                FieldSpec("out.*", "outcome"),
            ),
            sources={
                **{module: [PACKAGE + ".env"] for module in MODULES},
                "outcome": [PACKAGE + ".env", "jaxenv.autoreset"],
            },
        ),
        draws=Draws(noise="none", sample=draws),  # a step draws nothing; resets do
        play=Play(horizon=500, policies={"balance": balance}),
        injection=Injection(inject=inject),
        laws=Laws(
            properties=(Property("time passes", lambda b, actions, a: a["state.time"] == b["state.time"] + 1),),
            relations=(Relation("left is right", lambda b, a: (mirror(b), {"agent": 1 - a["agent"]}), mirror),),
        ),
        conditions=Conditions(traced=lambda: candidate().traced(), within=(PACKAGE + ".env",)),
        mutants=Mutants(
            seeded=lambda: MUTANTS,
            mutated=lambda mutants: MutatedJaxenvCandidate(
                mutants, (PACKAGE, "jaxenv"), PACKAGE + ".env:CartPole", episode=True
            ),
        ),
    )
