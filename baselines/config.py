"""The settings of a run, as frozen dataclasses: hashable, so that a compiled program belongs to its configuration."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any, Literal

from baselines.errors import ConfigError


@dataclasses.dataclass(frozen=True)
class NetworkConfig:
    """The actor-critic network."""

    kind: str = "mlp"
    """Dense layers on the flat observation ("mlp"), or a kind that the environment's family brings, as "entity"."""
    hidden: tuple[int, ...] = (64, 64)
    """Widths of the dense layers."""
    activation: Literal["tanh", "relu", "silu"] = "tanh"
    """Between layers."""
    shared: bool = False
    """Actor and critic share their layers."""
    layer_norm: bool = False
    """Normalise every layer."""
    memory: int = 0
    """Width of a GRU after the layers; 0 for none."""
    attention: int = 0
    """Transformer layers over the tokens of "entity"; 0 pools the tokens without attention."""
    heads: int = 4
    """Heads of each transformer layer."""
    token: int = 32
    """Width of a token of "entity"."""
    initial_log_std: float = 0.0
    """Logarithm of the standard deviation of continuous actions at the start."""
    logit_scale: float = 0.01
    """Gain of the last layer's initial weights: a small one begins with near-uniform play."""


@dataclasses.dataclass(frozen=True)
class PPOConfig:
    """Proximal policy optimisation (Schulman et al. 2017), with the details that matter (Andrychowicz et al. 2021).

    One update: `environments` × `horizon` transitions, then `epochs` × `minibatches` steps of Adam.
    """

    environments: int = 1024
    """Environments side by side."""
    horizon: int = 32
    """Steps of each environment in one update."""
    epochs: int = 4
    """Passes over the data of an update."""
    minibatches: int = 8
    """Parts of a pass, each a step of Adam."""
    learning_rate: float = 3e-4
    """At the start."""
    schedule: Literal["linear", "constant"] = "linear"
    """Of the learning rate over the run."""
    final_learning_rate: float = 0.0
    """At the end of a linear schedule."""
    discount: float = 0.99
    """Of rewards, a step."""
    gae_lambda: float = 0.95
    """λ of generalised advantage estimation."""
    clip: float = 0.2
    """Of the ratio of probabilities, on either side of 1."""
    clip_value: bool = False
    """Clip changes of the value as well."""
    value_coefficient: float = 0.5
    """Weight of the value's loss."""
    entropy_coefficient: float = 0.0
    """Weight of the entropy bonus."""
    max_grad_norm: float = 0.5
    """Longer gradients are cut to this norm."""
    adam_epsilon: float = 1e-5
    """ε of Adam."""
    normalise_advantages: bool = True
    """To mean 0 and variance 1, in each minibatch."""
    normalise_observations: bool = True
    """By their running mean and variance."""
    scale_rewards: bool = False
    """By the running deviation of discounted returns."""
    shaping: float = 0.0
    """Weight of the environment's potential (`baselines.family.Training.potential`), which speeds up sparse rewards."""


@dataclasses.dataclass(frozen=True)
class PQNConfig:
    """Parallelised Q-networks (Gallici et al. 2024): Q(λ) with layer norm, no target network, no replay buffer."""

    environments: int = 1024
    """Environments side by side."""
    horizon: int = 32
    """Steps of each environment in one update."""
    epochs: int = 2
    """Passes over the data of an update."""
    minibatches: int = 8
    """Parts of a pass, each a step of Adam."""
    learning_rate: float = 5e-4
    """At the start."""
    schedule: Literal["linear", "constant"] = "linear"
    """Of the learning rate over the run."""
    final_learning_rate: float = 0.0
    """At the end of a linear schedule."""
    discount: float = 0.99
    """Of rewards, a step."""
    q_lambda: float = 0.65
    """λ of the targets Q(λ)."""
    exploration_start: float = 1.0
    """Share of random actions at the start."""
    exploration_end: float = 0.02
    """Share of random actions at the end."""
    exploration_share: float = 0.3
    """Share of the run over which exploration falls."""
    max_grad_norm: float = 10.0
    """Longer gradients are cut to this norm."""
    adam_epsilon: float = 1e-5
    """ε of Adam."""
    normalise_observations: bool = True
    """By their running mean and variance."""


@dataclasses.dataclass(frozen=True)
class OpponentsConfig:
    """Opponents in two-player environments, as shares of the environments; what is left is self-play.

    Past selves are dealt as in prioritised fictitious self-play.
    """

    fixed: tuple[tuple[str, float], ...] = ()
    """Pairs of a scripted opponent's name and its share."""
    pool_share: float = 0.0
    """Share against frozen past selves."""
    pool_size: int = 8
    """Past selves that are kept."""
    pool_slots: int = 4
    """Past selves that play at a time, drawn by how often they win."""
    snapshot_every: int = 50
    """Updates between two past selves."""
    exploit: str = ""
    """A run whose policy is the opponent everywhere: how far it can be exploited."""


@dataclasses.dataclass(frozen=True)
class Config:
    """All that decides what is learned. The seed and the budget are the run's (`baselines.train.Budget`)."""

    algorithm: Literal["ppo", "pqn"] = "ppo"
    """Proximal policy optimisation, or parallelised Q-networks."""
    network: NetworkConfig = NetworkConfig()
    ppo: PPOConfig = PPOConfig()
    pqn: PQNConfig = PQNConfig()
    opponents: OpponentsConfig = OpponentsConfig()
    updates_per_chunk: int = 10
    """Updates in one compiled call; between two of them the run prints, saves and can be stopped."""
    solved: float | None = None
    """Mean return that counts as solved: the plot draws a line there."""
    reference: bool = False
    """Train in the reference instead, to evaluate here: slow, one member, not resumable."""
    reports: tuple[str, ...] = ()
    """Names of `info` entries, dots for attributes, that are averaged over ended episodes: "log.score"."""

    @property
    def learner(self) -> PPOConfig | PQNConfig:
        """The settings of the algorithm in use."""
        return self.ppo if self.algorithm == "ppo" else self.pqn


def check(config: Config) -> None:
    """`ConfigError` for settings that no run can have."""
    learner = config.learner
    for owner, names in (
        (learner, ("environments", "horizon", "epochs", "minibatches")),
        (config, ("updates_per_chunk",)),
        (config.opponents, ("pool_size", "pool_slots", "snapshot_every")),
    ):
        for name in names:
            if getattr(owner, name) < 1:
                raise ConfigError(f"{name} must be at least 1, got {getattr(owner, name)}")
    if not 0 <= learner.discount <= 1:
        raise ConfigError(f"discount must lie between 0 and 1, got {learner.discount}")
    if not learner.learning_rate > 0:
        raise ConfigError(f"learning_rate must be positive, got {learner.learning_rate}")
    shares = [share for _, share in config.opponents.fixed] + [config.opponents.pool_share]
    if min(shares) < 0 or sum(shares) > 1 + 1e-9:
        raise ConfigError(f"opponents: shares must be at least 0 and sum to at most 1, got {shares}")
    if config.algorithm == "pqn" and (config.network.memory or config.network.kind != "mlp"):
        raise ConfigError('pqn: only networks of kind "mlp" without memory; use --algorithm ppo')


def to_json(config: Any) -> dict[str, Any]:
    """Plain data, for `from_json`."""
    return dataclasses.asdict(config)


def from_json(data: dict[str, Any]) -> Config:
    """The configuration that `to_json` wrote, maybe with fewer fields: those have their defaults."""
    return _build(Config, data)


def _build(cls: Any, data: Any) -> Any:
    if isinstance(cls, type) and dataclasses.is_dataclass(cls):
        hints = typing.get_type_hints(cls)
        unknown = sorted(set(data) - set(hints))
        if unknown:
            raise ConfigError(f"{cls.__name__}: unknown settings {unknown}; it was written by another version")
        return cls(**{name: _build(hints[name], value) for name, value in data.items()})  # type: ignore[operator]
    if typing.get_origin(cls) is tuple:
        return tuple(tuple(item) if isinstance(item, list) else item for item in data)
    return data
