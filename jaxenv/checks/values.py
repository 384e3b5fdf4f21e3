"""Values of a recorded play: observations within their spec, masks, rewards and the figures of episodes."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from jaxenv.checks.compare import first, holding, same_values
from jaxenv.environment import Environment
from jaxenv.rollouts import Transition


def check_observations(env: Environment, params: Any, transition: Transition) -> None:
    """Dtypes, shapes, bounds and meanings of `obs_spec`; the observation space; flatten and unflatten."""
    spec, space = env.obs_spec, env.observation_space(params)
    lead = transition.reward.ndim  # time, lane and, with several players, player
    with holding(env, "mend observe, or declare the field as it is in obs_spec"):
        for field in spec.fields:
            value = np.asarray(spec.get(transition.obs, field.name))
            where = f"observation field {field.name!r}"
            assert value.dtype == np.dtype(field.dtype), f"{where}: dtype {value.dtype}, the spec says {field.dtype}"
            assert value.shape[lead:] == field.shape, (
                f"{where}: shape {value.shape[lead:]}, the spec says {field.shape}"
            )
            assert np.isfinite(value).all(), f"{where}: not finite"
            inside = (value >= field.low) & (value <= field.high)
            assert inside.all(), f"{where}: {value[~inside][0]} lies outside [{field.low}, {field.high}]"
            assert field.meaning, f"{where}: needs a meaning"
        one = jax.tree.map(lambda leaf: leaf[(0,) * lead], transition.obs)
        assert space.contains(one), f"observation_space {space!r} does not contain {one}"
        flat = spec.flatten(transition.obs)
        assert flat.shape[lead:] == (spec.size,), f"flatten gives {flat.shape[lead:]}, the spec's size is {spec.size}"
        same_values("unflatten(flatten(obs)) and obs", spec.unflatten(flat), transition.obs)


def check_masks(env: Environment, transition: Transition, to_act: np.ndarray) -> None:
    """Never all False; exactly `no_op` for who waits; all True where the rules ended the episode."""
    action_space = env.action_space()
    with holding(env, "mend action_space, or what legal_actions allows"):
        for action in transition.action.reshape(-1, *action_space.shape)[:32]:
            assert action_space.contains(action), f"action_space {action_space!r} does not contain {action}"
    if env.num_actions == 0:
        return
    masks = transition.legal_actions
    with holding(env, "let legal_actions give who waits exactly no_op, and allow everything in a terminal state"):
        assert masks.any(axis=-1).all(), f"legal_actions is all False at [step, lane, player] {first(~masks.any(-1))}"
        if env.no_op is not None:
            only_no_op = np.arange(env.num_actions) == env.no_op
            wrong = ~to_act & (masks != only_no_op).any(-1)
            assert not wrong.any(), f"who waits must have exactly no_op, at {first(wrong)} it has {masks[wrong][:1]}"
        else:
            assert to_act.all(), f"a player waits at {first(~to_act)}, but spec.no_op names no action for it"
        over = transition.info["returned_episode"] & transition.terminated
        final = transition.info["final_legal_actions"][over]
        assert final.all(), f"a terminal state must allow everything, got {final[~final.all(-1)][:1]}"
    if "illegal" in transition.info:
        illegal = transition.info["illegal"]
        with holding(env, "let legal_actions and the rule that sets illegal agree"):
            assert not illegal.any(), f'info["illegal"] is set for a legal action at {first(illegal)}'


def check_rewards(env: Environment, transition: Transition) -> None:
    """Finite, within `spec.reward_range`, and as `reward_only_at_end` and `zero_sum` promise."""
    reward, ended = transition.reward, transition.terminated | transition.truncated
    low, high = env.spec.reward_range
    with holding(env, "mend the reward, or what spec says of it"):
        assert np.isfinite(reward).all(), f"reward is not finite at {first(~np.isfinite(reward))}"
        outside = (reward < low) | (reward > high)
        assert not outside.any(), f"reward {reward[outside][:1]} lies outside spec.reward_range {(low, high)}"
        if env.spec.reward_only_at_end:
            early = (reward.reshape(*ended.shape, -1) != 0).any(-1) & ~ended
            assert not early.any(), f"spec says reward_only_at_end, but reward is {reward[early][:1]} at {first(early)}"
        if env.spec.zero_sum:
            assert np.allclose(reward.sum(-1), 0, atol=1e-6), "spec says zero_sum, but rewards do not add up to 0"


def check_figures(env: Environment, transition: Transition) -> np.ndarray:
    """Returns and lengths in `info` are those of the play. Returns int `[T, B]`, each episode's steps so far."""
    info, reward = transition.info, transition.reward
    ended = transition.terminated | transition.truncated
    players = reward.shape[2:]
    lengths = np.zeros(ended.shape, np.int32)
    total, length = np.zeros((reward.shape[1], *players), np.float32), np.zeros(reward.shape[1], np.int32)
    with holding(
        env, "leave returned_episode and its figures to the base class's step, or add them up anew each episode"
    ):
        same_values("returned_episode and terminated | truncated", info["returned_episode"], ended)
        for t in range(len(reward)):
            total, length = total + reward[t], length + 1
            lengths[t] = length
            mask = ended[t].reshape(-1, *(1,) * len(players))
            wanted = np.where(mask, total, 0)
            got = info["returned_episode_return"][t]
            assert np.allclose(got, wanted, atol=1e-4), (
                f"returned_episode_return at step {t}: {got}, rewards sum to {wanted}"
            )
            got = info["returned_episode_length"][t]
            same_values(f"returned_episode_length at step {t}", got, np.where(ended[t], length, 0))
            total, length = np.where(mask, 0, total), np.where(ended[t], 0, length)
    return lengths
