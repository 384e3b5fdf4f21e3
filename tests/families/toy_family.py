"""A family that no core has heard of: a stair that is slippery at every third step, and its reference in numpy."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

import jaxenv
from baselines.config import Config, NetworkConfig, PPOConfig
from baselines.family import Training, Transfer
from baselines.transfer.arena import Starts, Stepped
from baselines.transfer.game import Game
from families import Family
from jaxenv import Environment, EnvSpec, ObsField, ObsSpec, Reference, struct
from leaderboard.family import Bench
from leaderboard.reference import Request, Session
from leaderboard.section import Section
from references.protocol import Actions, EnvInfo, Snapshot
from verification.adapters.jaxenv import JaxenvCandidate, MutatedJaxenvCandidate
from verification.fields import FieldSpec
from verification.mutants.mutant import Mutant
from verification.plugin import Checks, Draws, Mutants, Play, Plugin, Sides, State
from verification.statistics.margin import Margin

ID = "toy/Stairs-v0"
TOP, LIMIT = 6, 20


@struct.dataclass
class StairsParams:
    """The time limit."""

    max_steps_in_episode: Any = LIMIT


@struct.dataclass
class StairsState(struct.Node):
    """int32 scalars."""

    height: jax.Array
    time: jax.Array


def climb(height: jax.Array, time: jax.Array, action: jax.Array) -> jax.Array:
    """Action 1 climbs; at every third step it slips two stairs down instead."""
    return jnp.where(action == 1, jnp.where(time % 3 == 2, jnp.maximum(height - 2, 0), height + 1), height)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stairs(Environment):
    """Reach the top: 1 point."""

    @property
    def spec(self) -> EnvSpec:
        """Facts."""
        return EnvSpec(
            id=ID,
            version="v0",
            players=1,
            dynamics="single",
            information="perfect",
            num_actions=2,
            reward_range=(0.0, 1.0),
            horizon=LIMIT,
            reference=Reference(name="stairs in numpy", version="1", licence="MIT"),
        )

    @property
    def obs_spec(self) -> ObsSpec:
        """Height and phase."""
        return ObsSpec(
            (
                ObsField(name="height", low=0, high=TOP, meaning="stairs climbed"),
                ObsField(name="phase", low=0, high=2, meaning="2: the stair is slippery"),
            )
        )

    @property
    def default_params(self) -> StairsParams:
        """The reference's."""
        return StairsParams()

    def observe(self, state: Any, params: Any) -> dict[str, jax.Array]:
        """See `obs_spec`."""
        return {"height": state.height.astype(jnp.float32), "phase": (state.time % 3).astype(jnp.float32)}

    def reset_env(self, key: jax.Array, params: Any) -> tuple[Any, StairsState]:
        """One of the lowest three stairs."""
        state = StairsState(jax.random.randint(key, (), 0, 3, jnp.int32), jnp.int32(0))
        return self.observe(state, params), state

    def step_env(self, key: jax.Array, state: Any, action: Any, params: Any) -> Any:
        """One action."""
        state = StairsState(climb(state.height, state.time, action), state.time + 1)
        top = state.height >= TOP
        cut = (state.time >= params.max_steps_in_episode) & ~top
        return self.observe(state, params), state, top.astype(jnp.float32), top, cut, {}


class Book:
    """The same by the book, in numpy: `references.protocol.Restorable`."""

    def __init__(self) -> None:
        self.info = EnvInfo("stairs in numpy", "1")
        self.height = self.time = 0
        self.out = self.told(0.0, np.zeros(2, np.float32))

    def told(self, reward: float, obs: NDArray[np.float32]) -> dict[str, Any]:
        ends = {"out.terminated": np.bool_(reward > 0), "out.truncated": np.bool_(self.time >= LIMIT and not reward)}
        return {"out.reward": np.float32(reward), "out.obs": obs, **ends}

    def seen(self) -> NDArray[np.float32]:
        return np.array([self.height, self.time % 3], np.float32)

    def reset(self, seed: int, options: Mapping[str, Any] | None = None) -> None:
        self.begin(int(np.random.default_rng(seed).integers(3)))

    def begin(self, height: int) -> None:
        self.height, self.time = height, 0
        self.out = self.told(0.0, np.zeros(2, np.float32))

    def step(self, actions: Actions) -> None:
        if actions["agent"] == 1:
            self.height = max(self.height - 2, 0) if self.time % 3 == 2 else self.height + 1
        self.time += 1
        self.out = self.told(float(self.height >= TOP), self.seen())

    def snapshot(self) -> Snapshot:
        return {"state.height": np.int32(self.height), "state.time": np.int32(self.time), **self.out}

    def restore(self, snapshot: Snapshot) -> None:
        self.begin(int(snapshot["state.height"]))
        self.time = int(snapshot["state.time"])
        self.out = {path: np.zeros_like(value) for path, value in self.out.items()}

    def legal(self) -> Mapping[str, NDArray[np.bool_]]:
        return {"agent": np.ones(2, bool)}


MUTANTS = (
    Mutant("T1", __name__, "climb", "time % 3 == 2", "time % 3 == 1", "slippery one step early", "L1", ("stairs",)),
    Mutant("T2", __name__, "climb", "jnp.maximum(height - 2, 0)", "height - 2", "below the ground", "L1", ("stairs",)),
    Mutant("T3", __name__, "Stairs.step_env", "state.height >= TOP", "state.height > TOP", "no top", "L1", ("out",)),
)


def plugin() -> Plugin:
    """For the verifier."""
    return Plugin(
        env=ID,
        sides=Sides(reference=Book, candidate=lambda: JaxenvCandidate(Stairs()), env_id=ID),
        state=State(modules=("stairs", "out"), fields=(FieldSpec("state.*", "stairs"), FieldSpec("out.*", "out"))),
        draws=Draws(noise="none"),
        play=Play(
            horizon=LIMIT,
            policies={"climber": lambda rng, snapshot, legal: {"agent": int(snapshot["state.time"] % 3 != 2)}},
        ),
        mutants=Mutants(
            seeded=lambda: MUTANTS,
            mutated=lambda mutants: MutatedJaxenvCandidate(mutants, __name__, f"{__name__}:Stairs"),
        ),
        checks=Checks(margins={"return": Margin(0.02, reason="one climb in fifty")}),
    )


@contextmanager
def session(request: Request) -> Iterator[Session]:
    """The reference on one core."""

    def timer(seconds: float) -> float:
        env, rng, steps, begin = Book(), np.random.default_rng(0), 0, time.perf_counter()
        env.reset(0)
        while time.perf_counter() - begin < seconds or not steps:
            env.step({"agent": int(rng.integers(2))})
            steps += 1
            if env.out["out.terminated"] or env.out["out.truncated"]:
                env.reset(steps)
        return steps / (time.perf_counter() - begin)

    yield Session(name="stairs in numpy", version="1", cores=1, unit="steps", timer=timer)


class Arena:
    """Lanes of the reference."""

    patient = False

    def __init__(self, env: Environment, lanes: int) -> None:
        self.env, self.lanes, self.games = env, lanes, [Book() for _ in range(lanes)]

    def __enter__(self) -> Arena:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def begin(self, lanes: NDArray[np.intp], starts: Starts, which: NDArray[np.intp]) -> None:
        for lane, episode in zip(lanes.tolist(), which.tolist(), strict=True):
            self.games[lane].begin(int(starts.given["height"][episode]))

    def look(self) -> tuple[Any, Any]:
        seen = jnp.asarray(np.stack([game.seen() for game in self.games]))
        return self.env.obs_spec.unflatten(seen), np.ones((self.lanes, 2), bool)

    def step(self, key: jax.Array, actions: jax.Array, playing: NDArray[np.bool_]) -> Stepped:
        for lane in np.flatnonzero(playing):
            self.games[lane].step({"agent": int(actions[lane])})
        reward, ended, cut = (
            np.array([game.out[f"out.{name}"] for game in self.games]) for name in ("reward", "terminated", "truncated")
        )
        reward = reward.astype(np.float64)
        return Stepped(reward, reward, ended | cut, cut, np.zeros(self.lanes, bool))


class StairsGame(Game):
    """Compared is the return."""

    def given(self, keys: jax.Array, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
        return {"height": np.asarray(jax.vmap(lambda key: self.env.reset_env(key, None)[1].height)(keys))}

    def reference(self, lanes: int, workers: int) -> Arena:
        return Arena(self.env, lanes)


BENCH = Bench(sections=(Section(cores=1),), session=session)
TRAINING = Training(
    configs={
        ID: Config(
            network=NetworkConfig(hidden=(32,)),
            ppo=PPOConfig(environments=64, horizon=16, epochs=4, minibatches=2, learning_rate=1e-2),
        )
    }
)
TRANSFER = Transfer(game=lambda env: StairsGame(env, planning_sd=0.5, limit=100, lanes=32))
FAMILY = Family(
    name="toy",
    reference="stairs in numpy",
    environments=(ID,),
    plugins={ID: f"{__name__}:plugin"},
    bench=f"{__name__}:BENCH",
    training=f"{__name__}:TRAINING",
    transfer=f"{__name__}:TRANSFER",
)


def add() -> None:
    """Make the family known to this process."""
    import families

    families.register(FAMILY)
    jaxenv.register(ID, f"{__name__}:Stairs")
