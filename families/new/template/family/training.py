"""A configuration of PPO that learns the game in a minute."""

from baselines.config import Config, NetworkConfig, PPOConfig
from baselines.family import Training

_CONFIG = Config(
    network=NetworkConfig(hidden=(64, 64), activation="tanh"),
    ppo=PPOConfig(environments=256, horizon=32, epochs=2, minibatches=4, learning_rate=1e-3, entropy_coefficient=0.01),
)
TRAINING = Training(configs={"template/Rover-v0": _CONFIG})
