"""Effects that the engine does not have yet. A team that holds one is refused by its name, never played as nothing.

A move is played if everything that its row of the tables says is: its functions (by the lists in the files where they
are written), its conditions, its flags. Abilities and items are played if they have no function, or are listed here.
"""

from __future__ import annotations

import functools

from pokejax.modern.calls import CALLERS
from pokejax.modern.conditions import STARTED
from pokejax.modern.crash import CRASHING
from pokejax.modern.damage import boosting_items
from pokejax.modern.data import tables
from pokejax.modern.fixed_damage import FIXED
from pokejax.modern.gates import GATES
from pokejax.modern.modify_move import MODIFIED
from pokejax.modern.own_effects import OWN_EFFECTS
from pokejax.modern.power import POWER_RULES
from pokejax.modern.side_moves import FIELD_MOVES
from pokejax.modern.state import HAZARDS, SCREENS
from pokejax.modern.survive import SPARING
from pokejax.modern.taken_items import AFTER_HIT
from pokejax.modern.thrown import THROWN
from pokejax.modern.two_turns import CHARGING
from pokejax.modern.updates import BERRIES, GUARDS
from pokejax.modern.use_move import ACCURACY_RULES
from pokejax.modern.wishes import WISHING

_BY_NAME = {"facade", "brine", "struggle", "triattack"}
_OWN_LOGIC = frozenset(
    [
        *OWN_EFFECTS, *POWER_RULES, *GATES, *ACCURACY_RULES, *_BY_NAME, *FIXED, *MODIFIED, *FIELD_MOVES, *CRASHING,
        *CHARGING, *AFTER_HIT, *THROWN, *SPARING,
    ]
)  # fmt: skip
_UNFINISHED = frozenset(["metronome"])
"""Moves of which a part is written, and refused for the rest."""
ABILITIES = frozenset(
    [
        "drizzle", "drought", "sandstream", "snowwarning", "speedboost", "battlearmor", "shellarmor", "sturdy",
        "damp", "sandveil", "snowcloak", "static", "voltabsorb", "waterabsorb", "compoundeyes", "flashfire",
        "shielddust", "owntempo", "suctioncups", "intimidate", "shadowtag", "arenatrap", "magnetpull",
        "roughskin", "wonderguard", "effectspore", "synchronize", "clearbody", "whitesmoke", "naturalcure",
        "lightningrod", "stormdrain", "serenegrace", "swiftswim", "chlorophyll", "hugepower", "purepower",
        "poisonpoint", "innerfocus", "soundproof", "raindish", "pressure", "thickfat", "flamebody", "keeneye",
        "hypercutter", "hustle", "plus", "minus", "stickyhold", "shedskin", "guts", "marvelscale", "liquidooze",
        "overgrow", "blaze", "torrent", "swarm", "rockhead", "tangledfeet", "motordrive", "rivalry",
        "heatproof", "dryskin", "download", "ironfist", "poisonheal", "adaptability", "skilllink", "hydration",
        "solarpower", "quickfeet", "sniper", "magicguard", "technician", "superluck", "anticipation",
        "tintedlens", "filter", "solidrock", "icebody", "frisk", "reckless", "baddreams", "levitate",
        "earlybird", "multitype", "cutecharm", "moldbreaker", "gluttony", "trace", "leafguard", "flowergift",
        "steadfast", "noguard", "unburden", "truant", "scrappy", "aftermath", "forecast", "forewarn", "slowstart",
        "cloudnine", "colorchange", "airlock", "simple", "oblivious", "angerpoint", "klutz", "normalize", "stall",
    ]
) | frozenset(GUARDS)  # fmt: skip
ITEMS = frozenset(
    [
        "leftovers", "blacksludge", "lifeorb", "choiceband", "choicescarf", "choicespecs", "muscleband",
        "wiseglasses", "scopelens", "razorclaw", "expertbelt", "widelens", "lightclay", "damprock", "heatrock",
        "smoothrock", "icyrock", "flameorb", "toxicorb", "bigroot", "gripclaw", "ironball", "machobrace",
        "powerbracer", "powerbelt", "powerlens", "powerband", "poweranklet", "powerweight", "mail", "focussash",
        "focusband", "souldew", "lightball", "thickclub", "stick", "luckypunch", "griseousorb", "lustrousorb",
        "adamantorb", "quickpowder", "metalpowder", "deepseatooth", "deepseascale", "powerherb", "shellbell",
        "shedshell", "destinyknot", "enigmaberry", "jabocaberry", "rowapberry", "stickybarb", "whiteherb",
        "brightpowder", "laxincense", "zoomlens", "quickclaw", "custapberry", "laggingtail", "fullincense",
    ]
) | frozenset(BERRIES)  # fmt: skip


@functools.cache
def refused_moves() -> tuple[str, ...]:
    """Ids of the moves that are not played."""
    table = tables()
    moves, names = table.moves, table.conditions.id
    refused = []
    for row in range(1, len(moves.id)):
        name = str(moves.id[row])
        conditions = [str(names[column[row]]) for column in (moves.volatile, moves.self_volatile)]
        conditions += [str(names[moves.secondary_volatile[row, k]]) for k in range(2)]
        known = (*STARTED, "followme", "helpinghand")  # neither is ever got without a partner
        missing = [condition for condition in conditions if condition and condition not in known]
        side = str(names[moves.side_condition[row]])
        fails = (
            (bool(str(moves.handlers[row])) and name not in _OWN_LOGIC)
            or bool(missing)
            or bool(side and side not in (*SCREENS, *HAZARDS))
            or str(names[moves.slot_condition[row]]) not in ("", *WISHING)
            or str(names[moves.pseudo_weather[row]]) not in ("", "trickroom", "gravity")
            or bool(moves.calls_move[row] and name not in CALLERS)
            or bool(moves.flag("charge")[row] and name not in CHARGING)
            or bool(moves.flag("futuremove")[row])
            or name in _UNFINISHED
        )
        if fails and name not in refused:
            refused.append(name)
    return tuple(refused)


@functools.cache
def refused_abilities() -> tuple[str, ...]:
    """Ids of the abilities that are not played."""
    table = tables().abilities
    pairs = zip(table.id[1:], table.handlers[1:], strict=True)
    return tuple(str(name) for name, functions in pairs if str(functions) and str(name) not in ABILITIES)


@functools.cache
def refused_items() -> tuple[str, ...]:
    """Ids of the items that are not played."""
    table = tables().items
    boosting = boosting_items()
    refused = []
    for row in range(1, len(table.id)):
        functions = set(str(table.handlers[row]).split())
        idle = functions <= {"onEat", "onTakeItem"}
        if not (idle or str(table.id[row]) in ITEMS or boosting[row] or table.resist_type[row]):
            refused.append(str(table.id[row]))
    return tuple(refused)


def check_played(moves: list[str], ability: str, item: str) -> None:
    """`ValueError` that names the first effect of a Pokémon which is not played; ids, "" for none."""
    for kind, name, bad in (
        *(("move", move, refused_moves()) for move in moves),
        ("ability", ability, refused_abilities()),
        ("item", item, refused_items()),
    ):
        if name in bad:
            raise ValueError(
                f"the {kind} {name} is not in the modern engine yet; `pokejax.modern.refused` lists what is not"
            )
