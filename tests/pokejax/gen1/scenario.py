"""Scripted battles: the same choices under many seeds in JAX, one of them played in the reference and compared.

A test gives two teams, a script of joint choices by name and a condition. The script is played under hundreds of seeds
in one batch; the first seed that meets the condition is replayed in the real Showdown, every field of every decision
point is compared, and the test states its facts on the *reference's* records. So a test documents a quirk, and fails
when either implementation drifts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from families.pokejax_gen1.verify.lockstep import first_difference
from families.pokejax_gen1.verify.record import named_fields, record
from pokejax.common.rng import Rng
from pokejax.gen1.dex import Status, move_number
from pokejax.gen1.party import parties_from_wire
from pokejax.gen1.state import Battle, Party, pack, unpack
from pokejax.gen1.teams import PokemonSet, Team, team_array
from pokejax.gen1.turn import start, step
from references.showdown.client import BattleJob, replay
from references.showdown.gen1.fields import column, field_names
from references.showdown.lcg import INCREMENT, MULTIPLIER, draws_between, state_of
from references.showdown.workers import WorkerPool

LANES = 512
"""Seeds tried side by side. Fixed, so that one compiled program serves every scenario."""
SIDES = ("p1", "p2")
NO_OP = 10
FORMAT = "gen1ou"

FINE, BRN, PAR, SLP, FRZ, PSN, TOX = (int(status) for status in Status)
FNT = 7

_TEAM_FIELDS = {"hp": "hp", "status": "status", "sleep": "status_time", "sleep_source": "status_source"}


def mon(species: str, *moves: str, level: int = 100, **spread: Any) -> PokemonSet:
    """A Pokémon of a team; `ivs` and `evs` as in `PokemonSet` (IVs 30 and EVs 252 unless given)."""
    return PokemonSet(species, moves or ("Splash",), level, **spread)


class Records:
    """Records int32 [T + 1, …, F] by field name; row 0 is before the first choice."""

    def __init__(self, rows: np.ndarray, seed: tuple[int, int] = (0, 0)) -> None:
        self.rows, self.seed = rows, seed

    def __call__(self, name: str, step: int = -1) -> Any:
        """An int for one battle, int [B] for many: one field after `step` joint choices (the last ones by default).

        Names are those of `gen1/fields.json`; "p1.active." and "p1.active.volatile." may be left out after "p1.", and
        p1.hp, p1.status, p1.sleep, p1.sleep_source, p1.pp0…3 mean the active Pokémon's own.
        """
        row = self.rows[step]
        side, _, rest = name.partition(".")
        own = _TEAM_FIELDS.get(rest, rest if rest in ("pp0", "pp1", "pp2", "pp3") else None)
        if own:
            columns = np.array([column(f"{side}.team.{k}.{own}") for k in range(6)])
            slot = row[..., column(f"{side}.active")]
            return _plain(np.take_along_axis(row[..., columns], slot[..., None], axis=-1)[..., 0])
        for full in (name, f"{side}.active.{rest}", f"{side}.active.volatile.{rest}"):
            if full in field_names():
                return _plain(row[..., column(full)])
        raise KeyError(f"no field {name!r} in a record; see gen1/fields.json")

    def series(self, name: str) -> list[Any]:
        """A field at every decision point."""
        return [self(name, step) for step in range(len(self.rows))]

    def lost(self, name: str, step: int) -> Any:
        """Difference by which a field fell by the `step`-th joint choice."""
        return self(name, step - 1) - self(name, step)

    def peek(self, step: int, n: int = 256, skip: int = 0) -> Any:
        """The value of ``random(n)`` after `step` joint choices, once `skip` other draws are made."""
        words = [np.atleast_1d(self(word, step)).astype(np.uint32).astype(np.uint64) for word in ("prng_hi", "prng_lo")]
        state = words[0] << np.uint64(32) | words[1]
        for _ in range(skip + 1):
            state = state * np.uint64(MULTIPLIER) + np.uint64(INCREMENT)
        values = ((state >> np.uint64(32)) * np.uint64(n) >> np.uint64(32)).astype(np.int64)
        return int(values[0]) if self.rows.ndim == 2 else values

    def draws(self, step: int) -> int | None:
        """Draws made by the `step`-th joint choice (0: by the start), from the generator's states; one battle only."""
        words = [self.seed, *zip(self.series("prng_hi"), self.series("prng_lo"), strict=True)]
        return draws_between(state_of(*words[step]), state_of(*words[step + 1]))


def _plain(value: np.ndarray) -> Any:
    return int(value) if value.ndim == 0 else value


def legal_bits(row: np.ndarray, side: str) -> np.ndarray:
    """bool [B, 11]: the legal actions in records [B, F]."""
    return (row[:, column(f"{side}.legal"), None] >> np.arange(11)) & 1 == 1


def default_actions(row: np.ndarray, side: str) -> np.ndarray:
    """int [B]: Showdown's ``default``: the first legal move, else the side's next Pokémon, else waiting."""
    legal = legal_bits(row, side)
    places = row[:, [column(f"{side}.team.{k}.position") for k in range(6)]]
    switch = np.where(legal[:, :6], places, 99).argmin(axis=1)
    moves = legal[:, 6:10]
    return np.where(legal[:, NO_OP], NO_OP, np.where(moves.any(axis=1), 6 + moves.argmax(axis=1), switch))


def resolve(word: str, row: np.ndarray, side: str) -> np.ndarray:
    """int [B]: the action that a script's word means in records [B, F].

    "switch 2" is that Pokémon of the team, a move's name the slot that holds it now, "-" Showdown's default. Whoever
    is asked for something else (a forced entry, a replacement, nothing) gets the default too.
    """
    fallback = default_actions(row, side)
    if word == "-":
        return fallback
    if word.startswith("switch "):
        action = np.full(len(row), int(word.removeprefix("switch ")))
    else:
        slots = row[:, [column(f"{side}.active.move{k}.move") for k in range(4)]] == move_number(word)
        action = np.where(slots.any(axis=1), 6 + slots.argmax(axis=1), NO_OP)
    legal = legal_bits(row, side)[np.arange(len(row)), action]
    return np.where(legal, action, fallback)


@dataclass(frozen=True)
class Played:
    """Battles of `LANES` seeds: records [T + 1, B, F] in the reference's column order, actions int [T, B, 2]."""

    seeds: np.ndarray
    wire: np.ndarray
    actions: np.ndarray
    records: Records
    illegal: np.ndarray
    """bool [T, B, 2]: the engine called that action illegal."""
    intact: bool
    """Packing and unpacking returned every state unchanged."""

    def job(self, lane: int) -> BattleJob:
        """One lane as the reference replays it: up to its end."""
        over = self.records.rows[:-1, lane, column("ended")] == 1
        length = int(over.argmax()) if over.any() else len(self.actions)
        high, low = (int(word) for word in self.seeds[lane])
        return BattleJob(FORMAT, (high, low), self.wire[lane], self.actions[:length, lane].astype(np.uint8))


class Stage:
    """The compiled engine and a reference worker. One for a whole test session."""

    def __init__(self, pool: WorkerPool, failures: Path) -> None:
        self.pool, self.failures = pool, failures
        self._start = jax.jit(jax.vmap(_start))
        self._step = jax.jit(jax.vmap(_step))
        self.order = _column_order()

    def begin(self, seeds: np.ndarray, wire: np.ndarray) -> tuple[Battle, np.ndarray]:
        """Packed battles of seeds uint32 [LANES, 2] and teams uint16 [LANES, 2, 6, 16], and their records [B, F]."""
        battles, rows = self._start(jnp.asarray(seeds), parties_from_wire(wire))
        return battles, np.asarray(rows)[:, self.order]

    def advance(self, battles: Battle, actions: np.ndarray) -> tuple[Battle, np.ndarray, np.ndarray, np.ndarray]:
        """One joint step with actions int [LANES, 2].

        Returns the battles, records [B, F], which actions were illegal [B, 2], and [B] whether packing lost nothing.
        """
        battles, rows, illegal, lossless = self._step(battles, jnp.asarray(actions, jnp.int32))
        return battles, np.asarray(rows)[:, self.order], np.asarray(illegal), np.asarray(lossless)

    def play(
        self,
        seeds: np.ndarray,
        wire: np.ndarray,
        choose: Callable[[int, np.ndarray], np.ndarray],
        steps: int,
        keep: int = LANES,
    ) -> Played:
        """`steps` joint steps; `choose(step, records [B, F])` gives the actions [B, 2].

        Only the records of the first `keep` lanes are kept: a thousand steps of all of them take half a gigabyte.
        """
        battles, row = self.begin(seeds, wire)
        rows, acted, refused, intact = [row[:keep]], [], [], True
        for k in range(steps):
            actions = choose(k, row)
            battles, row, illegal, lossless = self.advance(battles, actions)
            intact = intact and bool(lossless.all())
            rows.append(row[:keep].copy())
            acted.append(actions)
            refused.append(illegal)
        shape = (steps, LANES, 2)
        return Played(
            seeds,
            wire,
            np.reshape(acted, shape).astype(int),
            Records(np.array(rows)),
            np.reshape(refused, shape),
            intact,
        )

    def find(
        self,
        p1: Sequence[PokemonSet] | PokemonSet,
        p2: Sequence[PokemonSet] | PokemonSet,
        turns: Sequence[str],
        when: Callable[[Records], Any] = lambda r: True,
        batches: int = 16,
        keep: int = LANES,
    ) -> Records:
        """The reference's records of the first seed whose battle meets `when`, compared with JAX's field by field.

        `turns`: "choice of p1 / choice of p2" each, see `resolve`. `when` gets the records of a whole batch and
        returns bool [B], or a sequence of them that must all hold. `batches` of the first `keep` lanes are tried.
        """
        teams = [team_array(Team((team,) if isinstance(team, PokemonSet) else tuple(team))) for team in (p1, p2)]
        wire = np.repeat(np.stack(teams)[None], LANES, axis=0)
        words = [[word.strip() for word in turn.split("/")] for turn in turns]
        source = np.random.default_rng(20_251_122)

        def choose(k: int, row: np.ndarray) -> np.ndarray:
            return np.stack([resolve(word, row, side) for word, side in zip(words[k], SIDES, strict=True)], axis=1)

        seen: list[int] = []
        for _ in range(batches):
            seeds = source.integers(0, 1 << 32, (LANES, 2), dtype=np.uint32)
            played = self.play(seeds, wire, choose, len(turns), keep)
            wanted = when(played.records)
            conditions = wanted if isinstance(wanted, list | tuple) else [wanted]
            held = np.logical_and.accumulate([np.broadcast_to(c, keep) for c in conditions])
            seen = (np.array(seen or [0]) + held.sum(axis=1)).tolist()
            if held[-1].any():
                return self.confirm(played, int(held[-1].argmax()))
        raise AssertionError(
            f"none of {batches * keep} seeds meets the condition; seeds left after each part of it: {seen}"
        )

    def confirm(self, played: Played, lane: int) -> Records:
        """Replay one lane in the reference; fails unless all records are equal. Returns the reference's records."""
        job = played.job(lane)
        reference = replay(self.pool, job)
        mine = played.records.rows[: len(job.actions) + 1, lane]
        difference = first_difference(job, mine, self.pool, self.failures)
        if difference:
            raise AssertionError(
                f"differs: {difference}\nactions {job.actions.tolist()}; the file belongs in tests/regression/ "
                "if the engine is wrong"
            )
        if reference.message:
            raise AssertionError(f"the reference stopped: {reference.message}")
        return Records(np.asarray(reference.records), job.seed)


def _start(seed: jax.Array, sides: Party) -> tuple[Battle, jax.Array]:
    battle = start(Rng(hi=seed[0], lo=seed[1]), (_party(sides, 0), _party(sides, 1)))
    return pack(battle), record(battle)


def _step(battle: Battle, actions: jax.Array) -> tuple[Battle, jax.Array, jax.Array, jax.Array]:
    after, illegal = step(unpack(battle), actions)
    packed = pack(after)
    same = jax.tree.map(lambda a, b: jnp.all(a == b), after, unpack(packed))
    return packed, record(after), illegal, jnp.stack(jax.tree.leaves(same)).all()


def _party(sides: Party, side: int) -> Party:
    """One side's party, widened to the rules' dtypes."""
    return jax.tree.map(lambda leaf: leaf[side] if leaf.dtype == jnp.bool_ else leaf[side].astype(jnp.int32), sides)


def _column_order() -> np.ndarray:
    """Place of each of the reference's columns in a JAX record."""
    names: list[str] = []

    def collect(seed: jax.Array, sides: Party) -> jax.Array:
        names.extend(named_fields(start(Rng(hi=seed[0], lo=seed[1]), (_party(sides, 0), _party(sides, 1)))))
        return seed

    jax.eval_shape(collect, np.zeros(2, np.uint32), parties_from_wire(np.zeros((2, 6, 16), np.uint16)))
    return np.array([names.index(name) for name in field_names()])
