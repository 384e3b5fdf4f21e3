"""Whole episodes of a policy, apart from training."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from baselines.host import lanes_of
from baselines.lanes import Lanes, LaneState
from baselines.policy import Policy, TrainedPolicy
from jaxenv import Environment, struct

_STEPS_A_CALL = 64


@struct.dataclass
class _Playing(struct.Node):
    lanes: LaneState
    first: jax.Array
    carries: Any  # of the policy, and of each opponent
    done: jax.Array  # bool[B]: the first episode has ended
    returns: jax.Array  # of that episode, of seat 0
    lengths: jax.Array
    reports: tuple[jax.Array, ...]


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """One number for each episode; returns are those of seat 0."""

    returns: np.ndarray
    lengths: np.ndarray
    reports: dict[str, np.ndarray]
    unfinished: int

    def summary(self, two_players: bool) -> dict[str, Any]:
        """Plain data for JSON."""
        data: dict[str, Any] = {
            "episodes": len(self.returns),
            "mean_return": _mean(self.returns),
            "standard_error": float(np.std(self.returns) / np.sqrt(max(len(self.returns), 1))),
            "mean_length": _mean(self.lengths),
            **{name: _mean(values) for name, values in self.reports.items()},
        }
        if two_players:
            data["win_rate"] = _mean(0.5 + 0.5 * np.sign(self.returns))
        if self.unfinished:
            data["unfinished"] = self.unfinished
        return data


def evaluate(
    env: Environment,
    policy: Policy,
    episodes: int,
    seed: int = 0,
    *,
    opponents: Sequence[Policy] = (),
    backend: str = "auto",
    reports: tuple[str, ...] = (),
    max_steps: int = 20_000,
) -> list[Evaluation]:
    """The first episode of each of `episodes` environments: short ones do not count more than long ones.

    One result for each opponent, all played at once (so that one program is compiled); a single one without opponents.
    In two-player environments `policy` has seat 0. Episodes that are not over after `max_steps` are left out and
    counted as unfinished.
    """
    if bool(opponents) != (env.num_players == 2):
        raise ValueError(f"{env.id} has {env.num_players} players: opponents are given for two, and only then")
    groups = max(len(opponents), 1)
    lanes = lanes_of(env, episodes * groups, backend, reports)
    parts = [_split(player) for player in (policy, *opponents)]
    match = _Match(lanes, tuple(static for static, _ in parts))
    arrays = [dynamic for _, dynamic in parts]
    env_params = jax.tree.map(jnp.asarray, env.default_params)
    start, key = jax.random.split(jax.random.key(seed))
    playing = match.begin(start, env_params)
    for call in range(-(-max_steps // _STEPS_A_CALL)):
        playing = match.run(playing, arrays, jax.random.fold_in(key, call), env_params)
        if bool(jnp.all(playing.done)):
            break
    results = []
    for group in range(groups):
        rows = slice(group * episodes, (group + 1) * episodes)
        done, returns, lengths = (np.asarray(a)[rows] for a in (playing.done, playing.returns, playing.lengths))
        values = {n: np.asarray(v)[rows][done] for n, v in zip(reports, playing.reports, strict=True)}
        results.append(Evaluation(returns[done], lengths[done], values, int((~done).sum())))
    return results


def _split(policy: Policy) -> tuple[Any, Any]:
    """The static part of a policy, on which compiled programs depend, and the arrays that they are given."""
    if isinstance(policy, TrainedPolicy):
        return _Weightless(policy.network, policy.greedy), (policy.parameters, policy.statistics)
    return policy, ()


@dataclasses.dataclass(frozen=True)
class _Weightless:
    """A trained policy without its arrays: members of a run share one program."""

    network: Any
    greedy: bool

    def bind(self, arrays: Any) -> Policy:
        parameters, statistics = arrays
        return TrainedPolicy("", "", "", self.network, parameters, statistics, self.greedy)


@dataclasses.dataclass(frozen=True)
class _Match:
    """The compiled side: one policy against each opponent in its own group of lanes."""

    lanes: Lanes
    players: tuple[Any, ...]

    @property
    def group(self) -> int:
        return self.lanes.count // max(len(self.players) - 1, 1)

    @functools.partial(jax.jit, static_argnums=0)
    def begin(self, key: jax.Array, env_params: Any) -> _Playing:
        count = self.lanes.count
        first, *others = (player.network if isinstance(player, _Weightless) else player for player in self.players)
        return _Playing(
            lanes=self.lanes.reset(key, env_params),
            first=jnp.ones(count, bool),
            carries=(first.initial_carry(count), *(other.initial_carry(self.group) for other in others)),
            done=jnp.zeros(count, bool),
            returns=jnp.zeros(count, jnp.float32),
            lengths=jnp.zeros(count, jnp.int32),
            reports=tuple(jnp.zeros(count, jnp.float32) for _ in self.lanes.reports),
        )

    @functools.partial(jax.jit, static_argnums=0, donate_argnums=1)
    def run(self, playing: _Playing, arrays: Any, key: jax.Array, env_params: Any) -> _Playing:
        pairs = zip(self.players, arrays, strict=True)
        players = [p.bind(a) if isinstance(p, _Weightless) else p for p, a in pairs]

        def body(playing: _Playing, key: jax.Array) -> tuple[_Playing, None]:
            return self._step(players, playing, key, env_params), None

        return jax.lax.scan(body, playing, jax.random.split(key, _STEPS_A_CALL))[0]

    def _step(self, players: list[Policy], playing: _Playing, key: jax.Array, env_params: Any) -> _Playing:
        two = len(players) > 1
        obs, mask, first = playing.lanes.obs, playing.lanes.mask, playing.first
        own, legal = jax.tree.map(lambda leaf: leaf[:, 0], (obs, mask)) if two else (obs, mask)
        action, carry = players[0].act(jax.random.fold_in(key, 0), own, legal, playing.carries[0], first)
        carries, theirs = [carry], []
        for i, player in enumerate(players[1:]):
            rows = slice(i * self.group, (i + 1) * self.group)
            own, legal = jax.tree.map(lambda leaf, rows=rows: leaf[rows, 1], (obs, mask))
            own_key = jax.random.fold_in(key, i + 1)
            reply, carry = player.act(own_key, own, legal, playing.carries[i + 1], first[rows])
            theirs.append(reply)
            carries.append(carry)
        joint = jnp.stack([action, jnp.concatenate(theirs)], axis=1) if two else action
        state, outcome = self.lanes.step(playing.lanes, joint, env_params)
        ended = outcome.terminated | outcome.truncated
        counts = ended & ~playing.done
        gained = outcome.episode_return[:, 0] if two else outcome.episode_return
        pairs = zip(outcome.reports, playing.reports, strict=True)
        return _Playing(
            lanes=state,
            first=ended,
            carries=tuple(carries),
            done=playing.done | ended,
            returns=jnp.where(counts, gained, playing.returns),
            lengths=jnp.where(counts, outcome.episode_length, playing.lengths),
            reports=tuple(jnp.where(counts, new, old) for new, old in pairs),
        )


def _mean(values: np.ndarray) -> float | None:
    return float(np.mean(values)) if len(values) else None
