"""PettingZoo: an environment for several players as a `ParallelEnv`.

from jaxenv.adapters.pettingzoo import ParallelEnv
env = ParallelEnv("family/name")
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jaxenv.adapters import common, host
from jaxenv.environment import Environment

_BASE: Any = common.library("pettingzoo", "pettingzoo", "1.24").ParallelEnv
spaces: Any = common.library("gymnasium.spaces", "gymnasium", "1.0")


class ParallelEnv(_BASE):
    """All players of an environment with discrete actions at once: agents `player_0`, `player_1`, …

    An observation is `{"observation": float32[D], "action_mask": int8[A]}`. Who waits has one legal action, the no-op.
    `info[agent]["illegal"]` says that the agent's last action was not one of its legal ones. `backend` and `params` are
    those of `jaxenv.adapters.gymnasium.VectorEnv`. Raises ValueError for actions that are not discrete.
    """

    def __init__(self, env: Environment | str, *, backend: str = "auto", params: Any = None) -> None:
        where = "pettingzoo.ParallelEnv"
        env = common.discrete(common.environment(env, where), where)
        self.metadata = {"render_modes": [], "is_parallelizable": True, "name": f"{env.id}_{env.version}"}
        self.render_mode = None
        self.possible_agents = [f"player_{i}" for i in range(env.num_players)]
        self.agents: list[str] = []
        low, high = common.bounds(env)
        self.observation_spaces = {
            agent: spaces.Dict(
                {
                    "observation": spaces.Box(low, high, low.shape, np.float32),
                    "action_mask": spaces.Box(0, 1, (env.num_actions,), np.int8),
                }
            )
            for agent in self.possible_agents
        }
        self.action_spaces = {agent: spaces.Discrete(env.num_actions) for agent in self.possible_agents}
        self._one = env.num_players == 1
        self._no_op = env.no_op
        self._batch = host.Batch(
            env, 1, host.DISABLED, params=params, backend=backend, flat=True, where=f"{where} of {env.id}"
        )

    def observation_space(self, agent: str) -> Any:
        """The space of an agent. Raises ValueError for one that does not exist."""
        return self.observation_spaces[self._known(agent)]

    def action_space(self, agent: str) -> Any:
        """The space of an agent. Raises ValueError for one that does not exist."""
        return self.action_spaces[self._known(agent)]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """Observations and infos of a new episode. `options` are not used."""
        del options
        out = self._batch.reset(seed)
        self.agents = list(self.possible_agents)
        return self._observations(out), {agent: {} for agent in self.agents}

    def step(self, actions: dict[str, Any]) -> tuple[dict[str, Any], ...]:
        """Observations, rewards, terminations, truncations and infos, by agent.

        Raises ValueError for an agent that does not exist, and for one that is missing, RuntimeError after the end.
        """
        if not self.agents:
            raise RuntimeError(f"{self._batch.where}: the episode has ended: call reset() first")
        for agent in actions:
            self._known(agent)
        missing = [agent for agent in self.agents if agent not in actions]
        if missing:
            hint = "" if self._no_op is None else f"; who waits does {self._no_op}"
            raise ValueError(f"{self._batch.where}: step: no action for {', '.join(missing)}{hint}")
        joint = np.stack([np.asarray(actions[agent]) for agent in self.possible_agents])
        out = self._batch.step(joint if self._one else joint[None])
        rewards, illegal = (np.asarray(x[0]).reshape(-1) for x in (out.reward, out.illegal))
        terminated, truncated = bool(out.terminated[0]), bool(out.truncated[0])
        agents = self.possible_agents
        if terminated or truncated:
            self.agents = []
        return (
            self._observations(out),
            {agent: float(rewards[i]) for i, agent in enumerate(agents)},
            dict.fromkeys(agents, terminated),
            dict.fromkeys(agents, truncated),
            {agent: {"illegal": bool(illegal[i])} for i, agent in enumerate(agents)},
        )

    def render(self) -> Any:
        """uint8[height, width, 3] of the state, with all that players cannot see."""
        return self._batch.picture(0)

    def _observations(self, out: host.Output) -> dict[str, Any]:
        players = len(self.possible_agents)
        obs = np.array(out.obs[0]).reshape(players, -1)
        masks = np.array(out.legal_actions[0], np.int8).reshape(players, -1)
        return {agent: {"observation": obs[i], "action_mask": masks[i]} for i, agent in enumerate(self.possible_agents)}

    def _known(self, agent: str) -> str:
        if agent not in self.action_spaces:
            raise ValueError(f"{self._batch.where}: no player {agent!r}; players are {', '.join(self.possible_agents)}")
        return agent
