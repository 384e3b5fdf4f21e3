"""Attacking: what forbids it, coins that stop it, damage, effects."""

from __future__ import annotations

from references.tcg_pocket import damage
from references.tcg_pocket.cards import Attack
from references.tcg_pocket.chance import Chance
from references.tcg_pocket.effects import BEFORE_DAMAGE, Use, coins, run
from references.tcg_pocket.energy import covers, worth
from references.tcg_pocket.state import Game
from references.tcg_pocket.turns import proceed


def may_attack(game: Game) -> bool:
    """Asleep and Paralyzed Pokémon do not attack, nor does one that an attack forbade it."""
    active = game.me.active
    return active.condition not in ("asleep", "paralyzed") and not active.amount("no_attack")


def can_use(game: Game, attack: Attack) -> bool:
    return may_attack(game) and covers(worth(game.me, game.me.active), attack.cost)


def declare(game: Game, chance: Chance, attack: Attack) -> None:
    """Attack. Confused needs heads, and so does a Pokémon in a smokescreen; tails ends the turn without the attack."""
    active = game.me.active
    stopped = active.condition == "confused" and not chance.coin("confused")
    if not stopped and active.amount("smokescreen"):
        stopped = not chance.coin("smokescreen")
    if stopped:
        proceed(game, chance, "end")
    else:
        resolve(game, chance, attack)


def resolve(game: Game, chance: Chance, attack: Attack) -> None:
    """Damage to the opponent's Active Pokémon, then the other operations, then the end of the turn."""
    use = Use(game, chance, attack=True)
    base = attack.damage
    for row in attack.operations:
        name = row["op"]
        if name == "coins":
            coins(use, row)
        elif name == "nothing_if_tails" and not use.heads:
            return proceed(game, chance, "end")
        elif name == "damage_per":
            base += row["amount"] * damage.count(game, row, use.heads)
        elif name == "damage_if" and damage.holds(game, row, attack.cost, use.heads, use.flips):
            base += row["amount"]
        elif name == "effect" and row["kind"] == "boost":
            base += use.user.amount("boost")
    use.dealt = damage.hit(game, 0, base)
    run(use, tuple(row for row in attack.operations if row["op"] not in BEFORE_DAMAGE))
    if game.choice:
        game.phase, game.after = "choose", "end"
    else:
        proceed(game, chance, "end", by_attack=True)
    return None


def copy(game: Game, chance: Chance, among: str, attack: Attack) -> None:
    """Use an opponent's attack as the own one. Copied from any Pokémon (Ditto), it needs the Energy for it."""
    if among == "opponent" and not covers(worth(game.me, game.me.active), attack.cost):
        proceed(game, chance, "end")
    else:
        resolve(game, chance, attack)
