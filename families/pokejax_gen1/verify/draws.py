"""The draws of a battle of Gen 1, for its law to be checked (L3d), and draws that a record shows."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pokejax.common import formats
from pokejax.common.rng import Rng, draw
from pokejax.env import Gen1Battle
from references.protocol import Snapshot
from references.showdown.lcg import draws_between, state_of
from verification.adapters.episodes import first_states
from verification.backends import Vmap
from verification.plugin import DrawSample
from verification.statistics.laws import DrawLaw


def draws_apart(reference: Snapshot, candidate: Snapshot) -> str:
    """The candidate's draws beyond the reference's, in words."""
    theirs, ours = (state_of(int(one["prng_hi"]), int(one["prng_lo"])) for one in (reference, candidate))
    extra = draws_between(theirs, ours)
    return "more than 64 draws apart" if extra is None else f"{extra:+d} draws" if extra else ""


class Drawn(Gen1Battle):
    """A battle's draws before it begins, in place of its state; auto-reset is that of the battle."""

    def reset_env(self, key: jax.Array, params: Any) -> Any:
        rng, teams = self.draw(key, params)
        state = {"rng": rng, "teams": teams}
        return state, state

    def observe(self, state: Any, params: Any) -> Any:
        del params
        return state

    def legal_actions(self, state: Any, params: Any) -> jax.Array:
        del state, params
        return jnp.ones((*self._player_axis, self.num_actions), bool)


def sample(env: str, vmap: Vmap, seed: int, lanes: int) -> DrawSample:
    """The seeds and teams of two battles a lane, by reset and by auto-reset, and the first draws of the generators."""
    made = Drawn(format=formats.of_environment(env).id)
    params = made.default_params
    pool = len(params.pool.species)
    params = params.replace(pool=np.zeros(pool, np.int8))  # their number is all that is drawn from

    def drawn(state: Any) -> dict[str, jax.Array]:
        rng, teams = state["rng"], state["teams"]
        later, accuracy = draw(Rng(hi=rng.hi, lo=rng.lo), 256)
        _, roll = draw(later, 39)
        return {
            "seed, high byte": rng.hi >> np.uint32(24),
            "seed, low byte": rng.lo & np.uint32(255),
            "team of p1": teams[0],
            "team of p2": teams[1],
            "first draw of 256": accuracy,
            "second draw of 39": roll,
        }

    def lane(key: jax.Array) -> dict[str, jax.Array]:
        return jax.vmap(drawn)(first_states(made, key, params, 2))

    keys = jax.random.split(jax.random.key(seed), lanes)
    values = {name: np.asarray(v).astype(np.int64) for name, v in jax.jit(vmap(lane))(keys).items()}
    sizes = dict.fromkeys(values, 256) | {"team of p1": pool, "team of p2": pool, "second draw of 39": 39}
    return DrawSample([DrawLaw.uniform_int(name, 0, sizes[name]) for name in values], values)
