"""Paths of what an environment gives out after a step, and their values on the reference's side.

Of both: each player's reward, `terminated`, `truncated`, the episode's figures of `info`. Of each player: every field
of its observation (at an ending that of `final_observation`), its mask, if it is to act, if its action was illegal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from references.protocol import TERMINATED, TRUNCATED
from references.showdown.client import Views
from references.showdown.gen1.fields import column
from references.showdown.gen1.knowledge import FIELDS, Names, Watcher, columns, row
from references.showdown.gen1.knowledge.start import truth_of, watcher_of

AGENTS = ("p1", "p2")
REWARDS = tuple(f"out.reward.{agent}" for agent in AGENTS)
EPISODE = "out.episode."
FINAL = ("out.final.observation", "out.final.flags", "out.final.state")
"""True where `final_observation`, both flags and the reward, and a state that goes on are those of `step_env`."""
AGAIN = "out.again."
"""A step taken after the end: its reward of each player, `terminated`, and that the observation stays."""
AGAIN_PATHS = (*(f"{AGAIN}reward.{agent}" for agent in AGENTS), AGAIN + "terminated", AGAIN + "observation")
STEPS, LIMIT = "steps", "limit"
NO_LIMIT = 4000
"""`max_steps_in_episode` of the registered environments."""
_ACTIONS = 11


def own_paths(agent: str, obs: Mapping[str, Any], legal: Any, to_act: Any, illegal: Any) -> dict[str, Any]:
    """Paths of all that one player is given."""
    mine = f"out.{agent}."
    return {
        **{f"{mine}obs.{name}": value for name, value in obs.items()},
        f"{mine}legal": legal,
        f"{mine}to_act": to_act,
        f"{mine}illegal": illegal,
    }


def paths() -> tuple[str, ...]:
    """All of them."""
    of_players = [path for agent in AGENTS for path in own_paths(agent, FIELDS, 0, 0, 0)]
    episode = [EPISODE + name for name in ("over", "length", *(f"return.{agent}" for agent in AGENTS))]
    return (*REWARDS, TERMINATED, TRUNCATED, *FINAL, *episode, *AGAIN_PATHS, *of_players)


def wins(records: NDArray[np.int32]) -> NDArray[np.float32]:
    """[N]: 1 where p1 has won, −1 where p2 has, else 0."""
    winner, over = records[:, column("winner")], records[:, column("ended")] != 0
    return np.where(over, (winner == 1).astype(np.float32) - (winner == 2), 0).astype(np.float32)


def expected(
    records: NDArray[np.int32],
    rows: Sequence[Sequence[Sequence[int]]],
    clock: NDArray[np.int32],
    stepped: NDArray[np.bool_],
    illegal: NDArray[np.bool_],
) -> dict[str, NDArray[Any]]:
    """All that a right environment gives out in N states.

    `records` [N, F]; `rows`: for each player N rows of `knowledge.row`; `clock` [N, 2]: steps taken and the limit;
    `stepped` [N]: a step led there, from a state that was not over; `illegal` [N, 2].
    """
    over = records[:, column("ended")] != 0
    truncated = stepped & ~over & (clock[:, 0] >= clock[:, 1])
    reward = np.where(stepped, wins(records), 0).astype(np.float32)
    ended = stepped & (over | truncated)
    returned = np.where(ended, reward, 0).astype(np.float32)
    zeros = np.zeros(len(records), np.float32)
    found: dict[str, NDArray[Any]] = {
        REWARDS[0]: reward,
        REWARDS[1]: 0 - reward,
        TERMINATED: over,
        TRUNCATED: truncated,
        **{path: np.ones(len(records), bool) for path in FINAL},
        EPISODE + "over": ended,
        EPISODE + "length": np.where(ended, clock[:, 0], 0).astype(np.int32),
        f"{EPISODE}return.p1": returned,
        f"{EPISODE}return.p2": 0 - returned,
        **dict(zip(AGAIN_PATHS, (zeros, zeros, stepped & over, np.ones(len(records), bool)), strict=True)),
    }
    for side, agent in enumerate(AGENTS):
        legal = (records[:, column(f"{agent}.legal")][:, None] >> np.arange(_ACTIONS)) & 1 == 1
        asked = (records[:, column(f"{agent}.request")] != 0) | over
        found |= own_paths(agent, columns(rows[side]), legal, asked, illegal[:, side])
    return found


def watch(
    names: Names, teams: NDArray[np.uint16], records: NDArray[np.int32], views: Sequence[Views]
) -> list[list[list[int]]]:
    """For each player a row of `knowledge.row` for each decision point of a battle, from its first message on."""
    found = []
    truths = [truth_of(names, teams, record.tolist()) for record in records[: len(views)]]
    for side, agent in enumerate(AGENTS):
        watcher = Watcher(agent, names)
        rows = []
        for view, true in zip(views, truths, strict=True):
            lines, request = view[side]
            watcher.see(lines, request, true)
            rows.append(row(watcher))
        found.append(rows)
    return found


def watch_step(
    names: Names,
    teams: NDArray[np.uint16],
    record: NDArray[np.int32],
    views: Sequence[Views],
    after: NDArray[np.int32],
) -> list[list[int]]:
    """For each player the row after one step (or none) from a state that a record describes; `after`: the record then.

    Each player knows then of the state what can be seen of it at once: the own team, and the foe's active Pokémon.
    """
    found = []
    before = {agent: views[0][side] for side, agent in enumerate(AGENTS)}
    for side, agent in enumerate(AGENTS):
        watcher = watcher_of(agent, names, teams, record, before)
        for view in views[1:]:
            lines, request = view[side][:2]
            watcher.see(lines, request, truth_of(names, teams, after.tolist()))
        found.append(row(watcher))
    return found


def illegal(mask: NDArray[np.integer], actions: NDArray[np.integer]) -> NDArray[np.bool_]:
    """bool [N, 2]: actions [N, 2] that the masks (bits) [N, 2] do not allow."""
    inside = np.minimum(actions.astype(np.int64), 31)
    return (mask.astype(np.int64) >> inside) & 1 == 0
