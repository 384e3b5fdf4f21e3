"""Mctx's Gumbel MuZero search that does not look at the foe's cards, against a scripted opponent, on many battles.

It searches in worlds that it may be in (`env.determinize`), both players moving by turns there, and takes the action
that the searches visited most. `pip install pokejax mctx`

    python mctx_search.py --battles 16 --worlds 4 --simulations 16
"""

import argparse
import time

import jax
import jax.numpy as jnp
import mctx

import jaxenv
from jaxenv.adapters.mctx import Mctx
from pokejax.gen1 import opponents

ME = 0


def value(_, obs, legal):
    """No preference, and the own share of HP less the foe's; a Pokémon that has not come in yet is whole."""
    foe = jnp.where(obs.foe_species > 0, obs.foe_hp_percent, 100)
    return jnp.zeros(legal.shape), jnp.sum(obs.own_hp) / jnp.sum(obs.own_max_hp) - jnp.mean(foe) / 100


def searcher(env, worlds, simulations):
    """`decide(key, states, legal, params)`: an action for each of B battles."""
    search = Mctx(env, value)

    @jax.jit
    def decide(key, states, legal, params):
        keys = jax.random.split(key, (legal.shape[0], worlds))
        believe = jax.vmap(jax.vmap(env.determinize, (0, None, None, None)), (0, 0, None, None))
        believed = jax.tree.map(jnp.concatenate, believe(keys, states, ME, params))
        roots = jax.vmap(search.env.begin)(believed)  # nobody has chosen yet, and player 0 chooses first
        found = mctx.gumbel_muzero_policy(
            (), key, search.root((), roots), search.recurrent_fn, simulations,
            invalid_actions=search.invalid_actions(roots), max_depth=8,
        )  # fmt: skip
        weights = found.action_weights.reshape(-1, worlds, legal.shape[-1]).sum(axis=1)
        return jnp.argmax(jnp.where(legal[:, ME], weights, -1), axis=-1)  # who waits has one legal action

    return decide


def main(battles, worlds, simulations, opponent, seed=0, longest=1000):
    """The share of battles won (a tie or an unfinished one is half), and seconds a decision."""
    env = jaxenv.make("pokejax/gen1randombattle")
    params, decide = env.default_params, searcher(env, worlds, simulations)
    foe = jax.jit(jax.vmap(lambda *seen: opponents.policy(opponent).seat(1 - ME, *seen)))
    reset, masks = (jax.jit(jax.vmap(hook, (0, None))) for hook in (env.reset_env, env.legal_actions))
    play = jax.jit(jax.vmap(env.step_env, (0, 0, 0, None)))
    obs, states = reset(jax.random.split(jax.random.key(seed), battles), params)
    score, seconds = jnp.zeros(battles), []
    for number in range(longest):
        legal, keys = masks(states, params), jax.random.split(jax.random.key(number), battles)
        started = time.perf_counter()
        mine = jax.block_until_ready(decide(keys[0], states, legal, params))
        seconds.append((time.perf_counter() - started) / battles)
        joint = jnp.stack([mine, foe(keys, obs, legal)], axis=1)
        obs, states, reward, terminated, *_ = play(keys, states, joint, params)
        score += reward[:, ME]
        if terminated.all():
            break
    return float((score.mean() + 1) / 2), sorted(seconds)[len(seconds) // 2]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--battles", type=int, default=16)
    parser.add_argument("--worlds", type=int, default=4)
    parser.add_argument("--simulations", type=int, default=16)
    parser.add_argument("--opponent", choices=opponents.names(), default="max_expected_damage")
    given = vars(parser.parse_args())
    share, cost = main(**given)
    print(f"won {share:.0%} of {given['battles']} against {given['opponent']}; {1e3 * cost:.2f} ms a decision")
