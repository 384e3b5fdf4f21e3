"""The interface of engines is enough: another game than ours is played through the one battle environment."""

from __future__ import annotations

import dataclasses
import sys
import types
from pathlib import Path
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from compiled_quickly import compiled_quickly  # noqa: F401 (a fixture)

from jaxenv import ObsField, ObsSpec, struct
from jaxenv.testing import check_env
from pokejax.common import formats, generations
from pokejax.common.engine import ONGOING, P1_WINS, P2_WINS, TIE, Engine
from pokejax.common.pools import PoolError, build_pool, load_pool
from pokejax.common.rng import Rng, draw
from pokejax.common.team_text import TeamError
from pokejax.env import BattleEnvironment
from pokejax.gen1.engine import Gen1Engine

ROUNDS = 3


@struct.dataclass
class Numbers:
    """A team is a number; whoever adds up to more in `ROUNDS` rounds wins."""

    rng: Rng
    sums: jax.Array
    rounds: jax.Array


@struct.dataclass
class Seen:
    own: jax.Array
    foe: jax.Array


@dataclasses.dataclass(frozen=True)
class ToyEngine:
    """Choices: 0 adds nothing, 1 adds the own number, 2 adds 0 or 1 by a draw; 3 waits, only at the end."""

    version: str = "7"
    num_actions: int = 4
    no_op: int = 3
    longest: int = ROUNDS
    obs_spec: ClassVar[ObsSpec] = ObsSpec(
        tuple(
            ObsField(name=name, dtype=np.int32, low=0, high=255 * (ROUNDS + 1), meaning=f"{name} sum")
            for name in ("own", "foe")
        ),
        Seen,
    )

    def unplayed(self, wire: np.ndarray) -> list[str]:
        return [""] * len(wire)

    def parties(self, wire: np.ndarray) -> Any:
        return wire.astype(np.int32)

    def start(self, rng: Rng, parties: jax.Array) -> tuple[Any, Any]:
        return (Numbers(rng=rng, sums=parties, rounds=jnp.int32(0)), parties), ()

    def step(self, battle: Any, memory: Any, actions: jax.Array) -> tuple[Any, Any, jax.Array]:
        numbers, parties = battle
        going = numbers.rounds < ROUNDS
        illegal = going & ((actions < 0) | (actions > 2))
        rng, drawn = draw(numbers.rng, 2, going)
        added = jnp.where(actions == 1, parties, jnp.where(actions == 2, drawn, 0))
        after = Numbers(
            rng=rng,
            sums=numbers.sums + jnp.where(going & ~illegal, added, 0),
            rounds=numbers.rounds + going.astype(jnp.int32),
        )
        return (after, parties), memory, illegal

    def choices(self, battle: Any) -> jax.Array:
        over = battle[0].rounds == ROUNDS
        return jnp.broadcast_to(over | (jnp.arange(4) < 3), (2, 4))

    def to_act(self, battle: Any) -> jax.Array:
        return jnp.ones(2, bool)

    def observe(self, battle: Any, memory: Any, choices: jax.Array) -> Any:
        return Seen(own=battle[0].sums, foe=battle[0].sums[::-1])

    def result(self, battle: Any) -> jax.Array:
        first, second = battle[0].sums
        outcome = jnp.where(first > second, P1_WINS, jnp.where(second > first, P2_WINS, TIE))
        return jnp.where(battle[0].rounds == ROUNDS, outcome, ONGOING).astype(jnp.int32)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ToyBattle(BattleEnvironment):
    generation: ClassVar[int] = 99
    format: str = "gen99toy"


def read_team(source: Any, format_id: str, player: str) -> np.ndarray:
    if not isinstance(source, int):
        raise TeamError([f"{player}: {source!r} is no number"])
    return np.asarray(source, np.uint8)


def check_teams(teams: np.ndarray, where: str) -> None:
    if teams.dtype != np.uint8 or teams.ndim != 1:
        raise PoolError(f"{where}: not bytes")


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A generation 99, entered in the table of formats and found by the look-up."""
    entry = formats.Format("gen99toy", 99, "randbats", None, "structure", "gen99toy")
    engine: Any = types.ModuleType("gen99.engine")
    wire: Any = types.ModuleType("gen99.wire")
    engine.engine = lambda format: ToyEngine()
    wire.read_team, wire.check_teams = read_team, check_teams
    monkeypatch.setitem(formats.FORMATS, "gen99toy", entry)
    monkeypatch.setitem(generations._PACKAGES, 99, "gen99")
    for module in (types.ModuleType("gen99"), engine, wire):
        monkeypatch.setitem(sys.modules, module.__name__, module)


def test_another_generation_is_played(toy: None, tmp_path: Path) -> None:
    build_pool([3, 200, 17], tmp_path / "toy.npz", "gen99toy")
    assert load_pool(tmp_path / "toy.npz").teams.tolist() == [3, 200, 17]
    env = ToyBattle(pool=tmp_path / "toy.npz")
    assert (env.spec.id, env.version, env.num_actions, env.no_op) == ("pokejax/gen99toy", "7", 4, 3)
    check_env(env)
    params = env.default_params
    _, state = env.reset_env(jax.random.key(1), params)
    for _ in range(ROUNDS):
        _, state, reward, terminated, _, info = env.step_env(jax.random.key(0), state, jnp.array([1, 9]), params)
        assert info["illegal"].tolist() == [False, True]
    first, second = state.battle[0].sums.tolist()
    assert terminated and first != second
    assert reward.tolist() == ([1, -1] if first > second else [-1, 1])


def test_its_errors_are_the_common_ones(toy: None, tmp_path: Path) -> None:
    with pytest.raises(TeamError, match="team 2: 'x' is no number"):
        build_pool([3, "x"], tmp_path / "toy.npz", "gen99toy")
    with pytest.raises(ValueError, match=r"ToyBattle: unknown format 'gen1ou'; allowed are gen99toy"):
        ToyBattle(format="gen1ou")
    with pytest.raises(PoolError, match=r"holds teams of 'gen1ou', the environment plays 'gen99toy'"):
        ToyBattle(pool="gen1ou")


def test_every_format_has_what_it_names() -> None:
    for entry in formats.FORMATS.values():
        engine: Engine = generations.engine(entry)
        assert engine == generations.engine(entry) and hash(engine) == hash(generations.engine(entry))
        assert (engine == Gen1Engine()) == (entry.generation == 1)
        assert entry.teams in formats.TEAM_KINDS
        assert entry.pool is None or load_pool(entry.pool).format == entry.id
        assert formats.of_environment(entry.env_id) is entry is formats.find(entry.id)
        assert set(entry.takes) <= set(formats.FORMATS)
    with pytest.raises(ValueError, match=r"'cartpole' plays no format that we know; .* are pokejax/gen1ran"):
        formats.of_environment("cartpole")


def test_a_pool_of_an_unknown_format_is_refused(tmp_path: Path) -> None:
    np.savez(
        tmp_path / "pool.npz",
        teams=np.zeros((1, 6, 16), np.uint8),
        format=np.array("gen1uo"),
        source=np.array(""),
    )
    with pytest.raises(PoolError, match=r"pool\.npz: unknown format id 'gen1uo'; .*mean 'gen1ou'.*build it again"):
        load_pool(tmp_path / "pool.npz")
