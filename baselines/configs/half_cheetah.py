"""HalfCheetah-v5."""

from baselines.config import Config, NetworkConfig, PPOConfig

_HALF_CHEETAH = Config(
    network=NetworkConfig(hidden=(64, 64), activation="tanh", initial_log_std=-0.5),
    ppo=PPOConfig(
        environments=256,
        horizon=64,
        epochs=4,
        minibatches=16,
        learning_rate=1e-3,
        discount=0.99,
        gae_lambda=0.95,
        clip=0.2,
        value_coefficient=0.5,
        entropy_coefficient=0.0,
        scale_rewards=True,
    ),
    updates_per_chunk=10,
    solved=4000.0,
)
CONFIGS = {"cheetahjax/HalfCheetah-v5": _HALF_CHEETAH}
