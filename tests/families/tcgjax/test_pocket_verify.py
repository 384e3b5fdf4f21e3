"""The verifier's parts for TCG Pocket, without a compiled step: `pytest -m sweep` plays both sides."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from compiled_quickly import compiled_quickly  # noqa: F401 (a fixture)

from families.tcgjax.verify import laws
from families.tcgjax.verify.behaviours import BEHAVIOURS, behaviours
from families.tcgjax.verify.cases import KINDS, inject, valid
from families.tcgjax.verify.fields import FIELDS, MODULES, SEED
from families.tcgjax.verify.mutants import MUTANTS, SURVIVORS
from families.tcgjax.verify.plugin import make
from families.tcgjax.verify.policies import POLICIES
from families.tcgjax.verify.sides import PocketSide
from families.tcgjax.verify.words import Words, key_of
from references.protocol import LENGTH, LIMIT, Batch
from references.tcg_pocket.env import AGENTS
from tcgjax import chance
from verification.batches import rows, size, stack, step_many
from verification.fields import FieldTable
from verification.mutants.mutant import check_mutants
from verification.mutants.rewrite import find_points

PLIES = 40


@pytest.fixture(scope="module")
def played() -> tuple[Batch, Batch, Batch]:
    """(before, actions, after) of games of the reference, some plies of each policy."""
    steps = []
    for seed, choose in enumerate(POLICIES.values()):
        side, rng = PocketSide(), np.random.default_rng(seed)
        side.reset(seed)
        before = side.snapshot()
        for _ in range(PLIES):
            actions = choose(rng, before, side.legal())
            side.step(actions)
            after = side.snapshot()
            steps.append((before, actions, after))
            if after["out.terminated"]:
                break
            before = after
    return tuple(stack([step[part] for step in steps]) for part in range(3))  # type: ignore[return-value]


@pytest.fixture(scope="module")
def injected(played: tuple[Batch, Batch, Batch]) -> tuple[Batch, Batch, Batch, list[str]]:
    """(before, actions, after, labels) of changed states."""
    cases = inject(np.random.default_rng(1), played[0], 96)
    after = step_many(PocketSide(), cases.snapshots, cases.actions)
    return cases.snapshots, cases.actions, after, list(cases.labels)


def test_every_path_has_an_owner(played: tuple[Batch, Batch, Batch]) -> None:
    paths = list(played[2])
    assert FieldTable(FIELDS, MODULES).check(paths, paths)
    make().check()


def test_injected_steps_are_steps_of_games(injected: tuple[Batch, Batch, Batch, list[str]]) -> None:
    before, actions, after, labels = injected
    assert {name for label in labels for name in label.split("+")} > set(KINDS[1:6])
    assert valid(before).all()
    for law in laws.PROPERTIES:
        assert law.holds(before, actions, after).all(), law.name


def test_behaviours_are_shown(injected: tuple[Batch, Batch, Batch, list[str]]) -> None:
    shown = behaviours(*injected[:3])
    assert tuple(shown) == BEHAVIOURS
    for name in ("phase:main", "action:play", "action:attach", "action:attack", "action:end", "new-turn"):
        assert shown[name].any(), name
    assert all(found.shape == (size(injected[0]),) and found.dtype == bool for found in shown.values())


@pytest.mark.parametrize("relation", laws.RELATIONS, ids=lambda relation: relation.name)
def test_the_reference_keeps_the_relations(played: tuple[Batch, Batch, Batch], relation: object) -> None:
    before, actions, after = played
    applies = np.flatnonzero(relation.applies(before, actions))  # type: ignore[attr-defined]
    assert len(applies) > 5
    got = step_many(PocketSide(), *relation.change(rows(before, applies), rows(actions, applies)))  # type: ignore[attr-defined]
    for path, wanted in relation.expect(rows(after, applies)).items():  # type: ignore[attr-defined]
        np.testing.assert_array_equal(got[path], wanted, path)


def test_words_are_read_as_the_engine_reads_them() -> None:
    def engine(seed: jax.Array, steps: jax.Array) -> tuple[jax.Array, ...]:
        drawn = chance.from_key(key_of(seed, steps))
        cards = jnp.where(jnp.arange(20) < 7, jnp.arange(1, 21, dtype=jnp.int32), 0)
        return (
            jnp.stack([chance.flip(drawn, bit) for bit in range(6)]),
            jnp.stack([chance.heads_of(drawn, jnp.int32(count)) for count in (1, 31, 32, 33, 70)]),
            chance.until_tails(drawn),
            jnp.stack([chance.pick(drawn.words[chance.PICKS + place], jnp.int32(5)) for place in range(4)]),
            chance.shuffled(drawn.order(), cards)[:7],
        )

    read = jax.jit(engine)
    for seed in range(20):
        coins, heads, run, picks, order = (np.asarray(part).tolist() for part in read(np.uint32(seed), np.int32(3)))
        words = Words(seed, 3)
        labels = ("burned.0", "burned.1", "asleep.0", "asleep.1", "confused", "smokescreen")
        assert [words.coin(label) for label in labels] == coins
        assert [words.coins("coins", count) for count in (1, 31, 32, 33, 70)] == heads
        assert words.until_tails("until_tails") == run
        assert [words.pick("pick", 5) for _ in range(4)] == picks
        assert words.shuffled("shuffle", list(range(1, 8))) == order


def test_an_illegal_action_becomes_the_first_legal_one_and_a_game_is_cut_off() -> None:
    side = PocketSide()
    side.reset(3, {"limit": 2, "turn_limit": 12, "first_player_draws": False})
    start = side.snapshot()
    assert (start[LIMIT], start["turn_limit"], start["first_player_draws"]) == (2, 12, 0) and SEED in start
    first = int(np.flatnonzero(side.legal()["p0"])[0])
    side.step({"p0": 142, "p1": 0})
    wrong = side.snapshot()
    assert wrong["out.illegal"].tolist() == [True, False] and wrong[LENGTH] == 1 and not wrong["out.truncated"]
    side.restore(start)
    side.step({"p0": first, "p1": 0})
    right = side.snapshot()
    assert all(np.array_equal(wrong[path], right[path]) for path in right if path != "out.illegal")
    side.step({agent: int(np.flatnonzero(mask)[0]) for agent, mask in side.legal().items()})
    assert side.snapshot()["out.truncated"]


def test_a_state_of_no_game_is_refused() -> None:
    side = PocketSide()
    side.reset(3)
    broken = {**side.snapshot(), "phase": np.int32(3)}
    side.restore(broken)
    with pytest.raises(ValueError, match="no game"):
        side.step(dict.fromkeys(AGENTS, 1))


def test_seeded_bugs_fit_the_source() -> None:
    check_mutants(MUTANTS)
    find_points(MUTANTS)
    ids = {mutant.id for mutant in MUTANTS}
    assert len(ids) >= 40 and {f"C{number}" for number in range(1, 11)} <= ids and set(SURVIVORS) <= ids
    assert {owner for mutant in MUTANTS for owner in mutant.owner} <= set(MODULES)
