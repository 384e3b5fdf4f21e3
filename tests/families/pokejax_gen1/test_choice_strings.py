"""Choices in Showdown's words: what `pokejax.Battle` takes and refuses is what Showdown's ``Side.choose`` does."""

from __future__ import annotations

import random
from collections import Counter

import jax
import numpy as np
import pytest

from families.pokejax_gen1.verify.restore import from_record, named
from pokejax.gen1 import words
from pokejax.gen1.choices import NO_OP
from pokejax.gen1.dex import load_dex
from pokejax.gen1.party import parties_from_wire
from pokejax.gen1.state import Battle, Party, pack
from pokejax.gen1.words.choice import ChoiceError, action_of
from references.showdown.choices import verdicts
from references.showdown.client import BattleJob, make_teams, play
from references.showdown.workers import WorkerPool

FORMAT = "gen1ou"
BATTLES = (("allmoves", "uniform"), ("allmoves", "stalling"), ("randbats", "uniform"), ("mirror", "switch-averse"))
ALWAYS = 2599091262
"""Seed of battles in which every kind of request comes up."""
LONGEST, POINTS = 400, 60
"""Steps of a battle, and decision points of it, at most."""
TRIED = 24

# fmt: off
JUNK = [
    "", " ", "pass", "skip", "pass now", "default", "auto", "default 2", "shift", "shift 1", "team 1",
    "team 231456", "undo", "forfeit", "/choose move 1", "move", "move 0", "move 5", "move -1", "move +1",
    "move 1.5", "move 01", "move 1 1", "move 1 2", "move 1 -1", "move 1 +1", "move 1 4", "move 2 1 1", "Move 1",
    "MOVE 1", "  move   2  ", "move\t1", "move 1,move 2", "testfight", "move testfight", "move testfight 2",
    "move fight", "move struggle", "move recharge", "move conversion 2", "move 1 mega", "move 2 zmove",
    "move 1 max", "move 2 dynamax", "move 1 ultra", "move 1 terastallize", "move 1 terastal 1", "move 1 megax",
    "move 1 megay", "move 1 mega mega", "move 1 gigantamax", "move mega", "move 1 1 mega", "switch", "switch 0",
    "switch 1", "switch 7", "switch -1", "switch +2", "switch 2 3", "switch 2x", "switch 0x3", "switch nobody",
    "switch 3.5", "switch 1e1", "Switch 2", "switch  3 ", "switch2",
]
# fmt: on


def texts(request: words.Request, random: random.Random) -> list[str]:
    """Choices to try: every number, names of this side and of others, and spellings that nearly are one."""
    moves, species = load_dex().moves, load_dex().species
    own = [entry.name for entry in request.entries] + [entry.id for entry in request.entries]
    foreign = [str(moves.name[random.randrange(1, 166)]) for _ in range(2)]
    named = [f"move {name}" for name in own + foreign]
    members = [text for member in request.members for text in (member.name, member.species_id, member.name.upper())]
    named += [f"switch {name}" for name in (*members, str(species.name[random.randrange(1, 152)]))]
    tails = ["", "", "", " 1", " -1", " 2", " max", " zmove", " mega", " terastallize", " 1 1", "!", " x"]
    spelled = [text + random.choice(tails) for text in named]
    numbers = [f"move {k}" for k in range(1, 5)] + [f"switch {k}" for k in range(2, 7)]
    tried = (
        words.legal_choices(request)
        + numbers
        + random.sample(spelled, min(len(spelled), TRIED // 2))
        + random.sample(JUNK, TRIED // 2)
    )
    return list(dict.fromkeys(tried))


@jax.jit
def restored(records: jax.Array, sides: Party) -> Battle:
    """Battles with a leading axis, from records [N, F] and the parties of both sides."""
    first, second = (jax.tree.map(lambda leaf, side=side: leaf[side], sides) for side in range(2))
    return jax.vmap(lambda row: pack(from_record(named(row), (first, second))))(records)


def positions(teams: np.ndarray, records: np.ndarray) -> list[Battle]:
    """Our battles at decision points of one that Showdown has played, at most `POINTS`."""
    padded = np.pad(records, ((0, POINTS - len(records)), (0, 0)), mode="edge")
    battles = jax.device_get(restored(padded, parties_from_wire(teams)))
    return [jax.tree.map(lambda leaf, at=at: leaf[at], battles) for at in range(len(records))]


def said(request: words.Request, text: str) -> str:
    """ "" if the choice is taken, else Showdown's part of the message."""
    try:
        action = action_of(request, text)
    except ChoiceError as error:
        assert str(error)
        return str(error)
    assert action != NO_OP and request.legal[action]
    return ""


Tried = list[tuple[words.Request, str, str]]
"""Request, choice and Showdown's verdict."""


def try_choices(pool: WorkerPool, chance: random.Random, kind: str, policy: str) -> Tried:
    """Of two battles."""
    found: Tried = []
    seed = (chance.getrandbits(32), chance.getrandbits(32))
    for teams in make_teams(pool, kind, seed, 2):
        actions, records = play(pool, FORMAT, seed, teams, policy, choice_seed=seed[1], limit=LONGEST)
        points = sorted(chance.sample(range(len(records)), min(POINTS, len(records))))
        requests = [words.read(battle) for battle in positions(teams, records[points])]
        choices: list[list[list[str]]] = [[[], []] for _ in records]
        for point, pair in zip(points, requests, strict=True):
            choices[point] = [texts(request, chance) for request in pair]
        answers = verdicts(pool, BattleJob(FORMAT, seed, teams, actions), choices)
        for point, pair in zip(points, requests, strict=True):
            for side, request in enumerate(pair):
                rows = zip(choices[point][side], answers[point][side], strict=True)
                found += [(request, text, verdict) for text, verdict in rows]
    return found


@pytest.fixture(scope="module")
def tried(pool: WorkerPool, commit_seed: int) -> Tried:
    """Choices at some hundreds of decision points: always the same, and some that are others with every commit."""
    found: Tried = []
    for start, battles in ((ALWAYS, BATTLES), (commit_seed, BATTLES[:1])):
        chance = random.Random(start)
        for kind, policy in battles:
            found += try_choices(pool, chance, kind, policy)
    return found


def test_the_same_choices_are_taken_and_the_others_refused_in_the_same_words(tried: Tried) -> None:
    wrong = []
    for request, text, verdict in tried:
        ours = said(request, text)
        # Two messages of Showdown are not kept: it answers "testfight" by another request, and names a Max Move without
        # PP that no Pokémon of Gen 1 has.
        other = verdict.startswith("Hack to avoid") or ("'s Max " in verdict and verdict.endswith(" is disabled"))
        same = ours != "" if other else ours == verdict
        if not same:
            wrong.append((text, verdict, ours, request))
    assert not wrong, wrong[:3]


def test_every_kind_of_request_was_tried(tried: Tried) -> None:
    seen = {id(request): request for request, _, _ in tried}.values()
    kinds = Counter(request.kind for request in seen)
    assert len(seen) > 500 and min(kinds["move"], kinds["switch"], kinds[""]) > 10, kinds
    moves = [request for request in seen if request.kind == "move"]
    assert any(request.locked for request in moves) and any(not request.decided for request in moves)
    assert any(request.decided and not request.locked for request in moves)
    assert any(not entry.usable for request in moves for entry in request.entries)
    assert any([m.slot for m in request.members] != sorted(m.slot for m in request.members) for request in seen)
    taken = Counter(verdict == "" for _, _, verdict in tried)
    assert taken[True] > 3000 and taken[False] > 3000, taken


def test_what_is_called_legal_is_all_that_there_is_once_each(tried: Tried) -> None:
    for request in {id(request): request for request, _, _ in tried}.values():
        legal = words.legal_choices(request)
        actions = [words.parse(request, text) for text in legal]
        expected = [action for action, allowed in enumerate(request.legal) if allowed and action != NO_OP]
        assert sorted(actions) == (expected if request.kind else [])
        assert [words.parse(request, words.numbered(request, action)) for action in actions] == actions
