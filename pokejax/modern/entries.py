"""Tables of moves, abilities, items and species, and the codes that their columns hold. See `pokejax.modern.tables`."""

from __future__ import annotations

import dataclasses
from enum import IntEnum

import numpy as np

STATS = ("hp", "atk", "def", "spa", "spd", "spe")
"""Order of stats in every table and team array."""
BOOSTS = ("atk", "def", "spa", "spd", "spe", "accuracy", "evasion")
"""Order of stages."""
MOST_SECONDARIES = 2
"""Secondary effects of one move: the fangs have two."""
LEVEL_DAMAGE = 255
"""Value of ``Moves.fixed_damage`` for damage equal to the user's level."""


def _flag(flags: np.ndarray, names: np.ndarray, name: str) -> np.ndarray:
    where = np.flatnonzero(names == name)
    if not len(where):
        raise KeyError(f"no entry has the flag {name!r}; the flags are {', '.join(names)}")
    return flags[:, where[0]]


class Category(IntEnum):
    """Damage category."""

    PHYSICAL = 0
    SPECIAL = 1
    STATUS = 2


class Target(IntEnum):
    """Whom a move is aimed at, named by the reference's words."""

    NONE = 0
    NORMAL = 1
    SELF = 2
    ANY = 3
    RANDOMNORMAL = 4
    ALLADJACENT = 5
    ALLADJACENTFOES = 6
    ADJACENTFOE = 7
    ADJACENTALLY = 8
    ADJACENTALLYORSELF = 9
    ALLYSIDE = 10
    ALLYTEAM = 11
    ALLIES = 12
    FOESIDE = 13
    ALL = 14
    SCRIPTED = 15


class SelfSwitch(IntEnum):
    """A move that calls its user back."""

    NO = 0
    PLAIN = 1
    COPYVOLATILE = 2


class SelfDestruct(IntEnum):
    """A move at which its user faints."""

    NO = 0
    ALWAYS = 1
    IFHIT = 2


class Gender(IntEnum):
    """Gender of a set or a species; ``UNSET`` is drawn at the start of a battle."""

    UNSET = 0
    M = 1
    F = 2
    N = 3


@dataclasses.dataclass(frozen=True, eq=False)
class Moves:
    """Move table, n rows: none, the moves by number, then ``recharge``.

    The seventeen rows named ``hiddenpower`` are alike; the number in records is `Tables.hidden_power`.
    """

    id: np.ndarray
    name: np.ndarray
    num: np.ndarray
    """The cartridge's number, by which Metronome sorts."""
    type: np.ndarray
    """Code of a type."""
    base_power: np.ndarray
    accuracy: np.ndarray
    """Percent; 0 = never checked (the reference's ``true``)."""
    pp: np.ndarray
    """PP without PP Ups."""
    max_pp: np.ndarray
    """PP with three PP Ups, or ``pp`` where the move takes none."""
    priority: np.ndarray
    category: np.ndarray
    """`Category`."""
    target: np.ndarray
    """`Target`."""
    non_ghost_target: np.ndarray
    """`Target` where the user is no Ghost (Curse), else NONE."""
    crit_ratio: np.ndarray
    multihit: np.ndarray
    """[n, 2] fewest and most hits."""
    drain: np.ndarray
    """[n, 2] numerator and denominator; 0/0 none."""
    recoil: np.ndarray
    """[n, 2] as `drain`."""
    heal: np.ndarray
    """[n, 2] as `drain`, of the highest hit points."""
    fixed_damage: np.ndarray
    """0 none, n hit points, ``LEVEL_DAMAGE``."""
    boosts: np.ndarray
    """[n, 7] stages of the target, in ``BOOSTS`` order."""
    status: np.ndarray
    """Code of the status that the move is for."""
    volatile: np.ndarray
    """Number of the volatile condition on the target."""
    side_condition: np.ndarray
    """Number of a condition; so are the next two."""
    slot_condition: np.ndarray
    pseudo_weather: np.ndarray
    weather: np.ndarray
    """Code of a weather."""
    has_self: np.ndarray
    """bool: the move has an effect on its user, which the reference runs even where it holds nothing but functions."""
    self_boosts: np.ndarray
    """[n, 7] stages of the user (``self.boosts``)."""
    self_volatile: np.ndarray
    """Number of the volatile condition on the user."""
    secondaries: np.ndarray
    """Number of secondary effects, 0 to ``MOST_SECONDARIES``."""
    secondary_chance: np.ndarray
    """[n, 2] percent; so for all that follows, by place in the reference's list."""
    secondary_status: np.ndarray
    secondary_volatile: np.ndarray
    secondary_boosts: np.ndarray
    """[n, 2, 7] stages of the target."""
    secondary_self_boosts: np.ndarray
    """[n, 2, 7] stages of the user."""
    self_switch: np.ndarray
    """`SelfSwitch`."""
    self_destruct: np.ndarray
    """`SelfDestruct`."""
    force_switch: np.ndarray
    ohko: np.ndarray
    ignore_immunity: np.ndarray
    """bool, resolved: where the reference leaves it open it means "is a status move"."""
    breaks_protect: np.ndarray
    stalling: np.ndarray
    sleep_usable: np.ndarray
    crash: np.ndarray
    """bool: ``hasCrashDamage``."""
    calls_move: np.ndarray
    multi_accuracy: np.ndarray
    """bool: each hit is checked (Triple Kick)."""
    struggle_recoil: np.ndarray
    no_pp_ups: np.ndarray
    flags: np.ndarray
    """bool[n, f] by `flag_names`."""
    flag_names: np.ndarray
    """unicode[f]: the reference's flags, contact, protect, mirror, sound, snatch, reflectable and so on."""
    handlers: np.ndarray
    """Names of the functions, separated by blanks: "onHit self.onHit"."""

    def flag(self, name: str) -> np.ndarray:
        """bool[n]: the moves with a flag; :class:`KeyError` for one that the generation does not have."""
        return _flag(self.flags, self.flag_names, name)


@dataclasses.dataclass(frozen=True, eq=False)
class Abilities:
    """Ability table, n rows: none, the abilities by number, then ``noability``."""

    id: np.ndarray
    name: np.ndarray
    num: np.ndarray
    suppress_weather: np.ndarray
    flags: np.ndarray
    """bool[n, f] by `flag_names`."""
    flag_names: np.ndarray
    """unicode[f]: breakable, notrace, failroleplay, failskillswap, cantsuppress and so on."""
    handlers: np.ndarray
    """As `Moves.handlers`."""

    def flag(self, name: str) -> np.ndarray:
        """bool[n]: the abilities with a flag; :class:`KeyError` for one that the generation does not have."""
        return _flag(self.flags, self.flag_names, name)


@dataclasses.dataclass(frozen=True, eq=False)
class Items:
    """Item table, n rows: none, then the items by number."""

    id: np.ndarray
    name: np.ndarray
    num: np.ndarray
    fling_power: np.ndarray
    """Base power of Fling; 0 where it fails."""
    fling_status: np.ndarray
    """Code of a status."""
    fling_volatile: np.ndarray
    """Number of a condition."""
    gift_power: np.ndarray
    """Base power of Natural Gift; 0 where it fails."""
    gift_type: np.ndarray
    """Code of a type."""
    plate_type: np.ndarray
    """Code of the type that a plate gives Judgment and Arceus, 0 for no plate."""
    boost_type: np.ndarray
    """Code of the one type whose moves get stronger, for any holder; 0 for none."""
    boost: np.ndarray
    """Multiplier of their base power in 4096ths; 0 for none."""
    resist_type: np.ndarray
    """Code of the type whose damage the berry halves, of Normal always, of others where it is super effective."""
    berry: np.ndarray
    choice: np.ndarray
    ignores_klutz: np.ndarray
    pokeball: np.ndarray
    unobtainable: np.ndarray
    """bool: exists in the generation, but no player can have it."""
    forced_forme: np.ndarray
    """Number of the forme that it gives a Pokémon of that species, or 0."""
    users: np.ndarray
    """int16[m, 2]: an item and a species that it works for alone, where it does so."""
    handlers: np.ndarray
    """As `Moves.handlers`."""


@dataclasses.dataclass(frozen=True, eq=False)
class Species:
    """Species table, n rows: none, then species and their formes by number."""

    id: np.ndarray
    name: np.ndarray
    num: np.ndarray
    """Number in the national Pokédex; formes share it."""
    base_stats: np.ndarray
    """[n, 6] in ``STATS`` order."""
    max_hp: np.ndarray
    """Hit points that no level changes (Shedinja's 1), else 0."""
    types: np.ndarray
    """[n, 2] codes of types; the second is 0 for a single type."""
    abilities: np.ndarray
    """[n, 2] numbers of abilities; 0 for none."""
    weight: np.ndarray
    """Hectograms."""
    gender: np.ndarray
    """`Gender` where the species has but one, else UNSET."""
    male_eighths: np.ndarray
    """Share of males, in eighths."""
    base: np.ndarray
    """Number of the species that it is a forme of; its own where it is none."""
    battle_only: np.ndarray
    """bool: a forme that no set has."""
    changes_from: np.ndarray
    """Number of the species whose battles it changes from or to, else 0."""
    required_item: np.ndarray
    """Number of the item without which a set does not have the forme, else 0."""
    cosmetic: np.ndarray
    """bool: a forme of another look alone."""
    tier: np.ndarray
    """The reference's tier, unicode ('OU', 'UU', 'Uber', …)."""
    not_fully_evolved: np.ndarray
    learnset: np.ndarray
    """bool[n, moves]: the species can know the move (the reference's ``getMovePool``)."""
    lowest_level: np.ndarray
    """The lowest level at which the reference's validator lets the species be; 0 where it never does."""
    learn_level: np.ndarray
    """int8[n, 2, moves] by ability slot: the lowest level at which the validator lets the species have that ability and
    know the move; 0 never. Asked of sets with one move."""
    learn_natures: np.ndarray
    """int16[m, 4]: a species, ability slot, move, and one of the natures that it can have to know the move, where the
    move comes from an event that allows but some."""
    handlers: np.ndarray
    """As `Moves.handlers`."""
