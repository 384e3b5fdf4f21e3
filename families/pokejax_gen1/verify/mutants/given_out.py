"""Slips around the engine: rewards, endings, what players see and are remembered to have seen, auto-reset's figures.

Rows: id, place, old, new, what changes, cheapest level, owners of fields, why.
"""

from __future__ import annotations

from families.pokejax_gen1.verify.mutants.slip import slip

_ENV = "pokejax.env:BattleEnvironment.step_env"
_AUTORESET = "jaxenv.autoreset:step"
_NEXT = "maybe(ended, lambda _: reset_hook(env)(jax.random.split(key)[1], params)[1], env_state)"

# fmt: off
GIVEN_OUT = (
    # Rewards and endings.
    slip("rewards-swapped", _ENV, "jnp.stack([wins, -wins])", "jnp.stack([-wins, wins])",
         "the loser gets the winner's reward", "L1", "reward"),
    slip("paid-again", _ENV, "terminated & (before == ONGOING)", "terminated",
         "a step after the end pays the reward again", "L1", "reward"),
    slip("truncated-late", _ENV, "state.steps >= params.max_steps_in_episode",
         "state.steps > params.max_steps_in_episode", "truncation comes one step late", "L1", "limit episode"),
    slip("illegal-swapped", _ENV, "{'illegal': illegal}", "{'illegal': illegal[::-1]}",
         "an illegal action is laid to the other player", "L1", "masks"),
    slip("final-of-next", _AUTORESET, "obs", f"env.observe({_NEXT}, params)",
         "final_observation is the next episode's first", "L1", "memory observation final", occurrence=1),
    slip("final-mask-of-next", _AUTORESET, "env.legal_actions(env_state, params)",
         f"env.legal_actions({_NEXT}, params)", "final_legal_actions is the next episode's first", "L1", "masks"),
    slip("length-off", _AUTORESET, "jnp.where(ended, episode_length, 0)", "jnp.where(ended, episode_length - 1, 0)",
         "info's episode length is one too small", "L1", "episode"),
    slip("return-lost", _AUTORESET, "jnp.where(ended, episode_return, jnp.zeros_like(episode_return))",
         "jnp.zeros_like(episode_return)", "info's episode return is always 0", "L1", "episode"),
    # The own team.
    slip("stale-pp", "observation.build:observe",
         "jnp.where(active[..., None], seats.base_pp[:, None, :], parties.pp)", "parties.pp",
         "the active Pokémon's PP are those of when it came in", "L1", "memory observation"),
    slip("stale-hp", "observation.build:observe", "jnp.where(active, seats.hp[:, None], parties.hp)", "parties.hp",
         "the active Pokémon's HP are those of when it came in", "L1", "observation"),
    slip("stale-status", "observation.build:observe", "jnp.where(active, seats.status[:, None], parties.status)",
         "parties.status", "the active Pokémon's status is that of when it came in", "L1", "observation"),
    slip("all-seen", "observation.build:observe",
         "jnp.any(memory.appearance[:, None, :] == jnp.arange(TEAM_SIZE, dtype=jnp.int8)[None, :, None], axis=-1)",
         "parties.species != 0", "the whole own team counts as seen", "L1", "memory"),
    # The foe's.
    slip("unseen-moves", "observation.build:observe", "_known_moves(parties.moves, pp, memory.moves)",
         "_known_moves(parties.moves, pp, parties.moves != 0)", "moves are shown that nobody has seen", "L1", "memory"),
    slip("moves-now", "observation.build:observe",
         "seats.transformed[:, None] | seats.virtual | jnp.any(active[..., None] & memory.moves, axis=1)",
         "seats.moves != 0", "all moves of the active foe are shown", "L1", "memory observation"),
    slip("unseen-foe", "observation.build:_by_appearance", "jnp.where((appearance != UNSEEN)[..., None], chosen, 0)",
         "chosen", "who has not appeared is shown as the first of the team", "L1", "memory observation"),
    slip("own-size", "observation.build:observe", "jnp.sum(parties.species != 0, axis=-1, dtype=jnp.uint8)[::-1]",
         "jnp.sum(parties.species != 0, axis=-1, dtype=jnp.uint8)", "the foe's team counts as large as the own", "L1",
         "observation"),
    slip("percent-99", "observation.build:hp_percent", "jnp.where((percent == 100) & (hp < max_hp), 99, percent)",
         "percent", "99.5 % and more are shown as 100 %", "L1", "observation"),
    slip("percent-down", "observation.build:hp_percent", "jnp.ceil(share - 1e-4)", "jnp.floor(share)",
         "percentages are rounded down", "L1", "observation"),
    # Both active Pokémon.
    slip("foe-first", "observation.build:_both", "jnp.stack([by_side, by_side[::-1]], axis=1)",
         "jnp.stack([by_side[::-1], by_side], axis=1)", "the foe's values stand before the own", "L1", "observation"),
    slip("types-order", "observation.build:observe", "jnp.stack([seats.type1, seats.type2], axis=-1)",
         "jnp.stack([seats.type2, seats.type1], axis=-1)", "the second type comes first", "L1", "observation"),
    slip("boosts-order", "observation.build:observe",
         "jnp.concatenate([seats.boosts, seats.accuracy[:, None], seats.evasion[:, None]], axis=-1)",
         "jnp.concatenate([seats.boosts, seats.evasion[:, None], seats.accuracy[:, None]], axis=-1)",
         "evasion stands in accuracy's place", "L1", "observation"),
    slip("trap-ends", "observation.build:_volatiles", "jnp.stack([stuck, goes_on], axis=1)",
         "jnp.stack([goes_on, stuck], axis=1)", "who traps is shown as trapped", "L1", "observation"),
    slip("thrash-shown", "observation.build:_volatiles", "seats.locked_move > 0", "seats.rage_accuracy > 0",
         "Thrash is shown where Rage is", "L1", "observation"),
    slip("toxic-shown", "observation.build:observe", "seats.toxic_counter.astype(jnp.uint8)",
         "(seats.toxic_counter + 1).astype(jnp.uint8)", "the Toxic counter is shown one too high", "L1", "observation"),
    slip("last-move-side", "observation.build:observe", "_both(seats.last_move)", "_both(seats.side_last_move)",
         "the side's last move is shown as the Pokémon's", "L1", "observation"),
    slip("charge-hidden", "observation.build:observe", "_both(seats.two_turn_move)",
         "_both(jnp.zeros_like(seats.two_turn_move))", "a charge under way is not shown", "L1", "observation"),
    slip("disable-shown", "observation.build:observe", "_both(seats.disable_move)", "_both(seats.disable_turns)",
         "the turns of Disable, which are hidden, are shown as its move", "L1", "observation"),
    slip("species-kept", "observation.build:observe", "_both(seats.species)",
         "_both(jnp.sum(jnp.where(active, parties.species, 0), axis=1))", "Transform does not show", "L1",
         "observation"),
    slip("request-own", "observation.build:observe", "_both(seats.request.astype(jnp.uint8))",
         "jnp.stack([seats.request, seats.request], axis=1).astype(jnp.uint8)",
         "the own request is shown as the foe's", "L1", "observation"),
    slip("turn-before", "observation.build:observe", "jnp.broadcast_to(battle.turn, (2,))",
         "jnp.broadcast_to(battle.turn - 1, (2,))", "the turn is the last one's", "L1", "observation"),
    slip("lock-hidden", "observation.build:observe", "seats.maybe_locked & asked",
         "seats.maybe_locked & asked & False", "a move that may be decided already is not announced", "L1",
         "observation"),
    # What has been shown.
    slip("memory-appearance", "observation.memory:_appear", "jnp.where(new, slot, appearance)", "appearance",
         "who comes in is not remembered", "L1", "memory observation"),
    slip("memory-moves", "observation.memory:remember", "active[:, None] & shown[None, :]",
         "active[:, None] & shown[None, :] & False", "moves are not remembered", "L1", "memory observation"),
    slip("memory-copied", "observation.memory:remember",
         "_shown_moves(was, now, foe_was) | _copied_moves(was, now, foe_now)",
         "_shown_moves(was, now, foe_was)",
         "what Mimic names and Transform lists is not remembered", "L1", "memory observation"),
    slip("memory-slept", "observation.memory:_count_sleep", "slept + (fell == 1).astype(jnp.uint8)", "slept",
         "turns slept are not counted", "L1", "memory"),
    slip("memory-wakes", "observation.memory:_count_sleep",
         "jnp.where((now.status == Status.SLP) & (now.hp > 0), count, 0)", "count",
         "turns slept are kept after waking", "L1", "memory"),
)
