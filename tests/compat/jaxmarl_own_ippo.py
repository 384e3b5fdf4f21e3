"""JaxMARL's own IPPO script on a battle, from a clone of its repository: its wheel has no `baselines` folder.

    uv run --isolated --no-editable --no-default-groups --group compat-jaxmarl --with distrax,hydra-core,wandb \
        python tests/compat/jaxmarl_own_ippo.py CLONE

It runs `baselines/IPPO/ippo_rnn_smax.py`, which asks an environment for its legal actions, with its configuration. That
script names its environment, so that two of its names are replaced by ours; nothing else of it is. Then the policy
plays one battle in each lane as player 0 against random play, before the training and after it.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import sys
import time
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import wandb
from omegaconf import OmegaConf

import jaxenv
from jaxenv.adapters.jaxmarl import JaxMARL

SCRIPT = Path("baselines", "IPPO", "ippo_rnn_smax.py")


def load(clone: Path) -> Any:
    """The script as a module. SystemExit, with the remedy, where the folder is no clone."""
    path = clone / SCRIPT
    if not path.is_file():
        sys.exit(f"{path} is no file. Remedy: give the folder of a clone of FLAIROx/JaxMARL")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def configuration(clone: Path, steps: int, lanes: int, rate: float, seed: int) -> dict[str, Any]:
    """The script's own configuration, with another length, width and learning rate."""
    file = OmegaConf.load(clone / SCRIPT.parent / "config" / f"{SCRIPT.stem}.yaml")
    file.ENTITY, file.ENV_KWARGS = "", {}
    found: Any = OmegaConf.to_container(file)
    return found | {"TOTAL_TIMESTEPS": steps, "NUM_ENVS": lanes, "LR": rate, "SEED": seed}


def beats_random(script: Any, config: dict[str, Any], game: JaxMARL, weights: Any, lanes: int, longest: int = 600):
    """float[lanes]: the return of player 0 in the first episode of each lane; 0 for one that is not over by then."""
    network = script.ActorCriticRNN(game.action_space(game.agents[0]).n, config=config)

    @jax.jit
    def play(weights: Any, key: jax.Array) -> jax.Array:
        def step(carry: Any, key: jax.Array) -> tuple[Any, None]:
            obs, state, hidden, ended, score, over = carry
            ours, theirs, move = jax.random.split(key, 3)
            legal = jax.vmap(game.get_avail_actions)(state)
            seen = (obs["player_0"][None], ended[None], legal["player_0"][None])
            hidden, choice, _ = network.apply(weights, hidden, seen)
            random = jax.vmap(jaxenv.random_legal, (0, None, 0))
            actions = {
                "player_0": choice.sample(seed=ours)[0],
                "player_1": random(jax.random.split(theirs, lanes), None, legal["player_1"]),
            }
            obs, state, reward, done, _ = jax.vmap(game.step)(jax.random.split(move, lanes), state, actions)
            score += jnp.where(over, 0.0, reward["player_0"])
            return (obs, state, hidden, done["__all__"], score, over | done["__all__"]), None

        no = jnp.zeros(lanes, bool)
        hidden = script.ScannedRNN.initialize_carry(lanes, config["GRU_HIDDEN_DIM"])
        begun = (*jax.vmap(game.reset)(jax.random.split(key, lanes)), hidden, no, jnp.zeros(lanes), no)
        return jax.lax.scan(step, begun, jax.random.split(key, longest))[0][4]

    return np.asarray(play(weights, jax.random.PRNGKey(1)))


def wilson(share: float, count: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval of a share."""
    middle, spread = share + z**2 / (2 * count), z * math.sqrt(share * (1 - share) / count + (z / (2 * count)) ** 2)
    return (middle - spread) / (1 + z**2 / count), (middle + spread) / (1 + z**2 / count)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clone", type=Path, metavar="CLONE", help="folder of a clone of JaxMARL's repository")
    parser.add_argument("--env", default="pokejax/gen1randombattle")
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--lanes", type=int, default=128)
    parser.add_argument("--rate", type=float, default=1e-3, help="learning rate")
    parser.add_argument("--battles", type=int, default=256)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    script = load(options.clone)
    game = JaxMARL(options.env)
    script.HeuristicEnemySMAX, script.map_name_to_scenario = (lambda scenario: game), (lambda name: name)
    config = configuration(options.clone, options.steps, options.lanes, options.rate, options.seed)
    wandb.init(mode="disabled")
    started = time.perf_counter()
    train = script.make_train(config)
    trained = jax.jit(train)(jax.random.PRNGKey(options.seed))["runner_state"][0][0]
    jax.block_until_ready(trained.params)
    seconds = time.perf_counter() - started
    untrained = jax.tree.map(jnp.zeros_like, trained.params)  # which chooses among the legal actions at random
    told: dict[str, Any] = {"env": options.env, "steps": options.steps, "train_seconds": round(seconds)}
    for name, weights in (("before", untrained), ("after", trained.params)):
        share = float(beats_random(script, config, game, weights, options.battles).mean() + 1) / 2
        told[name] = {"won": share, "interval": wilson(share, options.battles), "battles": options.battles}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
