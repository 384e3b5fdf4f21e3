"""The players' side of a battle: what each knew of the other, and what its policy would have done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from baselines.policy import Policy
from baselines.watch import Episode, jit_for_one_run
from pokejax.gen1.choices import FIRST_MOVE, NO_OP, NUM_ACTIONS
from pokejax.gen1.dex import load_dex
from pokejax.gen1.state import unpack

DRAWS = 128
"""Actions that are drawn of a policy at each decision point, to tell how often it takes which."""
Mind = dict[str, Any]


def minds(episode: Episode, policies: Sequence[Policy | None] = ()) -> list[list[Mind]]:
    """Of each of T + 1 decision points, both players' minds.

    A mind has "foe", the Pokémon that the player has seen ("species", "level", "hp" in percent, "moves"), and "unseen",
    the number of those that it has not; "took", the choice made, or ""; "choices", `[words, share]` of `DRAWS` draws,
    the likeliest first; and "value", the return that the network expects. The last two are empty and None for a
    player without a policy in `policies`, and while it waits; "value" also where the policy does not tell one.
    """
    names = _choice_names(episode)
    states = jax.tree.map(jnp.asarray, episode.states)
    obs, masks, shares, values = jax.tree.map(
        np.asarray, _program(episode.env, tuple(policies))(states, episode.params)
    )
    found = []
    for step in range(len(masks)):
        row = []
        for seat in range(2):
            mind = {**_seen(obs, step, seat), "took": "", "choices": [], "value": None}
            waits = bool(masks[step, seat, NO_OP])
            if step < len(episode.actions) and not waits:
                mind["took"] = names[step][seat][int(episode.actions[step, seat])]
            if shares[seat] is not None and not waits and mind["took"]:
                order = np.argsort(-shares[seat][step], kind="stable")
                taken = [(int(a), round(float(shares[seat][step, a]), 4)) for a in order if shares[seat][step, a] > 0]
                mind["choices"] = [[names[step][seat][action], share] for action, share in taken]
            if values[seat] is not None and mind["took"]:
                mind["value"] = round(float(values[seat][step]), 3)
            row.append(mind)
        found.append(row)
    return found


def _program(env: Any, policies: tuple[Policy | None, ...]) -> Any:
    """Compiled: of stacked states the observations, the masks, and both seats' shares of actions and values."""
    players = (*policies, None, None)[:2]

    def step(memories: list[Any], now: tuple[Any, jax.Array], params: Any) -> tuple[list[Any], Any]:
        state, number = now
        obs, mask = env.observe(state, params), env.legal_actions(state, params)
        kept, shares, values = [], [], []
        for seat, player in enumerate(players):
            if player is None:
                kept, shares, values = [*kept, ()], [*shares, None], [*values, None]
                continue
            own = jax.tree.map(lambda leaf, seat=seat: jnp.repeat(leaf[seat][None], DRAWS, axis=0), (obs, mask))
            many, masks = own
            first = jnp.full(DRAWS, number == 0)
            key = jax.random.fold_in(jax.random.fold_in(jax.random.key(0), number), seat)
            value = getattr(player, "value", None)
            values.append(None if value is None else value(many, masks, memories[seat], first)[0])
            actions, memory = player.act(key, many, masks, memories[seat], first)
            shares.append(jnp.mean(actions[:, None] == jnp.arange(NUM_ACTIONS), axis=0, dtype=jnp.float32))
            kept.append(memory)
        return kept, (obs, mask, shares, values)

    def run(states: Any, params: Any) -> Any:
        count = len(jax.tree.leaves(states)[0])
        start = [() if player is None else player.initial_carry(DRAWS) for player in players]
        return jax.lax.scan(lambda carry, now: step(carry, now, params), start, (states, jnp.arange(count)))[1]

    return jit_for_one_run(run)


def _seen(obs: Any, step: int, seat: int) -> Mind:
    dex, foe = load_dex(), []
    for row in range(len(obs.foe_species[step, seat])):
        species = int(obs.foe_species[step, seat, row])
        if species:
            moves = [str(dex.moves.name[int(move)]) for move in obs.foe_moves[step, seat, row] if move]
            foe.append(
                {
                    "species": str(dex.species.name[species]),
                    "level": int(obs.foe_level[step, seat, row]),
                    "hp": int(obs.foe_hp_percent[step, seat, row]),
                    "moves": moves,
                }
            )
    return {"foe": foe, "unseen": int(obs.foe_team_size[step, seat]) - len(foe)}


def _choice_names(episode: Episode) -> list[list[list[str]]]:
    """Words for each action, of each decision point and player."""
    dex, battles = load_dex(), unpack(episode.states.battle)
    found = []
    for step in range(len(battles.turn)):
        row = []
        for seat, party in zip(battles.seats, battles.parties, strict=True):
            species = [str(dex.species.name[int(number)]) for number in party.species[step]]
            moves = [str(dex.moves.name[int(move)]) or "–" for move in np.asarray(seat.moves)[step]]
            row.append([*(f"switch to {name}" for name in species), *moves, "wait"])
        found.append(row)
    assert len(species) == FIRST_MOVE and len(row[0]) - 1 == NO_OP
    return found
