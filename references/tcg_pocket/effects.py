"""Operations of attacks, abilities and Trainers: one function each, found by name."""

from __future__ import annotations

from collections.abc import Callable

from references.tcg_pocket import board, damage
from references.tcg_pocket.cards import ENERGY_TYPES, Operation
from references.tcg_pocket.chance import Chance
from references.tcg_pocket.energy import attach_from_zone, discard_all_energy, discard_energy
from references.tcg_pocket.state import Choice, Game, InHand, InPlay, Lasting, Player
from references.tcg_pocket.targets import targets


class Use:
    """An attack, ability or Trainer in use: the game, who uses it, and what its coins and its damage came to."""

    def __init__(self, game: Game, chance: Chance, spot: int = 0, attack: bool = False) -> None:
        self.game, self.chance, self.spot, self.attack = game, chance, spot, attack
        self.heads = self.flips = self.dealt = 0

    @property
    def me(self) -> Player:
        return self.game.me

    @property
    def opponent(self) -> Player:
        return self.game.opponent

    @property
    def user(self) -> InPlay:
        pokemon = self.me.spots[self.spot]
        assert pokemon
        return pokemon

    def protected(self, pokemon: InPlay) -> bool:
        """Effects of attacks do not reach the opponent's Pokémon."""
        return self.attack and bool(pokemon.amount("untouchable"))


def wanted(use: Use, row: Operation) -> bool:
    """The coins allow the operation."""
    return {"": True, "heads": use.heads > 0, "tails": use.heads == 0}[row.get("when", "")]


def coins(use: Use, row: Operation) -> None:
    if row["mode"] == "until_tails":
        use.heads = use.chance.until_tails("until_tails")
        return
    use.flips = row["count"] if row["mode"] == "count" else sum(damage.worth(use.me, use.user).values())
    use.heads = use.chance.coins("coins", use.flips)


def status(use: Use, row: Operation) -> None:
    target = use.user if row["on"] == "self" else use.opponent.active
    if row["on"] == "self" or not use.protected(target):
        board.set_condition(target, row["status"])


def effect(use: Use, row: Operation) -> None:
    target = use.user if row["on"] == "self" else use.opponent.active
    if row["on"] == "self" or not use.protected(target):
        target.effects[row["kind"]] = Lasting(row["amount"], row["turns"])


def player_effect(use: Use, row: Operation) -> None:
    """A lasting effect on a player. Lower Retreat Costs add up, and so do other amounts within a turn."""
    effects = (use.me if row["on"] == "self" else use.opponent).effects
    before = effects[row["kind"]].amount if row["kind"] in ("retreat_less",) and row["kind"] in effects else 0
    effects[row["kind"]] = Lasting(before + row["amount"], row["turns"], tuple(row.get("names", ())))


def heal(pokemon: InPlay, amount: int) -> None:
    pokemon.damage = max(0, pokemon.damage - amount)


def heal_self(use: Use, row: Operation) -> None:
    heal(use.user, row["amount"])


def heal_each(use: Use, row: Operation) -> None:
    for _, pokemon in use.me.in_play():
        heal(pokemon, row["amount"])


def heal_dealt(use: Use, row: Operation) -> None:
    heal(use.user, use.dealt)


def self_damage(use: Use, row: Operation) -> None:
    """Nothing changes the damage that a Pokémon does to its own side."""
    use.user.damage += row["amount"]


def bench_damage(use: Use, row: Operation) -> None:
    for spot, _ in use.opponent.benched():
        damage.hit(use.game, spot, row["amount"])


def random_hits(use: Use, row: Operation) -> None:
    """Hits on the same Pokémon are added up before anything changes the damage."""
    spots = [spot for spot, _ in use.opponent.in_play()]
    hits = [spots[use.chance.pick("pick", len(spots))] for _ in range(row["times"])]
    for spot in spots:
        damage.hit(use.game, spot, row["amount"] * hits.count(spot))


def discard_own_energy(use: Use, row: Operation) -> None:
    discard_energy(use.me, use.user, row["type"], row["count"])


def discard_own_energies(use: Use, row: Operation) -> None:
    discard_all_energy(use.me, use.user)


def discard_random_energy(use: Use, row: Operation) -> None:
    """One Energy of the opponent's Active Pokémon or of all in play, each as likely."""
    holders = [(use.opponent, use.opponent.active)]
    if row["among"] == "all":
        holders = [(player, pokemon) for player in (use.me, use.opponent) for _, pokemon in player.in_play()]
    there = [(*holder, kind) for holder in holders for kind in ENERGY_TYPES for _ in range(holder[1].energy[kind])]
    if there:
        owner, pokemon, kind = there[use.chance.pick("pick", len(there))]
        if owner is use.me or not use.protected(pokemon):
            discard_energy(owner, pokemon, kind, 1)


def discard_random_card(use: Use, row: Operation) -> None:
    if use.opponent.hand:
        place = use.chance.pick("pick", len(use.opponent.hand))
        use.opponent.discard.append(use.opponent.hand.pop(place).card)


def discard_top(use: Use, row: Operation) -> None:
    for player in (use.me, use.opponent):
        for _ in range(min(row["count"], len(player.deck))):
            player.discard.append(board.take_from_deck(player, 0))


def draw(use: Use, row: Operation) -> None:
    board.draw(use.me, row["count"])


def search(use: Use, row: Operation) -> None:
    """A random card of the deck that fits, to the hand; then the deck is shuffled. A full hand takes none."""
    if board.has_room(use.me) and use.me.deck:
        found = [
            place
            for place, card in enumerate(use.me.deck)
            if (card.is_basic if row["filter"] == "basic" else card.is_pokemon) and row.get("type") in (None, card.type)
        ]
        if found:
            place = found[use.chance.pick("pick", len(found))]
            use.me.hand.append(InHand(board.take_from_deck(use.me, place)))
        board.shuffle_deck(use.me, use.chance)


def search_to_bench(use: Use, row: Operation) -> None:
    if use.me.free_spot() and use.me.deck:
        found = [place for place, card in enumerate(use.me.deck) if card.name in row["names"]]
        if found:
            place = found[use.chance.pick("pick", len(found))]
            board.put_in_play(use.me, board.take_from_deck(use.me, place))
        board.shuffle_deck(use.me, use.chance)


def new_hand(use: Use, row: Operation) -> None:
    """A player shuffles the hand into the deck and draws."""
    player = use.me if row["on"] == "self" else use.opponent
    count = len(use.opponent.hand) if row["count"] == "opponent_hand" else row["count"]
    player.deck += [held.card for held in player.hand]
    player.hand.clear()
    board.shuffle_deck(player, use.chance)
    board.draw(player, count)


def reveal_hand(use: Use, row: Operation) -> None:
    for held in use.opponent.hand:
        held.known = True


def look_at_top(use: Use, row: Operation) -> None:
    use.me.known_top = max(use.me.known_top, min(row["count"], len(use.me.deck)))


def take_top_or_bottom(use: Use, row: Operation) -> None:
    """The top card: a Pokémon of the type goes to the hand, if there is room; another card under the deck."""
    if not use.me.deck or not board.has_room(use.me):
        return
    card = board.take_from_deck(use.me, 0)
    if card.is_pokemon and card.type == row["type"]:
        use.me.hand.append(InHand(card))
    else:
        use.me.deck.append(card)


def attach_self(use: Use, row: Operation) -> None:
    attach_from_zone(use.me, use.opponent, use.spot, row["type"], row["count"])


def attach_active(use: Use, row: Operation) -> None:
    attach_from_zone(use.me, use.opponent, 0, row["type"], row["count"])


def move_all_energy(use: Use, row: Operation) -> None:
    for _, pokemon in use.me.benched():
        use.me.active.energy[row["type"]] += pokemon.energy[row["type"]]
        pokemon.energy[row["type"]] = 0


def return_active(use: Use, row: Operation) -> None:
    """All cards of the Active Pokémon go to the hand, which both have seen; it may then hold more than ten."""
    use.me.hand += [InHand(card, known=True) for card in board.remove_from_play(use.me, 0)]


def shuffle_away(use: Use, row: Operation) -> None:
    """The opponent's Active Pokémon, all its cards, goes into the deck. One that is knocked out stays for that."""
    target = use.opponent.active
    if target.hp > 0 and not use.protected(target):
        use.opponent.deck += board.remove_from_play(use.opponent, 0)
        board.shuffle_deck(use.opponent, use.chance)


def count_sweets_relay(use: Use, row: Operation) -> None:
    use.me.sweets_relays += 1
    use.me.sweets_relay_turn = use.game.turn


def choose(use: Use, row: Operation) -> None:
    """Ask for a choice, if there is something to choose. It is always the last operation."""
    name, chooser = row["op"], use.game.current
    if name in ("switch_out", "switch_in"):
        if use.opponent.active.hp <= 0 or use.protected(use.opponent.active):
            return
        chooser = 1 - chooser if name == "switch_out" else chooser
    if name == "switch_self" and use.user.hp <= 0:
        return
    left = row.get("count", 1) if name == "choose_attach" else 1
    left = use.heads if left == "heads" else 1 if left == "until_tails" else left
    if left and targets(use.game, row):
        use.game.choice = Choice(chooser, row, use.attack, left)


OPERATIONS: dict[str, Callable[[Use, Operation], None]] = {
    "coins": coins,
    "status": status,
    "effect": effect,
    "player_effect": player_effect,
    "heal_self": heal_self,
    "heal_each": heal_each,
    "heal_dealt": heal_dealt,
    "self_damage": self_damage,
    "bench_damage": bench_damage,
    "random_hits": random_hits,
    "discard_energy": discard_own_energy,
    "discard_all_energy": discard_own_energies,
    "discard_random_energy": discard_random_energy,
    "discard_random_card": discard_random_card,
    "discard_top": discard_top,
    "draw": draw,
    "search": search,
    "search_to_bench": search_to_bench,
    "new_hand": new_hand,
    "reveal_hand": reveal_hand,
    "look_at_top": look_at_top,
    "take_top_or_bottom": take_top_or_bottom,
    "attach_self": attach_self,
    "attach_active": attach_active,
    "move_all_energy": move_all_energy,
    "return_active": return_active,
    "shuffle_away": shuffle_away,
    "count_sweets_relay": count_sweets_relay,
    **dict.fromkeys(
        (
            *("choose_damage", "choose_attach", "choose_heal", "switch_self", "switch_out", "switch_in"),
            *("move_energy", "choose_from_discard", "copy_attack"),
        ),
        choose,
    ),
}
BEFORE_DAMAGE = ("coins", "nothing_if_tails", "damage_per", "damage_if")
"""Operations that an attack's damage depends on; they come before all others."""


def run(use: Use, operations: tuple[Operation, ...]) -> None:
    """Carry out operations in their order."""
    for row in operations:
        if wanted(use, row):
            OPERATIONS[row["op"]](use, row)
