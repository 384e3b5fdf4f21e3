"""PokeJAX beside Pokémon Showdown: equal observations, a small transfer, ratings on mirrored teams."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import jax
import numpy as np
import pytest
from compiled_quickly import compiled_quickly  # noqa: F401

from baselines.errors import ConfigError
from baselines.ratings.matches import play_matches, win_rates
from baselines.transfer.arena import Arena, Starts
from baselines.transfer.command import rival, transfer
from baselines.transfer.game import Game, UnknownGameError, game
from baselines.transfer.policies import entrants
from baselines.transfer.reference_env import reference_env
from baselines.transfer.store import PlanFile, Store
from families.pokejax_gen1.transfer import ShowdownArena
from pokejax.gen1.team_sampling import sample_teams
from references.showdown import client
from references.showdown.live import LiveBattles, RefusedChoiceError, over
from references.showdown.workers import WorkerPool

PONG, BATTLES = "pongjax/puffer_pong", "pokejax/gen1randombattle"
LANES = 8


class _Open:
    """An arena that is open already, and stays so."""

    def __init__(self, arena: Arena) -> None:
        self._arena, self.lanes, self.patient = arena, arena.lanes, arena.patient
        self.begin, self.look, self.step = arena.begin, arena.look, arena.step

    def __enter__(self) -> _Open:
        return self

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def battles() -> Iterator[tuple[Game, Arena, ShowdownArena]]:
    playing = game(BATTLES)
    reference = playing.reference(LANES, 2)
    assert isinstance(reference, ShowdownArena)
    with reference:
        yield playing, playing.candidate(LANES), reference


def test_a_battle_looks_the_same_from_showdown(battles: tuple[Game, Arena, ShowdownArena]) -> None:
    """With equal seeds both sides play the same battles: both seats' observations must be equal to the last bit."""
    playing, ours, theirs = battles
    starts = playing.starts(LANES, 7)
    params = playing.env.default_params
    rng, _ = jax.vmap(playing.env.draw, (0, None))(starts.keys, params)  # type: ignore[attr-defined]
    noise = (np.asarray(rng.hi).astype(np.uint64) << np.uint64(32)) | np.asarray(rng.lo).astype(np.uint64)
    starts = Starts(starts.keys, starts.given, starts.seats, noise)
    for arena in (ours, theirs):
        arena.begin(np.arange(LANES), starts, np.arange(LANES))
    playing_now = np.ones(LANES, bool)
    choices = np.random.default_rng(1)
    compared = 0
    while playing_now.any():
        (ours_obs, ours_mask), (theirs_obs, theirs_mask) = ours.look(), theirs.look()
        np.testing.assert_array_equal(np.asarray(ours_mask)[playing_now], np.asarray(theirs_mask)[playing_now])
        for field in playing.env.obs_spec.fields:
            one, other = (np.asarray(getattr(obs, field.name))[playing_now] for obs in (ours_obs, theirs_obs))
            np.testing.assert_array_equal(one, other, err_msg=f"{field.name} after {compared} steps")
            assert one.dtype == other.dtype
        compared += int(playing_now.sum())
        legal = np.asarray(ours_mask)
        actions = (choices.random(legal.shape) * legal).argmax(-1).astype(np.int32)
        steps = [arena.step(jax.random.key(0), jax.numpy.asarray(actions), playing_now) for arena in (ours, theirs)]
        np.testing.assert_array_equal(steps[0].ended[playing_now], steps[1].ended[playing_now])
        np.testing.assert_array_equal(steps[0].reward[playing_now], steps[1].reward[playing_now])
        playing_now &= ~steps[0].ended
    assert compared > 20 * LANES


def test_a_small_transfer_of_battles(battles: tuple[Game, Arena, ShowdownArena]) -> None:
    playing, ours, theirs = battles
    chosen = entrants(playing.env, ["uniform_legal", "max_base_power"])
    found = transfer(
        playing,
        chosen,
        Store(None, {}),
        24,
        0,
        rival(playing, "max_base_power"),
        lanes=LANES,
        arenas=(ours, _Open(theirs)),
    )
    assert found.verdict == "none"
    weak, even = found.policies
    assert max(weak.means) < 0.3 and 0.1 < min(even.means) <= max(even.means) < 0.9
    assert weak.void == even.void == (0, 0) and weak.cut == (0, 0)
    assert even.test.n == (24, 24)


def test_matches_are_mirrored(battles: tuple[Game, Arena, ShowdownArena]) -> None:
    playing, ours, _ = battles
    chosen = entrants(playing.env, ["uniform_legal", "max_base_power"])
    starts = playing.starts(6, 0, mirrored=True)
    np.testing.assert_array_equal(starts.given["teams"][::2], starts.given["teams"][1::2])
    np.testing.assert_array_equal(starts.seats, [0, 1] * 3)
    file = PlanFile(None, {}, matches={})
    scores = play_matches(playing, chosen, 16, 0, _Open(ours), file)
    assert scores[0, 1].shape == (8, 2) and win_rates(2, scores)[1, 0] > 0.7
    again = play_matches(playing, chosen, 16, 0, _Open(ours), file)  # from the file
    np.testing.assert_array_equal(again[0, 1], scores[0, 1])
    with pytest.raises(ConfigError, match="even number"):
        play_matches(playing, chosen, 15, 0, _Open(ours), file)
    with pytest.raises(ConfigError, match="one player"):
        play_matches(game(PONG), [], 2, 0, _Open(ours), file)


def test_live_battles_are_those_that_a_replay_gives_and_survive_their_workers(pool: WorkerPool) -> None:
    rng = np.random.default_rng(2)
    seeds, teams = rng.integers(0, 2**32, (3, 2)).astype(np.uint32), sample_teams("allmoves", rng, 3)
    wanted = [
        client.play(pool, "gen1randombattle", (int(s[0]), int(s[1])), t) for s, t in zip(seeds, teams, strict=True)
    ]
    with LiveBattles(3, "gen1randombattle", workers=2) as live:
        records, broken = live.open([0, 1, 2], seeds, teams)
        for step in range(min(len(actions) for actions, _ in wanted)):
            np.testing.assert_array_equal(records, [kept[step] for _, kept in wanted])
            if step == 4:
                os.kill(live.pids[0], signal.SIGKILL)
            records, broken = live.advance([0, 1, 2], np.stack([actions[step] for actions, _ in wanted]))
            assert not broken.any()
        assert live.faults == 1 and over(records).any()
        live.open([0], seeds[:1], teams[:1])
        with pytest.raises(RefusedChoiceError, match="battle 0: p1"):
            live.advance([0], np.array([[10, 10]], np.uint8))
        with pytest.raises(ValueError, match="expected"):
            live.advance([0], np.zeros((2, 2), np.uint8))


def test_what_has_no_reference() -> None:
    with pytest.raises(UnknownGameError, match="did you mean pokejax/gen1ou"):
        game("pokejax/gen1o")
    with pytest.raises(ConfigError, match="no reference to train in"):
        reference_env(BATTLES, 1)
    with pytest.raises(ConfigError, match="a game of one player"):
        rival(game(PONG), "uniform")
