"""Verification of the corridor."""

import numpy as np

from corridor.env import Corridor
from corridor.reference import LENGTH, LIMIT, Walk
from references.protocol import EnvInfo
from verification.adapters.jaxenv import JaxenvCandidate
from verification.batches import rows, size
from verification.fields import FieldSpec
from verification.plugin import Checks, Draws, Injected, Injection, Laws, Play, Plugin, Property, Sides, State
from verification.statistics.margin import Margin

BLANK = (0.0, False, False, 0)
"""Reward, terminated, truncated and observation before the first step."""


class WalkReference:
    """`Walk` for the verifier; it can be put into any state."""

    def __init__(self):
        self.info = EnvInfo("Walk", "1.0")
        self._walk, self._out = Walk(), BLANK

    def reset(self, seed, options=None):
        self._walk.reset(seed)
        self._out = BLANK

    def step(self, actions):
        self._out = (*self._walk.step(int(actions["agent"])), self._walk.place)

    def snapshot(self):
        reward, terminated, truncated, obs = self._out
        return {
            "state.place": np.int32(self._walk.place),
            "state.time": np.int32(self._walk.time),
            "out.reward": np.float32(reward),
            "out.terminated": np.bool_(terminated),
            "out.truncated": np.bool_(truncated),
            "out.obs": np.array([obs], np.float32),
        }

    def restore(self, snapshot):
        self._walk.place, self._walk.time = int(snapshot["state.place"]), int(snapshot["state.time"])
        self._out = BLANK

    def legal(self):
        return {"agent": np.ones(2, bool)}


def inject(rng, snapshots, n):
    """Steps beside both ends, and last ones."""
    batch = dict(rows(snapshots, rng.integers(0, size(snapshots), n)))
    label = rng.choice(["left end", "right end", "last steps"], n)
    batch["state.place"] = np.select(
        [label == "left end", label == "right end"], [rng.integers(0, 2, n), LENGTH - 1], batch["state.place"]
    ).astype(np.int32)
    batch["state.time"] = np.where(label == "last steps", LIMIT - 1, batch["state.time"]).astype(np.int32)
    return Injected(batch, {"agent": rng.integers(0, 2, n)}, label.tolist())


def plugin():
    """The plugin of ``corridor/short``."""
    return Plugin(
        env="corridor/short",
        sides=Sides(
            reference=WalkReference,
            candidate=lambda: JaxenvCandidate(Corridor(), lanes=(8, 256)),
            env_id="corridor/short",
        ),
        state=State(modules=("walk", "outcome"), fields=(FieldSpec("state.*", "walk"), FieldSpec("out.*", "outcome"))),
        draws=Draws(noise="none"),
        play=Play(horizon=LIMIT),
        injection=Injection(inject=inject),
        laws=Laws(properties=(Property("time passes", lambda b, _, a: a["state.time"] == b["state.time"] + 1),)),
        checks=Checks(margins={"return": Margin(0.1, "a tenth of what reaching the end is worth")}),
    )
