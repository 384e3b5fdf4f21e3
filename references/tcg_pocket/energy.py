"""Energy: what is attached counts for, costs, attaching from the Energy Zone, discarding."""

from __future__ import annotations

from collections.abc import Sequence

from references.tcg_pocket.cards import ENERGY_TYPES
from references.tcg_pocket.state import InPlay, Player

NO_RETREAT = 99


def worth(player: Player, pokemon: InPlay) -> dict[str, int]:
    """Energy that the attached Energy provides, by type.

    Serperior's Jungle Totem doubles Grass Energy on its owner's Grass Pokémon, once however many Serperior there are.
    """
    provided = dict(pokemon.energy)
    for _, other in player.in_play():
        passive = other.passive
        if passive["op"] == "double_energy" and pokemon.card.type == passive["type"]:
            provided[passive["type"]] = 2 * pokemon.energy[passive["type"]]
    return provided


def covers(provided: dict[str, int], cost: Sequence[str]) -> bool:
    """Each typed Energy of the cost is there, and enough of any type for the rest."""
    typed = all(provided[kind] >= cost.count(kind) for kind in ENERGY_TYPES)
    return typed and sum(provided.values()) >= len(cost)


def attach_from_zone(player: Player, opponent: Player, spot: int, kind: str, count: int = 1) -> None:
    """Attach Energy out of the Energy Zone, and let abilities see it once for each Energy.

    Energy that an effect takes from the Zone is made for it; the one that waits there for the turn stays.
    """
    pokemon = player.spots[spot]
    assert pokemon
    pokemon.energy[kind] += count
    passive = pokemon.passive
    if passive.get("type") != kind:
        return
    if passive["op"] == "heal_on_attach":
        pokemon.damage = max(0, pokemon.damage - count * passive["amount"])
    if passive["op"] == "damage_on_attach" and opponent.spots[0]:
        opponent.active.damage += count * passive["amount"]


def discard_energy(player: Player, pokemon: InPlay, kind: str, count: int) -> None:
    """Discard up to `count` Energy of a type."""
    count = min(count, pokemon.energy[kind])
    pokemon.energy[kind] -= count
    player.discarded_energy[kind] += count


def discard_all_energy(player: Player, pokemon: InPlay) -> None:
    for kind in ENERGY_TYPES:
        discard_energy(player, pokemon, kind, pokemon.energy[kind])


def retreat_cost(player: Player) -> int:
    """Retreat Cost of the Active Pokémon; `NO_RETREAT` for a fossil."""
    card = player.active.card
    return NO_RETREAT if card.is_fossil else max(0, card.retreat - player.amount("retreat_less"))
