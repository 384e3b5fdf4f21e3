"""The baselines' part: a small configuration."""

from baselines.config import Config, NetworkConfig, PPOConfig
from baselines.family import Training

CONFIG = Config(
    network=NetworkConfig(hidden=(16,)),
    ppo=PPOConfig(environments=64, horizon=16, epochs=2, minibatches=2, learning_rate=3e-3),
    updates_per_chunk=4,
)
TRAINING = Training(configs={"corridor/short": CONFIG})
