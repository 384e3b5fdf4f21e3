"""The MuJoCo tasks."""

import dataclasses
from typing import Any

from baselines.config import Config, NetworkConfig, PPOConfig
from baselines.family import Training

_PLANAR = Config(
    network=NetworkConfig(hidden=(64, 64), activation="tanh", initial_log_std=-0.5),
    ppo=PPOConfig(
        environments=256,
        horizon=64,
        epochs=4,
        minibatches=16,
        learning_rate=7e-4,
        scale_rewards=True,
    ),
    updates_per_chunk=10,
)


def _solved(level: float, **ppo: Any) -> Config:
    return dataclasses.replace(_PLANAR, solved=level, ppo=dataclasses.replace(_PLANAR.ppo, **ppo))


_CONFIGS = {
    "cheetahjax/HalfCheetah-v5": _solved(4000.0, learning_rate=1e-3),
    "cheetahjax/Hopper-v5": _solved(2500.0),
    "cheetahjax/Walker2d-v5": _solved(3000.0),
    "cheetahjax/InvertedPendulum-v5": _solved(950.0),
    "cheetahjax/InvertedDoublePendulum-v5": _solved(9000.0),
    "cheetahjax/Reacher-v5": _solved(-5.0),
    # Its reward comes from a slow stroke: with a discount of 0.99 the stroke is not worth learning.
    "cheetahjax/Swimmer-v5": _solved(100.0, discount=0.9995),
}
TRAINING = Training(configs=_CONFIGS)
