"""Pong: a small network and many environments, which are all but free."""

from baselines.config import Config, NetworkConfig, PPOConfig
from baselines.family import Training

_PPO = PPOConfig(
    environments=512,
    horizon=64,
    epochs=2,
    minibatches=8,
    learning_rate=1e-3,
    discount=0.995,
    gae_lambda=0.95,
    entropy_coefficient=0.005,
    normalise_observations=True,
)
_DISCRETE = Config(
    network=NetworkConfig(hidden=(64, 64), activation="tanh", shared=True),
    ppo=_PPO,
    updates_per_chunk=10,
    solved=20.0,
    reports=("log.score",),
)
_CONTINUOUS = Config(
    network=NetworkConfig(hidden=(64, 64), activation="tanh"),
    ppo=_PPO,
    updates_per_chunk=10,
    solved=20.0,
    reports=("log.score",),
)
_CONFIGS = {"pongjax/puffer_pong": _DISCRETE, "pongjax/puffer_pong_continuous": _CONTINUOUS}
TRAINING = Training(configs=_CONFIGS)
