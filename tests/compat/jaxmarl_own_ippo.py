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
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import wandb
from jaxmarl_battles import against_random, won
from omegaconf import OmegaConf

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
    network = script.ActorCriticRNN(game.action_space(game.agents[0]).n, config=config)

    def decide(weights: Any, key: jax.Array, memory: Any, obs: Any, legal: Any, begun: Any) -> tuple[Any, Any]:
        memory, choice, _ = network.apply(weights, memory, (obs[None], begun[None], legal[None]))
        return choice.sample(seed=key)[0], memory

    memory = script.ScannedRNN.initialize_carry(options.battles, config["GRU_HIDDEN_DIM"])
    untrained = jax.tree.map(jnp.zeros_like, trained.params)  # it draws from the legal actions alike
    told: dict[str, Any] = {"env": options.env, "steps": options.steps, "train_seconds": round(seconds)}
    for name, weights in (("before", untrained), ("after", trained.params)):
        returns = against_random(game, partial(decide, weights), memory, options.battles)
        share, *interval = won(returns)
        told[name] = {"won": share, "interval": interval, "battles": options.battles}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
