"""One game, played action by action."""

from __future__ import annotations

from references.tcg_pocket import actions as a
from references.tcg_pocket.attacks import copy, declare
from references.tcg_pocket.board import (
    discard_from_play,
    evolve,
    put_in_play,
    switch,
)
from references.tcg_pocket.cards import ENERGY_TYPES
from references.tcg_pocket.chance import Chance
from references.tcg_pocket.damage import hit
from references.tcg_pocket.effects import Use, heal, run
from references.tcg_pocket.energy import attach_from_zone, discard_energy, retreat_cost, worth
from references.tcg_pocket.state import Choice, Game, InPlay, Player
from references.tcg_pocket.targets import targets
from references.tcg_pocket.turns import begin_turn, proceed


def play(game: Game, chance: Chance, action: int) -> None:
    """Carry out an action of the player to act. `ValueError` for one that is not legal."""
    if action not in a.legal_actions(game):
        raise ValueError(f"action {action} is not legal; allowed are {a.legal_actions(game)}")
    if game.phase == "setup":
        place(game, chance, action)
    elif game.phase == "promote":
        promote(game, chance, action - a.OWN)
    elif game.phase == "choose":
        chosen(game, chance, action)
    else:
        take_turn(game, chance, action)


def place(game: Game, chance: Chance, action: int) -> None:
    """Setup: a Basic to the Active Spot, then to the Bench. When both are done, turn 1 begins."""
    if action != a.END:
        player = game.me
        card = player.hand.pop(action - a.PLAY).card
        spot = 0 if player.spots[0] is None else player.free_spot()
        player.spots[spot] = InPlay([card])
    elif game.current == 0:
        game.current = 1
    else:
        begin_turn(game, chance)


def promote(game: Game, chance: Chance, spot: int) -> None:
    """Bring a benched Pokémon to the Active Spot that is empty."""
    switch(game.players[a.player_to_act(game)], spot)
    proceed(game, chance, game.after)


def take_turn(game: Game, chance: Chance, action: int) -> None:
    if action == a.END:
        proceed(game, chance, "end")
    elif action < a.EVOLVE:
        play_card(game, chance, action - a.PLAY)
    elif action < a.ATTACH:
        place, spot = divmod(action - a.EVOLVE, 4)
        pokemon = game.me.spots[spot]
        assert pokemon
        evolve(pokemon, game.me.hand.pop(place).card)
    elif action < a.RETREAT:
        kind, game.me.zone = game.me.zone, ""
        attach_from_zone(game.me, game.opponent, action - a.ATTACH, kind)
        proceed(game, chance, "main")
    elif action < a.ABILITY:
        retreat(game, action - a.RETREAT + 1)
    elif action < a.ATTACK:
        use_ability(game, chance, action - a.ABILITY)
    elif action < a.DISCARD_FOSSIL:
        declare(game, chance, game.me.active.card.attacks[action - a.ATTACK])
    else:
        discard_from_play(game.me, action - a.DISCARD_FOSSIL)
        proceed(game, chance, "main")


def play_card(game: Game, chance: Chance, place: int) -> None:
    """A Basic or a fossil to the Bench; a Trainer to the discard pile, after its operations."""
    player = game.me
    card = player.hand.pop(place).card
    if card.is_pokemon or card.is_fossil:
        put_in_play(player, card)
        return
    player.supporter_played |= card.category == "supporter"
    player.discard.append(card)
    carry_out(game, Use(game, chance), card.operations)


def use_ability(game: Game, chance: Chance, spot: int) -> None:
    pokemon = game.me.spots[spot]
    assert pokemon and pokemon.card.ability
    pokemon.ability_used = True
    carry_out(game, Use(game, chance, spot), pokemon.card.ability.operations)


def carry_out(game: Game, use: Use, operations: tuple) -> None:
    """Operations of a Trainer or an ability; the turn goes on afterwards, when all is chosen."""
    run(use, operations)
    if game.choice:
        game.phase, game.after = "choose", "main"
    else:
        proceed(game, use.chance, "main")


def retreat(game: Game, spot: int) -> None:
    """Pay the Retreat Cost, Energy by Energy where there is something to choose, and change places."""
    game.me.retreated = True
    cost = retreat_cost(game.me)
    game.choice = Choice(game.current, {"op": "pay_retreat", "spot": spot}, False, cost)
    pay_what_is_clear(game)


def pay_what_is_clear(game: Game) -> None:
    """Pay without asking while all of the Energy is needed or only one type is left; then ask, or change places."""
    player, choice = game.me, game.choice
    assert choice
    while choice.left > 0:
        provided = worth(player, player.active)
        kinds = [kind for kind in ENERGY_TYPES if provided[kind]]
        if len(kinds) > 1 and sum(provided.values()) > choice.left:
            game.phase, game.after = "choose", "main"
            return
        pay(game, kinds[0])
    game.phase, game.choice = "main", None
    switch(player, choice.operation["spot"])


def pay(game: Game, kind: str) -> None:
    """Discard one Energy of a type; it pays for as much as it provides."""
    player, choice = game.me, game.choice
    assert choice
    choice.left -= worth(player, player.active)[kind] // player.active.energy[kind]
    discard_energy(player, player.active, kind, 1)


def chosen(game: Game, chance: Chance, action: int) -> None:
    """Carry out what an operation asked for."""
    choice = game.choice
    assert choice
    row, name = choice.operation, choice.operation["op"]
    own, theirs = action - a.OWN, action - a.OPPONENT
    if name == "pay_retreat":
        pay(game, ENERGY_TYPES[action - a.PAY])
        pay_what_is_clear(game)
        return
    if name == "copy_attack":
        spot, index = divmod(action - a.COPY, 2)
        pokemon = game.opponent.spots[spot]
        assert pokemon
        game.phase, game.choice = "main", None
        copy(game, chance, row["among"], pokemon.card.attacks[index])
        return
    if name == "choose_damage":
        damage_chosen(game, choice, action)
    elif name == "choose_attach":
        count = chance.until_tails("until_tails") if row["count"] == "until_tails" else 1
        attach_from_zone(game.me, game.opponent, own, row["type"], count)
        choice.left -= 1
        choice.used = (*choice.used, own) if row.get("distinct") else ()
        if choice.left and targets(game, row, choice.used):
            return
    elif name == "choose_heal":
        heal(in_spot(game.me, own), row["amount"])
    elif name == "switch_self":
        switch(game.me, own)
    elif name == "switch_out":
        switch(game.opponent, own)
    elif name == "switch_in":
        switch(game.opponent, theirs)
    elif name == "move_energy":
        in_spot(game.me, own).energy[row["type"]] -= 1
        game.me.active.energy[row["type"]] += 1
    elif name == "choose_from_discard":
        put_in_play(game.opponent, game.opponent.discard.pop(action - a.PLAY))
    else:
        raise NotImplementedError(name)
    proceed(game, chance, game.after, by_attack=choice.attack)


def in_spot(player: Player, spot: int) -> InPlay:
    pokemon = player.spots[spot]
    assert pokemon
    return pokemon


def damage_chosen(game: Game, choice: Choice, action: int) -> None:
    """An attack's damage is changed by what changes attacks; an ability's, and damage to the own side, by nothing."""
    amount = choice.operation["amount"]
    if action >= a.OPPONENT and choice.attack:
        hit(game, action - a.OPPONENT, amount)
    elif action >= a.OPPONENT:
        in_spot(game.opponent, action - a.OPPONENT).damage += amount
    else:
        in_spot(game.me, action - a.OWN).damage += amount
