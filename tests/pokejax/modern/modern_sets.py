"""Sets of anything that Generation 4 has, for tests beside the reference."""

from __future__ import annotations

import random

from pokejax.modern.tables import STATS, load_tables
from pokejax.modern.teams import PokemonSet, Stats, Team

GENERATION = 4


def any_set(dice: random.Random) -> PokemonSet:
    """Any species, moves, item, ability, nature and spread; not what a player could have."""
    tables = load_tables(GENERATION)
    moves = [name for name in tables.moves.name[1:-1] if name not in ("Struggle", "Hidden Power")]
    chosen = dice.sample(moves, dice.randint(1, 4))
    power = str(dice.choice(tables.types.name[tables.types.hidden_power_ivs.min(1) < 31]))
    knows = dice.random() < 0.2
    if knows:
        chosen[0] = f"Hidden Power {power}"
    species = dice.choice(tables.species.name[1:][~tables.species.battle_only[1:]])
    genders = ["", "M", "F"] if not tables.species.gender[tables.species.name == species][0] else [""]
    return PokemonSet(
        species=str(species),
        moves=tuple(map(str, chosen)),
        level=dice.randint(1, 100),
        item=str(dice.choice(tables.items.name)),
        ability=str(dice.choice(tables.abilities.name[1:])),
        nature=str(dice.choice(tables.natures.name[1:])),
        gender=dice.choice(genders),
        happiness=dice.randint(0, 255),
        ivs=_six(dice, 31),
        evs=_six(dice, 255),
        hidden_power=power if knows else "",
    )


def _six(dice: random.Random, most: int) -> Stats:
    hp, attack, defense, special_attack, special_defense, speed = (dice.randint(0, most) for _ in STATS)
    return hp, attack, defense, special_attack, special_defense, speed


def any_teams(seed: int, teams: int) -> list[Team]:
    """Teams of six such sets."""
    dice = random.Random(seed)
    return [Team(tuple(any_set(dice) for _ in range(6))) for _ in range(teams)]
