"""One battle between two players of any kind: trained, scripted, or of the verifier, which look at the true state."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from baselines.policy import Policy
from baselines.transfer.policies import entrants
from baselines.watch import Episode, play
from families.pokejax_gen1.replay.command import RecordedBattle
from families.pokejax_gen1.replay.minds import minds
from families.pokejax_gen1.verify import watched
from families.pokejax_gen1.verify.battles import record_order, seeds_of
from families.pokejax_gen1.verify.policies import POLICIES, VISITS, chosen
from families.pokejax_gen1.verify.record import record
from families.pokejax_gen1.verify.sides import column_order
from jaxenv import Environment, struct
from pokejax.common import formats
from pokejax.common.rng import Rng
from pokejax.gen1.party import parties_from_wire
from pokejax.gen1.state import Seat, unpack
from pokejax.gen1.team_sampling import sample_teams
from references.showdown.client import BattleJob
from references.showdown.gen1.fields import field_names

if TYPE_CHECKING:
    from pokejax.env import Gen1Battle, Gen1State

LONGEST = 4000
"""Steps after which the environment truncates a battle."""


@struct.dataclass
class View(struct.Node):
    """All that a player may be given: its observation, and for the verifier's policies both seats as they are."""

    obs: Any
    own: Seat
    foe: Seat


def look(obs: Any, state: Gen1State) -> View:
    """The views of both players, leaves [2, …]."""
    first, second = unpack(state.battle).seats
    own, foe = (jax.tree.map(lambda *pair: jnp.stack(pair), *pair) for pair in ((first, second), (second, first)))
    return View(obs=obs, own=own, foe=foe)


@dataclasses.dataclass(frozen=True, eq=False)
class Seeing:
    """A policy of `baselines`, which is given its observation alone."""

    policy: Policy
    name: str

    @property
    def env(self) -> str:
        return self.policy.env

    @property
    def env_version(self) -> str:
        return self.policy.env_version

    def initial_carry(self, batch: int) -> Any:
        return self.policy.initial_carry(batch)

    def act(self, key: jax.Array, obs: View, mask: Any, carry: Any, first: jax.Array) -> tuple[jax.Array, Any]:
        return self.policy.act(key, obs.obs, mask, carry, first)


@dataclasses.dataclass(frozen=True)
class Knowing:
    """A policy of the verifier, which is given the true state. Its memory counts its own choices: int32[`VISITS`]."""

    env: str
    env_version: str
    name: str

    def initial_carry(self, batch: int) -> jax.Array:
        return jnp.zeros((batch, VISITS), jnp.int32)

    def act(self, key: jax.Array, obs: View, mask: Any, carry: Any, first: jax.Array) -> tuple[jax.Array, Any]:
        visits = jnp.where(first[:, None], 0, carry)
        keys = jax.random.split(key, first.shape[0])
        actions = jax.vmap(POLICIES[self.name])(keys, obs.own, obs.foe, mask, visits)
        counted = jax.vmap(lambda seat, action: chosen(seat)[action])(obs.own, actions)
        return actions, visits.at[jnp.arange(len(keys)), counted].add(1)


def player(env: Environment, source: str, greedy: bool = False) -> Policy:
    """The player of a name, a file or a run; of a run of several members the first. `PolicyError` for none of these."""
    if source in POLICIES:
        return Knowing(env.id, env.version, source)
    found = entrants(env, [source], greedy, tuple(POLICIES))[0]
    return Seeing(found.policy, found.name)


def battle(env: Gen1Battle, seed: int, teams: str, players: Sequence[Policy]) -> RecordedBattle:
    """A battle between two players (`player`) in `watched.environment`. `teams`: a kind of `formats.TEAM_KINDS`."""
    wires = sample_teams(teams, np.random.default_rng([seed, 2]), 1)[0]
    words = seeds_of(seed, 1)[0]
    rng = Rng(hi=jnp.uint32(words[0]), lo=jnp.uint32(words[1]))
    params = watched.GivenParams(pool=parties_from_wire(wires), max_steps_in_episode=jnp.int32(LONGEST), rng=rng)
    policies = [player.policy if isinstance(player, Seeing) else None for player in players]
    return recorded(play(env, players, seed & 0xFFFFFFFF, LONGEST, params=params, look=look), words, wires, policies)


def recorded(
    episode: Episode,
    words: NDArray[np.uint32],
    teams: NDArray[np.integer],
    policies: Sequence[Policy | None] = (),
) -> RecordedBattle:
    """The battle of an episode, and what its players knew.

    `words`: uint32[2], Showdown's seed. `teams`: [2, 6, 16], as on the wire. `policies`: those whose choices are told.
    """
    env: Any = episode.env
    records = np.asarray(_records(episode.states.battle))[:, column_order(record_order())]
    job = BattleJob(
        formats.find(env.format).reference,
        (int(words[0]), int(words[1])),
        np.asarray(teams, np.uint16),
        np.asarray(episode.actions, np.uint8),
    )
    return RecordedBattle(job, records, field_names(), minds(episode, policies))


@jax.jit
def _records(battles: Any) -> jax.Array:
    return jax.lax.map(lambda battle: record(unpack(battle)), jax.tree.map(jnp.asarray, battles))
