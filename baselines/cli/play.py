"""`python -m baselines play RUN`: one episode, step by step."""

from __future__ import annotations

import argparse
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import jaxenv
from baselines import arguments as types
from baselines.policy import Policy, load
from baselines.ratings.of_run import fixed_names
from baselines.transfer.policies import entrants
from leaderboard.invocation import program


def main(arguments: list[str]) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog=program("baselines", "play"), description="Watch one episode of a policy.")
    parser.add_argument("run", type=types.path, help="the folder of a run, or one of its checkpoints")
    parser.add_argument("--seed", type=types.seed, default=0, help="of start and choices (default: %(default)s)")
    parser.add_argument(
        "--steps", type=types.positive, default=100, help="most steps that are shown (default: %(default)s)"
    )
    parser.add_argument(
        "--member", type=int, default=0, help="number of the seed, in a run of several (default: %(default)s)"
    )
    parser.add_argument("--greedy", action="store_true", help="the most likely action instead of a draw")
    parser.add_argument("--opponent", help="in games of two: a scripted name, or another run; default: random play")
    options = parser.parse_args(arguments)
    policy = load(options.run, options.member, greedy=options.greedy)
    env = jaxenv.make(policy.env)
    players = [policy]
    if env.num_players == 2:
        players.append(entrants(env, [options.opponent or fixed_names(env.id)[0]])[0].policy)
    for line in episode(env, players, options.seed, options.steps):
        print(line)
    return 0


def episode(env: jaxenv.Environment, players: list[Policy], seed: int, most: int) -> Any:
    """Lines of text, one a step, and one for the end."""
    params = env.default_params
    key = jax.random.key(seed)
    obs, state = env.reset(key, params)
    carries: list[Any] = [player.initial_carry(1) for player in players]
    acts = [jax.jit(player.act) for player in players]
    total = np.zeros(env.num_players)
    first = jnp.ones(1, bool)
    for step in range(most):
        mask = env.legal_actions(state, params) if env.num_actions else None
        chosen = []
        for seat, act in enumerate(acts):
            view = (obs, mask)
            if env.num_players == 2:
                view = jax.tree.map(lambda leaf, seat=seat: leaf[seat], view)
            own_obs, own_mask = jax.tree.map(lambda leaf: jnp.asarray(leaf)[None], view)
            own_key = jax.random.fold_in(jax.random.fold_in(key, step), seat)
            action, carries[seat] = act(own_key, own_obs, own_mask, carries[seat], first)
            chosen.append(action[0])
        joint = chosen[0] if env.num_players == 1 else jnp.stack(chosen)
        step_key = jax.random.fold_in(key, most + step)
        obs, state, reward, terminated, truncated, _ = env.step(step_key, state, joint, params)
        total += np.asarray(reward)
        first = jnp.zeros(1, bool)
        yield f"{step:5}  action {_short(joint)}  reward {_short(reward)}  return {_short(total)}"
        if bool(terminated | truncated):
            yield f"the episode {'terminated' if bool(terminated) else 'was truncated'} after {step + 1} steps"
            return
    yield f"still going on after {most} steps"


def _short(value: Any) -> str:
    return np.array2string(np.asarray(value), precision=2, suppress_small=True)
