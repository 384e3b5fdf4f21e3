"""Gen 1's damage formula in plain Python, for the numbers that tests expect. Stats are given as the battle has them."""

from __future__ import annotations


def base_damage(power: int, attack: int, defense: int, *, level: int = 100, stab: bool = False, types: str = "") -> int:
    """Damage before the random factor. `types`: one sign per type of the target, "+" doubles and "-" halves."""
    damage = min((level * 2 // 5 + 2) * power * attack // defense // 50, 997) + 2
    if stab:
        damage += damage // 2
    for sign in types:
        damage = damage * 2 if sign == "+" else damage // 2
    return damage


def rolls(damage: int) -> range:
    """From the least to the greatest amount that the random factor 217…255 of 255 leaves."""
    return range(damage * 217 // 255, damage + 1)


def confusion_damage(attack: int, defense: int, level: int = 100) -> int:
    """Damage that a confused Pokémon does to itself."""
    return (level * 2 // 5 + 2) * attack * 40 // defense // 50 + 2
