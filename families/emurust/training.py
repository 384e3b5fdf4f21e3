"""Falling blocks: PPO on the game's RAM, without a picture."""

from baselines.config import Config, NetworkConfig, PPOConfig
from baselines.family import Training

_BLOCKS = Config(
    network=NetworkConfig(hidden=(256, 128), activation="relu", shared=True),
    ppo=PPOConfig(
        environments=128,
        horizon=32,
        epochs=3,
        minibatches=4,
        learning_rate=1e-3,
        discount=0.97,
        gae_lambda=0.95,
        entropy_coefficient=0.01,
        scale_rewards=True,
    ),
    updates_per_chunk=4,
)
TRAINING = Training(configs={"emurust/blocks": _BLOCKS}, options={"emurust/blocks": {"screen": "none"}})
