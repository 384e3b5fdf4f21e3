"""JaxMARL: an environment for several players as its `MultiAgentEnv`.

from jaxenv.adapters.jaxmarl import JaxMARL
env = LogWrapper(JaxMARL("family/name"))
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from jaxenv import struct
from jaxenv.adapters import common
from jaxenv.adapters.native import Flat
from jaxenv.autoreset import reset_hook
from jaxenv.environment import Environment

spaces: Any = common.library("jaxmarl.environments.spaces", "jaxmarl", "0.1")
_BASE: Any = common.library("jaxmarl.environments.multi_agent_env", "jaxmarl", "0.1").MultiAgentEnv


@struct.dataclass
class State(struct.Node):
    """The environment's own state, with the fields that JaxMARL's base class names."""

    env_state: Any
    done: jax.Array
    step: jax.Array


class JaxMARL(_BASE):
    """Agents `player_0`, `player_1`, …, with flat observations; `get_avail_actions` gives the legal ones.

    `params` are those of the environment. `info` holds `terminated`, `truncated` and `illegal` of each agent, in arrays
    `[P]`. One player is one agent. Auto-reset is JaxMARL's.
    """

    def __init__(self, env: Environment | str, params: Any = None) -> None:
        env = common.environment(env, "jaxmarl.JaxMARL")
        super().__init__(num_agents=env.num_players)
        self._flat = Flat(env)
        self._params = env.default_params if params is None else params
        self.agents = [f"player_{i}" for i in range(env.num_players)]
        space = self._flat.action_space(spaces.Discrete, spaces.Box)
        self.action_spaces = dict.fromkeys(self.agents, space)
        self.observation_spaces = dict.fromkeys(self.agents, self._flat.observation_space(spaces.Box))

    @property
    def name(self) -> str:
        return self._flat.env.id

    @property
    def agent_classes(self) -> dict[str, list[str]]:
        return {"player": self.agents}

    @partial(jax.jit, static_argnums=0)
    def reset(self, key: jax.Array) -> tuple[dict[str, jax.Array], State]:
        """Observations by agent, and the state."""
        obs, env_state = reset_hook(self._flat.env)(key, self._params)
        state = State(env_state, jnp.zeros((), bool), jnp.int32(0))
        return self._by_agent(self._flat.env.obs_spec.flatten(obs)), state

    def step_env(self, key: jax.Array, state: State, actions: dict[str, jax.Array]) -> Any:
        """Observations, state, rewards, dones and info, without auto-reset. ValueError for unknown agents."""
        for agent in actions:
            self._known(agent)
        missing = [agent for agent in self.agents if agent not in actions]
        if missing:
            raise ValueError(f"jaxmarl.JaxMARL of {self.name}: step: no action for {', '.join(missing)}")
        joint = jnp.stack([jnp.asarray(actions[agent]) for agent in self.agents])
        if self.num_agents == 1:
            joint = joint[0]
        obs, env_state, reward, terminated, truncated, info = self._flat.step_env(
            key, state.env_state, joint, self._params
        )
        done = terminated | truncated
        state = State(env_state, done, state.step + 1)
        each = {"terminated": terminated, "truncated": truncated}
        figures = {name: jnp.broadcast_to(flag, (self.num_agents,)) for name, flag in each.items()}
        if "illegal" in info:
            figures["illegal"] = jnp.broadcast_to(info["illegal"], (self.num_agents,))
        dones = {**dict.fromkeys(self.agents, done), "__all__": done}
        return self._by_agent(obs), state, self._by_agent(reward), dones, figures

    def get_obs(self, state: State) -> dict[str, jax.Array]:
        """Observations by agent."""
        return self._by_agent(self._flat.observe(state.env_state, self._params))

    @partial(jax.jit, static_argnums=0)
    def get_avail_actions(self, state: State) -> dict[str, jax.Array]:
        """bool[A] by agent."""
        return self._by_agent(self._flat.env.legal_actions(state.env_state, self._params))

    def observation_space(self, agent: str) -> Any:
        """The space of an agent. Raises ValueError for one that does not exist."""
        return self.observation_spaces[self._known(agent)]

    def action_space(self, agent: str) -> Any:
        """The space of an agent. Raises ValueError for one that does not exist."""
        return self.action_spaces[self._known(agent)]

    def _known(self, agent: str) -> str:
        if agent not in self.agents:
            raise ValueError(
                f"jaxmarl.JaxMARL of {self.name}: no player {agent!r}; players are {', '.join(self.agents)}"
            )
        return agent

    def _by_agent(self, values: jax.Array) -> dict[str, jax.Array]:
        rows = values[None] if self.num_agents == 1 else values
        return {agent: rows[i] for i, agent in enumerate(self.agents)}
