"""Single steps that play seldom reaches: mined states that are moved to the edges of the rules."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from families.tcgjax.verify.behaviours import of_player, top
from references.protocol import LENGTH, LIMIT, Batch
from references.tcg_pocket import actions as a
from references.tcg_pocket.cards import cards
from references.tcg_pocket.snapshot import PHASES, PLAYER_EFFECTS, POKEMON_EFFECTS
from verification.batches import rows, size
from verification.plugin import Injected

SETS = ("A1", "A1a", "P-A")
KINDS = (
    *("as it was", "hardly any HP", "conditions", "much Energy", "two points", "last turn", "empty deck", "full hand"),
    *("lasting effects", "effects on players", "other hand", "other Pokémon", "other foe", "last steps"),
)
"""Ways of changing a state; a case has one to three."""
ILLEGAL = 0.05
_FLAGS = ("no_damage", "untouchable", "no_attack", "no_retreat", "smokescreen")


@functools.cache
def _kinds() -> dict[str, NDArray[np.int64]]:
    """Kinds of the first sets: all, and the Pokémon among them. Of all cards, HP (the last one of no card)."""
    first = [card for card in cards() if card.id.rpartition("-")[0] in SETS]
    return {
        "any": np.array([card.kind for card in first]),
        "pokemon": np.array([card.kind for card in first if card.is_pokemon]),
        "hp": np.array([card.hp for card in cards()] + [0]),
    }


def inject(rng: np.random.Generator, snapshots: Batch, n: int) -> Injected:
    """`n` single steps, each from a mined state that was changed; a few actions are not legal."""
    batch = rows(snapshots, rng.integers(0, size(snapshots), n))
    batch = {path: np.array(values) for path, values in batch.items() if not path.startswith("out.")}
    chosen = rng.random((n, len(KINDS))).argsort(1)[:, : rng.integers(1, 4)]
    # Only in the middle of a turn: another phase depends on more than is changed here.
    main = batch["phase"] == PHASES.index("main")
    labels = [["played"] for _ in range(n)]
    for number, name in enumerate(KINDS[1:], 1):
        cases = np.flatnonzero((chosen == number).any(1) & main)
        if len(cases):
            _CHANGES[name](rng, batch, cases)
        for case in cases.tolist():
            labels[case].append(name)
    return Injected(batch, _actions(rng, batch), ["+".join(label[1:] or label) for label in labels])


def _actions(rng: np.random.Generator, batch: Batch) -> dict[str, NDArray[np.int64]]:
    """Legal actions as the reference has them, attacks and what is played before others; a few of any kind."""
    from families.tcgjax.verify.sides import PocketSide

    side, found = PocketSide(), {agent: [] for agent in ("p0", "p1")}
    for case in range(size(batch)):
        side.restore({path: values[case] for path, values in batch.items()})
        for agent, mask in side.legal().items():
            allowed = np.flatnonzero(mask)
            wanted = allowed[(allowed >= a.ATTACK) & (allowed < a.DISCARD_FOSSIL)]
            if not len(wanted) or rng.random() < 0.6:
                wanted = allowed
            found[agent].append(rng.integers(a.COUNT) if rng.random() < ILLEGAL else rng.choice(wanted))
    return {agent: np.array(chosen, np.int64) for agent, chosen in found.items()}


def _spots(rng: np.random.Generator, batch: Batch, cases: NDArray[np.int64]) -> list[tuple[str, int, NDArray]]:
    """(player, spot, cases in which there is a Pokémon): the Active ones, and at random one of the Bench."""
    found = []
    for player in ("p0", "p1"):
        for spot in (0, int(rng.integers(1, 4))):
            there = batch[f"{player}.spots.cards"][cases, spot, 0] >= 0
            found.append((player, spot, cases[there]))
    return found


def _hurt(rng: np.random.Generator, batch: Batch, cases: NDArray[np.int64]) -> None:
    for player, spot, there in _spots(rng, batch, cases):
        hp = _kinds()["hp"][top(batch[f"{player}.spots.cards"][there, spot])]
        left = rng.choice([10, 20, 30, 50], len(there))
        batch[f"{player}.spots.damage"][there, spot] = np.maximum(hp - left, 0)


def _conditions(rng: np.random.Generator, batch: Batch, cases: NDArray[np.int64]) -> None:
    for player in ("p0", "p1"):
        for path, high in (("poisoned", 2), ("burned", 2), ("condition", 4)):
            batch[f"{player}.spots.{path}"][cases, 0] = rng.integers(0, high, len(cases))


def _energy(rng: np.random.Generator, batch: Batch, cases: NDArray[np.int64]) -> None:
    for player, spot, there in _spots(rng, batch, cases):
        much = rng.integers(0, 3, (len(there), 8)) * (rng.random((len(there), 8)) < 0.7)
        batch[f"{player}.spots.energy"][there, spot] = much


def _points(rng: np.random.Generator, batch: Batch, cases: NDArray[np.int64]) -> None:
    for player in ("p0", "p1"):
        batch[f"{player}.points"][cases] = rng.choice([1, 2, 2], len(cases))


def _last_turn(rng: np.random.Generator, batch: Batch, cases: NDArray[np.int64]) -> None:
    batch["turn_limit"][cases] = batch["turn"][cases] + rng.integers(0, 2, len(cases))


def _empty_deck(rng: np.random.Generator, batch: Batch, cases: NDArray[np.int64]) -> None:
    for player in ("p0", "p1"):
        left = rng.integers(0, 3, len(cases))
        deck = batch[f"{player}.deck"][cases]
        batch[f"{player}.deck"][cases] = np.where(np.arange(deck.shape[1]) < left[:, None], deck, -1)
        batch[f"{player}.known_top"][cases] = 0


def _full_hand(rng: np.random.Generator, batch: Batch, cases: NDArray[np.int64]) -> None:
    """Eight to ten cards in the hands; as many leave the decks, so that there are never more than 20."""
    for player in ("p0", "p1"):
        hand, deck = batch[f"{player}.hand"][cases], batch[f"{player}.deck"][cases]
        held, left = (hand >= 0).sum(1), (deck >= 0).sum(1)
        moved = np.clip(rng.integers(8, 11, len(cases)) - held, 0, left)[:, None]
        place, more = np.arange(hand.shape[1]), rng.choice(_kinds()["any"], hand.shape)
        batch[f"{player}.hand"][cases] = np.where((hand < 0) & (place < held[:, None] + moved), more, hand)
        batch[f"{player}.deck"][cases] = np.where(place < left[:, None] - moved, deck, -1)
        batch[f"{player}.known_top"][cases] = 0


def _effects(rng: np.random.Generator, batch: Batch, cases: NDArray[np.int64]) -> None:
    for player, spot, there in _spots(rng, batch, cases):
        kind = rng.integers(0, len(POKEMON_EFFECTS), len(there))
        flag = np.isin(np.array(POKEMON_EFFECTS)[kind], _FLAGS)
        amount = np.where(flag, 1, rng.choice([10, 20, 30], len(there)))
        batch[f"{player}.spots.effect_amount"][there, spot, kind] = amount
        batch[f"{player}.spots.effect_turns"][there, spot, kind] = rng.integers(1, 4, len(there))


def _player_effects(rng: np.random.Generator, batch: Batch, cases: NDArray[np.int64]) -> None:
    named = PLAYER_EFFECTS.index("named_more")
    for player in ("p0", "p1"):
        kind = rng.integers(0, named, len(cases))
        amount = np.select(
            [kind == PLAYER_EFFECTS.index("no_supporters"), kind == PLAYER_EFFECTS.index("retreat_less")],
            [1, rng.integers(1, 3, len(cases))],
            10,
        )
        batch[f"{player}.effect_amount"][cases, kind] = amount
        batch[f"{player}.effect_turns"][cases, kind] = rng.integers(1, 3, len(cases))


def _other_hand(rng: np.random.Generator, batch: Batch, cases: NDArray[np.int64]) -> None:
    for player in ("p0", "p1"):
        hand = batch[f"{player}.hand"][cases]
        batch[f"{player}.hand"][cases] = np.where(hand >= 0, rng.choice(_kinds()["any"], hand.shape), hand)


def _other_pokemon(rng: np.random.Generator, batch: Batch, cases: NDArray[np.int64], own: bool = True) -> None:
    """Any Pokémon of the sets in place of what is there, with Energy for any attack, and no damage."""
    for number, player in enumerate(("p0", "p1")):
        mine = cases[(batch["current"][cases] == number) == own]
        for spot in (0, int(rng.integers(1, 4))):
            there = mine[batch[f"{player}.spots.cards"][mine, spot, 0] >= 0]
            stack = np.full((len(there), 3), -1)
            stack[:, 0] = rng.choice(_kinds()["pokemon"], len(there))
            batch[f"{player}.spots.cards"][there, spot] = stack
            batch[f"{player}.spots.damage"][there, spot] = 0
            batch[f"{player}.spots.energy"][there, spot] = rng.integers(0, 4, (len(there), 8))


def _last_steps(rng: np.random.Generator, batch: Batch, cases: NDArray[np.int64]) -> None:
    batch[LIMIT][cases] = batch[LENGTH][cases] + rng.integers(1, 3, len(cases))


_CHANGES = dict(
    zip(
        KINDS[1:],
        (
            *(_hurt, _conditions, _energy, _points, _last_turn, _empty_deck, _full_hand, _effects, _player_effects),
            *(_other_hand, _other_pokemon, functools.partial(_other_pokemon, own=False), _last_steps),
        ),
        strict=True,
    )
)


def valid(snapshots: Batch) -> NDArray[np.bool_]:
    """bool [N]: the player to act has a game to decide in: an Active Pokémon in the middle of a turn."""
    main = snapshots["phase"] == PHASES.index("main")
    both = (snapshots["p0.spots.cards"][:, 0, 0] >= 0) & (snapshots["p1.spots.cards"][:, 0, 0] >= 0)
    hands = of_player(snapshots, "hand", snapshots["current"])
    return (~main | both) & (hands.shape[1] == 20)
