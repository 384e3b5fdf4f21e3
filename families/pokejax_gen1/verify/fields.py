"""Gen 1's compared fields with their owners, and which files of the engine write what: for localising a difference."""

from __future__ import annotations

import fnmatch
import functools

from families.pokejax_gen1.verify import outcome
from families.pokejax_gen1.verify.outcome import AGENTS, LIMIT, REWARDS, STEPS
from families.pokejax_gen1.verify.sides import TEAMS
from references.protocol import TERMINATED, TRUNCATED
from references.showdown.gen1.fields import field_names
from verification.fields import FieldSpec

_ENGINE = "pokejax.gen1."

#: Module → globs of its record fields, and the engine's files that write them, the likeliest first. In the order in
#: which a difference is reported: the draws, then what moves change, then what follows from it.
_MODULES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "prng": (("prng_*",), ("accuracy", "hit", "before_move", "turn", "end_turn", "status", "damage", "volatiles")),
    "turn": (("turn",), ("turn", "end_turn")),
    "damage": (("last_damage",), ("damage", "hit", "before_move", "use_move", "accuracy")),
    "selection": (
        ("p?.last_selected_*", "p?.last_enemy_*", "p?.last_move*", "p?.fainted_this_turn", "p?.active.last_move"),
        ("choices", "use_move", "call_move", "before_move", "switching"),
    ),
    "hp": (("p?.team.?.hp",), ("damage", "after_move", "hit", "before_move", "special_moves", "switching")),
    "status": (("p?.team.?.status", "p?.team.?.status_source"), ("status", "status_moves", "hit", "special_moves")),
    "sleep": (("p?.team.?.status_time",), ("before_move", "after_move", "status", "special_moves")),
    "pp": (("p?.team.?.pp?", "p?.active.move?.pp"), ("call_move", "use_move", "special_moves")),
    "place": (("p?.active", "p?.team.?.position"), ("switching", "turn")),
    "moves": (("p?.active.move?.move", "p?.active.move?.virtual"), ("special_moves", "switching")),
    "species": (("p?.active.species", "p?.active.transformed", "p?.active.type?"), ("special_moves", "switching")),
    "stages": (("p?.active.*boost",), ("stats", "status_moves", "hit", "special_moves")),
    "stats": (
        ("p?.active.*.stored_stat", "p?.active.*.modified_stat"),
        ("stats", "hit", "status_moves", "special_moves", "switching"),
    ),
    "bide": (("p?.active.bide_*", "p?.active.volatile.bide"), ("before_move", "status_moves")),
    "confusion": (
        ("p?.active.confusion_*", "p?.active.volatile.confusion"),
        ("volatiles", "before_move", "hit", "accuracy"),
    ),
    "disable": (
        ("p?.active.disable_*", "p?.active.volatile.disable", "p?.active.move?.disabled"),
        ("status_moves", "before_move"),
    ),
    "lock": (("p?.active.locked_*", "p?.active.volatile.lockedmove"), ("accuracy", "after_move", "before_move")),
    "rage": (("p?.active.rage_*", "p?.active.volatile.rage"), ("hit", "accuracy", "use_move")),
    "substitute": (
        ("p?.active.substitute_hp", "p?.active.volatile.substitute", "p?.active.sub_fainted", "p?.team.?.sub_fainted"),
        ("hit", "volatiles", "status_moves", "use_move"),
    ),
    "toxic": (
        ("p?.active.residual_counter", "p?.active.volatile.residualdmg"),
        ("after_move", "status", "special_moves", "switching"),
    ),
    "trap": (
        (
            "p?.active.trapping_*",
            "p?.active.partially_trapped_*",
            "p?.active.fake_trapped_*",
            "p?.active.volatile.*trapp*",
        ),
        ("hit", "after_move", "end_turn", "volatiles", "use_move", "before_move", "switching"),
    ),
    "two_turn": (
        ("p?.active.two_turn_move", "p?.active.volatile.twoturnmove", "p?.active.volatile.invulnerability"),
        ("use_move", "before_move", "accuracy"),
    ),
    "recharge": (("p?.active.volatile.mustrecharge",), ("hit", "before_move", "after_move", "status_moves")),
    "flinch": (("p?.active.volatile.flinch",), ("volatiles", "hit", "end_turn")),
    "screens": (
        (
            "p?.active.volatile.reflect",
            "p?.active.volatile.lightscreen",
            "p?.active.volatile.mist",
            "p?.active.volatile.focusenergy",
            "p?.active.volatile.leechseed",
        ),
        ("status_moves", "special_moves", "switching"),
    ),
    "legal": (("p?.legal", "p?.active.trapped", "p?.active.maybe_locked"), ("choices", "end_turn")),
    "request": (("p?.request",), ("turn", "end_turn")),
    "result": (("ended", "winner"), ("turn", "end_turn")),
    "teams": ((TEAMS,), ("party", "teams")),
}

_ENV, _BUILD, _MEMORY = "pokejax.env", "pokejax.gen1.observation.build", "pokejax.gen1.observation.memory"
_AUTORESET, _CHOICES = "jaxenv.autoreset", "pokejax.gen1.choices"
_SEEN = ("own_seen", "own_seen_moves", "own_slept", "foe_slept", "foe_moves", "foe_pp", "foe_species", "moves")
"""Fields of an observation that the memory decides, or its order."""

#: Module → globs of what the environment gives out, and the files that decide it. Behind the engine's own: what the
#: engine has wrong is wrong here too.
_GIVEN_OUT: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "memory": (tuple(f"out.{agent}.obs.{name}" for agent in AGENTS for name in _SEEN), (_MEMORY, _BUILD)),
    "observation": (("out.p?.obs.*",), (_BUILD, _MEMORY)),
    "masks": (("out.p?.legal", "out.p?.to_act", "out.p?.illegal"), (_ENV, _CHOICES, "pokejax.gen1.engine")),
    "final": (outcome.FINAL, (_AUTORESET, "jaxenv.environment")),
    "reward": ((TERMINATED, *REWARDS, f"{outcome.AGAIN}*"), (_ENV,)),
    "limit": ((TRUNCATED, STEPS, LIMIT), (_ENV, _AUTORESET)),
    "episode": ((f"{outcome.EPISODE}*",), (_AUTORESET, _ENV)),
}

MODULES = (*_MODULES, *_GIVEN_OUT)
SOURCES = {
    **{module: tuple(_ENGINE + name for name in places) for module, (_, places) in _MODULES.items()},
    **{module: places for module, (_, places) in _GIVEN_OUT.items()},
}

#: Behaviour → the engine's files that it runs.
BEHAVIOUR_SOURCES = {
    glob: tuple(_ENGINE + name for name in places)
    for glob, places in {
        "move:metronome": ("call_move",),
        "move:mirrormove": ("call_move",),
        "move:counter": ("damage",),
        "move:psywave": ("damage",),
        "move:superfang": ("damage",),
        "move:haze": ("special_moves",),
        "move:rest": ("special_moves",),
        "move:recover": ("special_moves",),
        "move:softboiled": ("special_moves",),
        "move:transform": ("special_moves",),
        "move:mimic": ("special_moves",),
        "move:conversion": ("special_moves",),
        "move:substitute": ("status_moves", "volatiles"),
        "move:disable": ("status_moves",),
        "move:leechseed": ("status_moves", "accuracy"),
        "move:bide": ("status_moves", "before_move"),
        "move:rage": ("hit", "accuracy"),
        "move:swift": ("accuracy",),
        "move:dreameater": ("accuracy", "hit"),
        "move:selfdestruct": ("hit", "use_move"),
        "move:explosion": ("hit", "use_move"),
        "kind:ohko": ("accuracy", "damage"),
        "kind:recoil": ("hit",),
        "kind:drain": ("hit",),
        "kind:multihit": ("hit", "volatiles"),
        "kind:crash": ("use_move", "before_move"),
        "kind:two-turn": ("use_move", "call_move"),
        "kind:trapping": ("hit", "after_move", "volatiles"),
        "kind:thrash": ("accuracy", "after_move"),
        "kind:recharge": ("hit", "after_move"),
        "kind:fixed": ("damage",),
        "kind:high-critical": ("damage",),
        "kind:secondary": ("hit",),
        "kind:stages": ("status_moves", "stats"),
        "kind:status": ("status_moves", "status"),
        "kind:priority": ("move_data", "turn"),
        "switch": ("switching",),
        "replace": ("switching", "turn"),
        "on:brn": ("after_move", "stats"),
        "on:par": ("before_move", "stats"),
        "on:slp": ("before_move", "after_move"),
        "on:frz": ("before_move", "hit"),
        "on:psn": ("after_move", "switching"),
        "on:tox": ("after_move", "switching"),
        "on:substitute": ("hit", "volatiles"),
        "on:leechseed": ("after_move",),
        "on:residualdmg": ("after_move",),
        "on:confusion": ("before_move",),
        "on:disable": ("before_move",),
        "on:bide": ("before_move",),
        "on:rage": ("hit", "accuracy"),
        "on:lockedmove": ("accuracy", "after_move"),
        "on:*trapp*": ("before_move", "after_move", "end_turn", "choices"),
        "on:mustrecharge": ("before_move", "choices"),
        "on:twoturnmove": ("use_move", "call_move"),
        "on:invulnerability": ("accuracy",),
        "on:mist": ("status_moves",),
        "on:reflect": ("damage",),
        "on:lightscreen": ("damage",),
        "on:focusenergy": ("damage",),
        "on:flinch": ("before_move", "end_turn"),
        "on:transformed": ("damage", "call_move", "special_moves"),
        "on:sub_fainted": ("hit", "use_move"),
        "on:no-pp": ("choices", "call_move"),
        "event:faint": ("turn", "switching"),
        "event:end": ("turn", "end_turn"),
        "event:tie": ("turn", "end_turn"),
        "event:speed-tie": ("turn",),
        "event:turn-limit": ("end_turn",),
    }.items()
}


@functools.cache
def specs() -> tuple[FieldSpec, ...]:
    """One spec a path. A `ValueError` names a field of the record that no module, or more than one, claims."""
    found = []
    owned = {name: globs for group in (_MODULES, _GIVEN_OUT) for name, (globs, _) in group.items()}
    for path in (*field_names(), TEAMS, STEPS, LIMIT, *outcome.paths()):
        owners = [name for name, globs in owned.items() if any(fnmatch.fnmatchcase(path, g) for g in globs)]
        exact = [name for name, globs in owned.items() if path in globs]
        if len(exact or owners) != 1:
            raise ValueError(f"record field {path!r} is claimed by modules {owners}; exactly one must")
        found.append(FieldSpec(path, (exact or owners)[0]))
    return tuple(found)
