"""Seeded bugs: slips that porting this game invites. Killing them measures the verifier.

`C1` to `C10` are the ones that ports of card games are known for.
"""

from __future__ import annotations

from collections.abc import Mapping

from verification.mutants.mutant import Mutant


def _slip(id: str, place: str, old: str, new: str, changes: str, *owner: str, at: int | None = None) -> Mutant:
    module, _, function = place.partition(".")
    return Mutant(id, f"tcgjax.{module}", function, old, new, changes, "L1", owner, occurrence=at)


MUTANTS = (
    # Slips of card games.
    _slip("C1", "cards.draw_one", "game.deck[ME, 0]", "at(game.deck[ME], length(game.deck)[ME] - 1)",
          "a card is drawn from the bottom of the deck", "cards", at=2),
    _slip("C2", "cards.move_cards", "jnp.where(new_hand, 0, hand)", "hand",
          "a new hand is drawn on top of the old one", "cards"),
    _slip("C3", "turns.proceed", "game.turn >= game.turn_limit", "game.turn > game.turn_limit",
          "a game lasts one turn too long", "turn"),
    _slip("C4", "turns.settle", "jnp.where(met[OPPONENT] > met[ME], 1 - game.current, game.current)",
          "game.current", "of two who could win, the current player always does", "points"),
    _slip("C5", "turns.begin_turn", "game.replace(supporter_played=nobody, retreated=nobody, new=no_spot, "
          "evolved=no_spot, ability_used=no_spot)", "game.replace(supporter_played=both(jnp.zeros((), bool), "
          "game.supporter_played[OPPONENT]), retreated=nobody, new=no_spot, evolved=no_spot, ability_used=no_spot)",
          "that a Supporter was played is not forgotten for the other player", "once"),
    _slip("C6", "energy.attach_from_zone", "jnp.where(healed > 0, jnp.maximum(game.damage[ME] - healed, 0), "
          "game.damage[ME])", "game.damage[ME]", "an ability does not see the Energy", "damage"),
    _slip("C7", "effects.ask", "(number > 0) & (left > 0) & fits & ~stays", "(number > 0) & (left > 0) & ~stays",
          "a choice is asked for where there is nothing to choose", "turn"),
    _slip("C8", "actions.main_actions", "there & (game.zone[ME] > 0)", "there | (game.zone[ME] > 9)",
          "Energy may be attached where none is left", "mask"),
    _slip("C9", "board.evolve", "without_conditions(game, here)", "game",
          "an evolved Pokémon keeps its Special Conditions", "conditions"),
    _slip("C10", "observation.view", "both_known[OPPONENT] & ~setup", "~setup",
          "the whole hand of the other player is seen", "observation"),
    # The course of a turn.
    _slip("T1", "turns.begin_turn", "turn > 1", "turn > 2", "the second player gets no Energy in turn 2",
          "energy", at=2),
    _slip("T2", "turns.begin_turn", "(turn > 1) | game.first_player_draws", "turn > 1",
          "the first player never draws in turn 1", "cards"),
    _slip("T3", "turns.begin_turn", "jnp.where(later, drawn, game.next_energy[ME])", "game.next_energy[ME]",
          "the next Energy is never drawn anew", "energy"),
    _slip("T4", "turns.end_turn", "both(jnp.zeros((), jnp.int32), game.zone[OPPONENT])", "game.zone",
          "Energy that was not attached waits for the next turn", "energy"),
    _slip("T5", "turns.age_effects", "jnp.maximum(game.effect_turns - 1, 0)", "game.effect_turns",
          "effects on Pokémon last for ever", "effects"),
    _slip("T6", "turns.checkup", "jnp.where(poisoned, POISON, 0)", "jnp.where(poisoned, BURN, 0)",
          "poison does what a burn does", "damage"),
    _slip("T7", "turns.checkup", "game.burned & ~cooled", "game.burned & cooled", "tails end a burn", "conditions"),
    _slip("T8", "turns.checkup", "mine & ACTIVE & (game.condition == PARALYZED)",
          "ACTIVE & (game.condition == PARALYZED)", "both players' Pokémon recover from paralysis", "conditions"),
    _slip("T9", "turns.checkup", "flip(chance, SLEEP_COIN + players)", "flip(chance, SLEEP_COIN + players[::-1])",
          "a sleeper looks at the other player's coin", "conditions"),
    _slip("T10", "turns.settle", "hit_points(game) <= 0", "hit_points(game) < 0",
          "a Pokémon with 0 HP stays", "cards"),
    _slip("T11", "turns.settle", "jnp.where(beaten, 1 + lookup(tables().ex, kinds(game)).astype(jnp.int32), 0)",
          "beaten.astype(jnp.int32)", "an ex gives one point", "points"),
    _slip("T12", "turns.settle", "total(worth, 1)[::-1]", "total(worth, 1)", "who is knocked out gets the points",
          "points"),
    _slip("T13", "turns.settle", "game.points >= POINTS_TO_WIN", "game.points > POINTS_TO_WIN",
          "four points win", "points"),
    _slip("T14", "turns.settle", "jnp.any(beaten[OPPONENT]) & by_attack", "jnp.any(beaten[OPPONENT])",
          "a knock-out by poison counts as one by an attack", "once"),
    # Damage.
    _slip("D1", "damage.hit", "jnp.where(ACTIVE & (base > 0), more, 0)", "jnp.where(base > 0, more, 0)",
          "Giovanni helps against the Bench", "damage"),
    _slip("D2", "damage.hit", "ACTIVE & (lookup(tables().weakness, targets) == attacker_type)",
          "lookup(tables().weakness, targets) == attacker_type", "Weakness counts on the Bench", "damage"),
    _slip("D3", "damage.hit", "jnp.where(weak & (damage > 0), WEAKNESS, 0)", "jnp.where(weak, WEAKNESS, 0)",
          "an attack without damage has Weakness", "damage"),
    _slip("D4", "damage.hit", "jnp.where(damage > 0, counter(game), 0)", "counter(game)",
          "a counterattack without having been damaged", "damage"),
    _slip("D5", "damage.hit", "jnp.where(damage > 0, amount(game, 'do_less')[ME, 0], 0)", "0",
          "Growl does nothing", "damage"),
    _slip("D6", "damage.taken_less", "(passive.type == 0) | (passive.type == attacker_type)", "passive.type == 0",
          "a protection against one type protects from none", "damage"),
    _slip("D7", "damage.holds", "game.knocked_out_turn[ME] == game.turn - 1", "game.knocked_out_turn[ME] > 0",
          "Revenge is never forgotten", "damage"),
    _slip("D8", "damage.count", "there[OPPONENT] & BENCH", "there[OPPONENT]", "the Active Pokémon counts as benched",
          "damage"),
    # Energy and retreat.
    _slip("E1", "energy.covers", "provided >= cost[..., :KINDS_OF_ENERGY]", "provided > cost[..., :KINDS_OF_ENERGY]",
          "an attack needs an Energy more of each type", "mask"),
    _slip("E2", "energy.covers", "typed & (total(provided, -1) >= cost[..., KINDS_OF_ENERGY])", "typed",
          "colorless costs are free", "mask"),
    _slip("E3", "energy.worth", "own_type & doubled[:, None]", "doubled[:, None]",
          "Jungle Totem doubles Energy on all Pokémon", "mask"),
    _slip("E4", "energy.retreat_cost", "lookup(tables().retreat, card) - less", "lookup(tables().retreat, card)",
          "X Speed does nothing", "mask"),
    _slip("E5", "energy.discard_energy", "game.discarded_energy + total(lost, 1)", "game.discarded_energy",
          "discarded Energy is gone", "energy"),
    _slip("E6", "answers.retreat", "(total(provided > 0) > 1) & (total(provided) > game.choice_left)",
          "total(provided > 0) > 9", "the player never chooses what to pay", "turn"),
    _slip("E7", "actions.main_actions", "leaves & (total(provided) >= retreat_cost(game))", "leaves",
          "a retreat that cannot be paid is allowed", "mask"),
    _slip("E8", "actions.main_actions", "awake & (amount(game, 'no_retreat')[ME, 0] == 0) & ~game.retreated[ME]",
          "awake & (amount(game, 'no_retreat')[ME, 0] == 0)", "a second retreat in a turn", "mask"),
    # Evolving, abilities, Trainers.
    _slip("A1", "actions.may_evolve", "game.turn > 2", "game.turn > 1", "evolving in the own first turn", "mask"),
    _slip("A2", "actions.may_evolve", "taken(game)[ME] & ~game.new[ME] & ~forbidden & (game.turn > 2)",
          "taken(game)[ME] & ~forbidden & (game.turn > 2)", "a Pokémon evolves in the turn it was played", "mask"),
    _slip("A3", "actions.may_play", "facts.trainer & fits & ~(facts.supporter & no_more)", "facts.trainer & fits",
          "a second Supporter in a turn", "mask"),
    _slip("A4", "actions.may_use_ability", "ACTIVE | (use != USES.index('once_active'))", "ACTIVE | (use > 0)",
          "abilities of the Active Spot work on the Bench", "mask"),
    _slip("A5", "rules.attack_or_use", "game.ability_used | own(user & intent.uses)", "game.ability_used",
          "an ability is used without end", "once"),
    _slip("A6", "attacks.is_stopped", "(game.condition[ME, 0] == IS_CONFUSED) & ~flip(chance, CONFUSED)",
          "(game.condition[ME, 0] == IS_CONFUSED) & flip(chance, CONFUSED)", "heads stop a Confused Pokémon",
          "damage"),
    _slip("A7", "board.switch", "without_conditions(game, this & ACTIVE)", "game",
          "a Pokémon takes its Special Conditions to the Bench", "conditions"),
    _slip("A8", "board.set_status", "jnp.where(here & is_condition, status, game.condition)",
          "jnp.where(here & is_condition & (game.condition == 0), status, game.condition)",
          "the first condition stays", "conditions"),
    _slip("A9", "cards.draw_one", "jnp.maximum(game.known_top[ME] - 1, 0)", "game.known_top[ME]",
          "a card that was looked at is drawn, and the next one is seen", "cards"),
    _slip("A10", "cards.move_cards", "jnp.where(shuffles, 0, seen)", "seen",
          "the top of a shuffled deck is still known", "cards"),
    _slip("A11", "cards.move_cards", "held < HAND_LIMIT", "held <= HAND_LIMIT", "an eleventh card by a search",
          "cards"),
    _slip("A12", "effects.change_players", "jnp.where(adds, game.player_effects + row.amount, row.amount)",
          "game.player_effects + row.amount", "two Giovannis add up", "effects"),
    _slip("A13", "effects.change_pokemon", "jnp.asarray(ACTIVE) & ~protected(game, use.attack)",
          "jnp.asarray(ACTIVE)", "a Pokémon in the ground can be poisoned", "conditions"),
    _slip("A14", "effects.discard_random_energy", "(before > found) & (before - there <= found)",
          "(before >= found) & (before - there < found)", "the Energy before the one that was drawn is lost",
          "energy"),
    # What is seen, paid and cut off.
    _slip("O1", "observation.view", "jnp.arange(SEEN_TOP, dtype=jnp.int32) < known_top.astype(jnp.int32)",
          "jnp.arange(SEEN_TOP, dtype=jnp.int32) <= known_top.astype(jnp.int32)",
          "a card of the deck too many is seen", "observation"),
    _slip("O2", "observation.view", "jnp.where(seen, sizes, OPENING_HAND)", "sizes",
          "the other's hand shows in the setup how many Basics it had", "observation"),
    _slip("O3", "observation.view", "mine & (game.turn > 0)", "mine", "the setup counts as a turn", "observation"),
    _slip("S1", "env.Pocket.step_env", "steps >= params.max_steps_in_episode",
          "steps > params.max_steps_in_episode", "cut off one step late", "outcome"),
    _slip("S2", "env.Pocket.step_env", "terminated & (state.game.phase != OVER)", "terminated",
          "the winner is paid again and again", "outcome"),
    _slip("S3", "env.Pocket.step_env", "jnp.stack([wins, -wins])", "jnp.stack([wins, wins])",
          "both are paid for one's win", "outcome"),
)  # fmt: skip
"""Id, module and function, expression, its replacement, what is wrong then, and where it shows first."""
SURVIVORS: Mapping[str, str] = {
    "S2": "levels 1 to 3 step from no finished game: a public step begins the next one",
}
"""Id of a mutant → the reason for which no level can kill it."""
