"""Observations hold what the protocol shows, and nothing that a player could not know."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import protocol_tracker
import pytest
from compiled_quickly import compiled_quickly  # noqa: F401 (a fixture)

from pokejax.common.pools import TeamPool, save_pool
from pokejax.env import Gen1Battle
from pokejax.gen1.choices import FIRST_MOVE, NUM_ACTIONS
from pokejax.gen1.move_ids import Move
from pokejax.gen1.observation.build import hp_percent
from pokejax.gen1.observation.memory import UNSEEN
from pokejax.gen1.observation.spec import OBS_SPEC, VOLATILES
from pokejax.gen1.state import ONGOING
from pokejax.gen1.team_sampling import random_teams
from references.showdown.client import BattleJob
from references.showdown.replay import battle_texts
from references.showdown.workers import WorkerPool

BATTLES, STEPS, TOLD = 64, 80, 12
SECRET_MOVES = (Move.METRONOME, Move.MIRRORMOVE, Move.MIMIC, Move.TRANSFORM, Move.DISABLE, Move.SUBSTITUTE)


@dataclasses.dataclass(frozen=True)
class Recording:
    """Battles of odd teams; leaves of ``obs`` and ``states`` are numpy ``[STEPS + 1, BATTLES, …]``."""

    env: Gen1Battle
    seeds: np.ndarray
    teams: np.ndarray
    actions: np.ndarray
    obs: object
    states: object

    def length(self, battle: int) -> int:
        over = np.flatnonzero(self.states.battle.result[:, battle] != ONGOING)
        return int(over[0]) if len(over) else STEPS


def odd_teams() -> np.ndarray:
    """Teams of different species, half of whose Pokémon know a move that hides or tells something."""
    rng = np.random.default_rng(11)
    teams = random_teams(rng, 512)
    ordered = np.sort(teams[..., 0], axis=-1)
    teams = teams[~((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] > 0)).any(-1)]
    secret = rng.choice(SECRET_MOVES, teams.shape[:2])
    knows = (teams[..., 2:6] == secret[..., None]).any(-1)
    gets = (teams[..., 0] > 0) & ~knows & (rng.random(teams.shape[:2]) < 0.5)
    teams[..., 2] = np.where(gets, secret, teams[..., 2])
    return teams.astype(np.uint8)


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    path = tmp_path_factory.mktemp("pool") / "odd.npz"
    teams = odd_teams()
    save_pool(TeamPool(teams, "free", "test"), path)
    env = Gen1Battle(format="free", pool=path)

    def act(key, legal):
        """Any legal action, but seldom a switch."""
        odds = jnp.where(jnp.arange(NUM_ACTIONS) < FIRST_MOVE, 0.25, 1.0)
        return jnp.argmax(jnp.where(legal, odds[None] * jax.random.uniform(key, legal.shape), -1.0), axis=-1)

    @jax.jit
    def play(keys, params):
        def one(key, state):
            action = act(key, env.legal_actions(state, params))
            obs, state, *_ = env.step_env(key, state, action, params)
            return action, obs, state

        def body(carry, step):
            action, *carry = jax.vmap(one)(jax.vmap(jax.random.fold_in, (0, None))(keys, step), carry[1])
            return carry, (action, *carry)

        rng, rows = jax.vmap(lambda key: env.draw(key, params))(keys)
        first = jax.vmap(lambda key: env.reset_env(key, params))(keys)
        _, (actions, *rest) = jax.lax.scan(body, list(first), jnp.arange(STEPS))
        joined = jax.tree.map(lambda a, b: jnp.concatenate([a[None], b]), list(first), rest)
        return jnp.stack([rng.hi, rng.lo], axis=-1), rows, actions, *joined

    out = play(jax.random.split(jax.random.key(4), BATTLES), env.default_params)
    seeds, rows, actions, obs, states = jax.tree.map(np.asarray, out)
    return Recording(env, seeds, teams[rows], actions, obs, states)


@pytest.fixture(scope="module")
def observe(recording):
    """`env.observe` on states ``[N, …]``, with numpy leaves."""
    compiled = jax.jit(jax.vmap(recording.env.observe, (0, None)))
    return lambda states: jax.tree.map(np.asarray, compiled(states, recording.env.default_params))


@pytest.fixture(scope="module")
def states(recording):
    """A sample of the recorded states, ``[N, …]``, battles under way only."""
    flat = jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:]), recording.states)
    going = np.flatnonzero(flat.battle.result == ONGOING)
    chosen = np.random.default_rng(0).permutation(going)[:2000]
    return jax.tree.map(lambda leaf: leaf[chosen], flat)


def seat_of(obs, player):
    return jax.tree.map(lambda leaf: leaf[:, player], obs)


def differing(a, b):
    """Names of the fields in which two observations differ anywhere."""
    return [f.name for f in OBS_SPEC.fields if not np.array_equal(getattr(a, f.name), getattr(b, f.name))]


def with_side(states, side, seat=None, party=None, **memory):
    """The states with values of one side replaced, in its seat, its party and the memory of it."""
    seats, parties = list(states.battle.seats), list(states.battle.parties)
    same = lambda node, values: {k: np.asarray(v).astype(getattr(node, k).dtype) for k, v in values.items()}  # noqa: E731
    seats[side] = seats[side].replace(**same(seats[side], seat or {}))
    parties[side] = parties[side].replace(**same(parties[side], party or {}))
    kept = {}
    for name, value in memory.items():
        kept[name] = getattr(states.memory, name).copy()
        kept[name][:, side] = value
    battle = states.battle.replace(seats=tuple(seats), parties=tuple(parties))
    return states.replace(battle=battle, memory=states.memory.replace(**kept))


def hide(states, player, rng):
    """Everything that ``player`` could not know, made up anew."""
    foe = 1 - player
    seat, party = states.battle.seats[foe], states.battle.parties[foe]
    n = len(seat.slot)
    rows = np.arange(n)
    known = states.memory.moves[:, foe]
    seen = (states.memory.appearance[:, foe, :, None] == np.arange(6)).any(1)
    there = party.species > 0
    some = lambda low, high, *shape: rng.integers(low, high, (n, *shape))  # noqa: E731
    positive = lambda values, high: np.where(values > 0, some(1, high, *values.shape[1:]), values)  # noqa: E731

    unseen = there & ~seen
    moves = np.where(known | (party.moves == 0), party.moves, some(1, 165, 6, 4))
    scale = np.where(seen, 2, 1)  # a percentage is a percentage, of whatever maximum
    hidden_party = {
        "species": np.where(unseen, some(1, 152, 6), party.species),
        "level": np.where(unseen, some(1, 101, 6), party.level),
        "moves": moves,
        "pp": np.where(known, party.pp, some(0, 64, 6, 4)),
        "stats": some(1, 999, 6, 4),
        "speed_bonus": some(0, 90, 6),
        "hp": np.where(unseen, some(1, 700, 6), party.hp * scale),
        "max_hp": np.where(unseen, some(701, 800, 6), party.max_hp * scale),
        "sleep_turns": positive(party.sleep_turns, 8),
    }
    shown = seat.virtual | seat.transformed[:, None] | known[rows, seat.slot]
    base = moves[rows, seat.slot]
    hidden_seat = {
        "max_hp": seat.max_hp * 2,
        "hp": seat.hp * 2,
        "base_moves": base,
        "moves": np.where(shown, seat.moves, base),
        "base_pp": np.where(known[rows, seat.slot], seat.base_pp, some(0, 64, 4)),
        "pp": np.where(shown, seat.pp, some(0, 64, 4)),
        "queued": some(0, 7),
        "maybe_locked": rng.random(n) < 0.5,
        "flinch": rng.random(n) < 0.5,
        **{name: some(1, 999, 4) for name in ("base_stats", "stats", "modified")},
        **{name: some(1, 165) for name in ("last_selected_move", "side_last_move", "side_last_enemy_move")},
        **{name: some(0, 3) for name in ("speed_bonus", "bench", "locked_accuracy", "bide_damage", "trapping_damage")},
        **{name: some(0, 3) for name in ("trapping_turns", "trapped_turns", "fake_trapped_turns", "speed")},
    }
    states = with_side(states, foe, hidden_seat, hidden_party)
    for side in range(2):
        seat = states.battle.seats[side]
        counters = ("sleep_turns", "confusion_turns", "disable_turns", "bide_turns", "locked_turns", "substitute_hp")
        hidden = {name: positive(getattr(seat, name), 8) for name in counters}
        states = with_side(states, side, {**hidden, "rage_accuracy": positive(seat.rage_accuracy, 256)})
    words = lambda: rng.integers(0, 2**32, n, dtype=np.uint32)  # noqa: E731
    battle = states.battle
    rng_state = battle.rng.replace(hi=words(), lo=words())
    return states.replace(battle=battle.replace(rng=rng_state, last_damage=some(0, 999).astype(np.int32)))


def shuffled(states, side, rng):
    """The same battles with the side's team, and each Pokémon's moves, in another order."""
    seat, party, memory = states.battle.seats[side], states.battle.parties[side], states.memory
    n = len(seat.slot)
    order = rng.permuted(np.tile(np.arange(6), (n, 1)), axis=1)  # new slot → old slot
    place = np.argsort(order, axis=1)  # old slot → new slot
    moves = rng.permuted(np.tile(np.arange(4), (n, 1)), axis=1)
    rows = np.arange(n)[:, None]
    team = lambda leaf: leaf[rows, order]  # noqa: E731
    slots = lambda leaf: leaf[rows[..., None], np.arange(leaf.shape[1])[:, None], moves[:, None]]  # noqa: E731
    four = ("base_moves", "base_pp", "moves", "pp", "virtual")
    appearance = memory.appearance[:, side]
    return with_side(
        states,
        side,
        {
            "slot": place[np.arange(n), seat.slot],
            **{name: getattr(seat, name)[rows, moves] for name in four},
        },
        {
            field.name: team(slots(value) if field.name in ("moves", "pp") else value)
            for field in dataclasses.fields(party)
            if (value := getattr(party, field.name)) is not None
        },
        appearance=np.where(appearance == UNSEEN, UNSEEN, place[rows, np.minimum(appearance, 5)]),
        moves=team(slots(memory.moves[:, side])),
        slept=team(memory.slept[:, side]),
    )


@pytest.mark.parametrize("player", [0, 1])
def test_nothing_hidden_is_seen(states, observe, player):
    plain = seat_of(observe(states), player)
    made_up = seat_of(observe(hide(states, player, np.random.default_rng(player))), player)
    assert not differing(plain, made_up)


@pytest.mark.parametrize("player", [0, 1])
def test_the_order_of_the_foes_team_and_moves_is_not_seen(states, observe, player):
    plain = seat_of(observe(states), player)
    other = seat_of(observe(shuffled(states, 1 - player, np.random.default_rng(player))), player)
    assert not differing(plain, other)


def _toggle(name):
    return lambda seat: {name: 1 - (getattr(seat, name) > 0).astype(np.int32)}


PUBLIC = {
    "foe_hp_percent": lambda seat: {"hp": np.where(2 * seat.hp < seat.max_hp, seat.max_hp, 1)},
    "foe_status": lambda seat: {"status": (seat.status + 1) % 7},
    "species": lambda seat: {"species": seat.species % 151 + 1},
    "types": lambda seat: {"type1": seat.type1 % 15 + 1},
    "boosts": lambda seat: {"evasion": np.where(seat.evasion == 1, 2, 1)},
    "toxic_counter": lambda seat: {"toxic_counter": seat.toxic_counter + 1},
    "last_move": lambda seat: {"last_move": seat.last_move % 165 + 1},
    "disabled_move": lambda seat: {"disable_move": seat.disable_move % 165 + 1},
    "charging_move": lambda seat: {"two_turn_move": seat.two_turn_move % 165 + 1},
    "request": lambda seat: {"request": (seat.request + 1) % 3},
    "transformed": _toggle("transformed"),
    "substitute": _toggle("substitute_hp"),
    "confusion": _toggle("confusion_turns"),
    "leech_seed": _toggle("leech_seed"),
    "reflect": _toggle("reflect"),
    "light_screen": _toggle("light_screen"),
    "mist": _toggle("mist"),
    "focus_energy": _toggle("focus_energy"),
    "must_recharge": _toggle("must_recharge"),
    "invulnerable": _toggle("invulnerable"),
    "bide": _toggle("bide_turns"),
    "rage": _toggle("rage_accuracy"),
    "thrash": _toggle("locked_move"),
    "toxic": _toggle("toxic"),
}


def test_what_is_public_is_seen(states, observe):
    """By both players, at every state."""
    states = jax.tree.map(lambda leaf: leaf[:200], states)
    standing = states.battle.seats[1].hp > 0
    plain = observe(states)
    for name, change in PUBLIC.items():
        changed = observe(with_side(states, 1, change(states.battle.seats[1])))
        for player in range(2):
            field = name if name in {f.name for f in OBS_SPEC.fields} else "volatiles"
            if player == 1:
                field = {"foe_hp_percent": "own_hp", "foe_status": "own_status"}.get(field, field)
            before, after = (getattr(obs, field)[:, player].reshape(200, -1) for obs in (plain, changed))
            assert ((before != after).any(-1) | ~standing).all(), f"{name} for player {player + 1}"


def test_hp_percent():
    """Showdown's ``Math.ceil(100 * hp / maxhp)``, 100 only at full HP, for every HP there is."""
    most = np.arange(1, 1000)
    hp, full = (grid.ravel() for grid in np.meshgrid(np.arange(1000), most))
    hp, full = hp[hp <= full], full[hp <= full]
    wanted = np.ceil(100 * hp / full)
    wanted = np.where((wanted == 100) & (hp < full), 99, wanted)
    assert np.array_equal(hp_percent(hp.astype(np.int16), full.astype(np.int16)), wanted)


def test_flat_and_back(recording):
    last = jax.tree.map(lambda leaf: leaf[-1], recording.obs)
    flat = OBS_SPEC.flatten(last)
    assert flat.shape == (BATTLES, 2, OBS_SPEC.size)
    assert not differing(jax.tree.map(np.asarray, OBS_SPEC.unflatten(flat)), last)


def test_everything_shown_by_the_protocol_is_seen(recording):
    """The foe's side of the observation, at every decision of some battles, from Showdown's own log of them."""
    longest = sorted(range(BATTLES), key=recording.length)[-TOLD:]
    with WorkerPool(1) as pool:
        for battle in longest:
            length = recording.length(battle)
            actions = recording.actions[:length, battle].astype(np.uint8)
            seed = (int(recording.seeds[battle, 0]), int(recording.seeds[battle, 1]))
            job = BattleJob("gen1randombattle", seed, recording.teams[battle].astype(np.uint16), actions)
            log = battle_texts(pool, job).protocol_log
            parts = log.split(protocol_tracker.STEP)[protocol_tracker.HEAD :]
            assert len(parts) == length + 1
            sides = protocol_tracker.Side(), protocol_tracker.Side()
            for step, messages in enumerate(parts):
                protocol_tracker.read(sides, messages)
                for player in range(2):
                    obs = jax.tree.map(lambda leaf, at=(step, battle, player): leaf[at], recording.obs)
                    where = f"battle {battle}, step {step}, player {player + 1}:\n{messages}"
                    compare(sides[1 - player], recording.teams[battle, 1 - player], obs, where)


def compare(side, team, obs, where):
    """``side`` as the log shows it and as ``obs`` of the other player has it.

    ``team``: its wire team. A trapping move called by Metronome and used again on a new foe looks like the user's own;
    the log's hint of a desync tells that it is not, and the tracker does not read hints.
    """

    def padded(name):
        values = [getattr(member, name) for member in side.team]
        return values + [0] * (6 - len(values))

    for field in ("species", "level", "status", "slept", "rests"):
        assert getattr(obs, f"foe_{field}").tolist() == padded(field), f"{field}, {where}"
    assert obs.foe_hp_percent.tolist() == padded("percent"), f"percent, {where}"
    for member, row in zip(side.team, obs.foe_moves, strict=False):
        seen = set(row.tolist()) - {0}
        if member.percent:  # a move that fells its own user on its charging turn is not remembered
            own = set(team[team[:, 0] == member.species][0, 2:6].tolist()) & member.moves
            assert own - member.passing <= seen, f"moves, {where}"
            assert member.all_known or seen <= own, f"moves not shown, {where}"
    if side.active.percent:
        assert obs.boosts[1].tolist() == side.boosts, f"boosts, {where}"
        found = [int(value) for value in (obs.disabled_move[1], obs.charging_move[1], obs.species[1])]
        assert found == [side.disabled, side.charging, side.species], f"Disable, charge, species, {where}"
        conditions = {VOLATILES[i] for i in np.flatnonzero(obs.volatiles[1])}
        told = set(protocol_tracker.CONDITIONS.values())
        assert conditions & told == side.conditions, f"conditions, {where}"
