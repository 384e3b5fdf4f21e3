"""One-ply expectimax that does not look at the foe's cards, against a scripted opponent, on many battles at once.

It plays each of its actions in worlds that it may be in (`env.determinize`), the foe choosing at random there.

    python examples/expectimax.py --battles 32 --worlds 16
"""

import argparse
import time

import jax
import jax.numpy as jnp

import jaxenv
from jaxenv.backends import choose
from jaxenv.rollouts import random_legal
from pokejax.gen1 import opponents

ME = 0


def value(obs, reward):
    """Own share of HP less the foe's, as the player sees them; a Pokémon that has not come in yet is whole."""
    foe = jnp.where(obs.foe_species > 0, obs.foe_hp_percent, 100)
    return jnp.sum(obs.own_hp) / jnp.sum(obs.own_max_hp) - jnp.mean(foe) / 100 + 10 * reward


def searcher(env, step, worlds: int):
    """`decide(key, states, legal, params)`: an action for each of B battles."""

    @jax.jit
    def decide(key, states, legal, params):
        battles, _, actions = legal.shape
        keys = jax.random.split(key, (battles, worlds))
        believe = jax.vmap(jax.vmap(env.determinize, (0, None, None, None)), (0, 0, None, None))
        believed = jax.tree.map(jnp.concatenate, believe(keys, states, ME, params))
        keys = jax.vmap(jax.random.fold_in, (0, None))(keys.reshape(-1), 1)
        joint = jax.vmap(random_legal, (0, None, 0))(
            keys, None, jax.vmap(env.legal_actions, (0, None))(believed, params)
        )
        joint = jnp.repeat(joint, actions, axis=0).at[:, ME].set(jnp.tile(jnp.arange(actions), battles * worlds))
        lanes, keys = jax.tree.map(lambda x: jnp.repeat(x, actions, axis=0), (believed, keys))
        obs, _, reward, *_ = step(keys, lanes, joint, params)
        values = jax.vmap(value)(jax.tree.map(lambda x: x[:, ME], obs), reward[:, ME])
        means = values.reshape(battles, worlds, actions).mean(axis=1)
        return jnp.argmax(jnp.where(legal[:, ME], means, -jnp.inf), axis=-1)

    return decide


def main(battles: int, worlds: int, opponent: str, seed: int = 0, longest: int = 1000) -> tuple[float, float]:
    """The share of battles won (a tie or an unfinished one is half), and seconds a decision."""
    env = jaxenv.make("pokejax/gen1randombattle")
    params, step = env.default_params, choose("auto", env).vmap(env.step_env, (0, 0, 0, None))
    decide, play = searcher(env, step, worlds), jax.jit(step)
    foe = jax.jit(jax.vmap(lambda *seen: opponents.policy(opponent).seat(1 - ME, *seen)))
    reset, masks = (jax.jit(jax.vmap(hook, (0, None))) for hook in (env.reset_env, env.legal_actions))
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
    parser.add_argument("--battles", type=int, default=32)
    parser.add_argument("--worlds", type=int, default=16)
    parser.add_argument("--opponent", choices=opponents.names(), default="max_expected_damage")
    given = vars(parser.parse_args())
    share, cost = main(**given)
    print(f"won {share:.0%} of {given['battles']} against {given['opponent']}; {1e3 * cost:.2f} ms a decision")
