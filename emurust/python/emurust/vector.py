"""Many Game Boys as one Gymnasium `VectorEnv`: one call steps all, without the GIL."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gymnasium
import numpy as np
from emurust import _native
from emurust.game_boy import SHADES, _bit
from emurust.rom import read_rom
from gymnasium.vector import AutoresetMode, VectorEnv

ACTIONS = {
    7: ("down", "left", "right", "up", "a", "b", "start"),
    9: ("", "a", "b", "left", "right", "up", "down", "start", "select"),
}
"""The action sets that people use, by size: one button a step, and in the larger one also none."""
_SCREENS = {"full": (144, 160, 1), "half": (72, 80, 1), "packed": (72, 20, 1)}

Reward = Callable[[np.ndarray, np.ndarray], np.ndarray]
Termination = Callable[[np.ndarray], np.ndarray]


class GameBoyVectorEnv(VectorEnv):
    """`num_envs` machines with one ROM. An action is one button, held for `press` of `frame_skip` frames.

    Observations are a dictionary: ``screen`` uint8[num_envs, height, width, 1], ``ram`` uint8[num_envs, addresses].

    Args:
        rom: bytes, a path, or a file name in the folder `EMURUST_ROM_DIR`.
        num_envs: number of machines.
        actions: 7 (down, left, right, up, a, b, start) or 9 (none, a, b, left, right, up, down, start, select).
        frame_skip: frames of a step; an array gives each machine its own number.
        press: frames after which the button is released.
        screen: "full" 144 × 160, "half" 72 × 80, "packed" 72 × 20 with four 2-bit shades a byte, or "none".
        ram: addresses whose bytes are part of the observation.
        reward: weights by address of the bytes' changes, or a function of the RAM slices before and after the step.
        terminated: a function of the RAM slices, to bool[num_envs].
        snapshots: states to start from, chosen evenly at random; without any, the state after the boot ROM.
        max_steps: steps after which an episode is truncated.
        autoreset: whether an episode that ended starts anew within the same step.
        threads: number of threads; 0 for one a core.
        render_mode: "rgb_array" for `render`, or None.
    """

    def __init__(
        self,
        rom: bytes | str | os.PathLike[str],
        num_envs: int,
        *,
        actions: int = 7,
        frame_skip: int | Sequence[int] | np.ndarray = 24,
        press: int = 8,
        screen: str = "half",
        ram: Sequence[int] = (),
        reward: Mapping[int, float] | Reward | None = None,
        terminated: Termination | None = None,
        snapshots: Sequence[bytes] = (),
        max_steps: int | None = None,
        autoreset: bool = True,
        threads: int = 0,
        render_mode: str | None = None,
    ) -> None:
        if actions not in ACTIONS:
            raise ValueError(f"actions={actions}. Remedy: 7 or 9")
        if screen not in (*_SCREENS, "none"):
            raise ValueError(f"screen={screen!r}. Remedy: one of {', '.join(_SCREENS)}, none")
        if render_mode not in (None, "rgb_array") or (render_mode and screen == "none"):
            raise ValueError(
                f'render_mode={render_mode!r}, screen={screen!r}. Remedy: None, or "rgb_array" and a screen'
            )
        if any(not 0 <= address <= 0xFFFF for address in ram):
            raise ValueError(f"ram={list(ram)}. Remedy: addresses of 0 to 0xffff")
        self._frames = np.broadcast_to(np.asarray(frame_skip), (num_envs,)).tolist()
        if min(self._frames) < 1 or press < 0:
            raise ValueError(f"frame_skip={frame_skip}, press={press}. Remedy: at least 1 frame, and press >= 0")
        self.num_envs = num_envs
        self._press = press
        self._buttons = np.array([_bit(name) if name else 0 for name in ACTIONS[actions]], np.uint8)
        self._shown = screen != "none"
        self._core = _native.BatchCore(read_rom(rom), num_envs, screen if self._shown else "full", list(ram), threads)
        if snapshots:
            self._core.set_snapshots([bytes(state) for state in snapshots])
        self._reward, self._terminated, self._max_steps = self._reward_of(reward, list(ram)), terminated, max_steps
        self._autoreset = autoreset
        self.render_mode = render_mode
        mode = AutoresetMode.SAME_STEP if autoreset else AutoresetMode.DISABLED
        self.metadata = {"autoreset_mode": mode, "render_modes": ["rgb_array"]}
        shapes = {"screen": _SCREENS[screen]} if self._shown else {}
        shapes |= {"ram": (len(ram),)} if ram else {}
        if not shapes:
            raise ValueError("screen='none' and no ram: nothing would be observed. Remedy: a screen, or addresses")
        space: dict[str, gymnasium.Space] = {
            name: gymnasium.spaces.Box(0, 255, shape, np.uint8) for name, shape in shapes.items()
        }
        self.single_observation_space = gymnasium.spaces.Dict(space)
        self.observation_space = gymnasium.vector.utils.batch_space(self.single_observation_space, num_envs)
        self.single_action_space = gymnasium.spaces.Discrete(actions)
        self.action_space = gymnasium.vector.utils.batch_space(self.single_action_space, num_envs)
        self._screens = np.zeros((num_envs, *_SCREENS[screen]) if self._shown else (0,), np.uint8)
        self._ram = np.zeros((num_envs, len(ram)), np.uint8)
        self._steps = np.zeros(num_envs, np.int64)

    def _reward_of(self, reward: Mapping[int, float] | Reward | None, ram: list[int]) -> Reward | None:
        if reward is None or callable(reward):
            return reward
        unknown = [address for address in reward if address not in ram]
        if unknown:
            raise ValueError(f"reward reads {unknown}, which `ram` does not hold. Remedy: add them to `ram`")
        columns = [ram.index(address) for address in reward]
        weights = np.array(list(reward.values()), np.float64)
        return lambda before, after: (after[:, columns].astype(float) - before[:, columns]) @ weights

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Set machines to snapshots. `options`: ``reset_mask`` bool[num_envs] and ``snapshot`` int[num_envs]."""
        options = options or {}
        if isinstance(seed, list):
            raise ValueError("a list of seeds. Remedy: one seed; it decides the snapshots of all machines")
        super().reset(seed=seed)
        mask = np.asarray(options.get("reset_mask", np.ones(self.num_envs, bool)))
        if mask.shape != (self.num_envs,) or mask.dtype != bool:
            raise ValueError(f"reset_mask is {mask.dtype}{list(mask.shape)}. Remedy: bool[{self.num_envs}]")
        self._reset(mask, options.get("snapshot"))
        self._core.observe(self._screens, self._ram)
        return self._observation(), {}

    def _reset(self, mask: np.ndarray, chosen: np.ndarray | None = None) -> None:
        drawn = self.np_random.integers(self._core.snapshots, size=self.num_envs) if chosen is None else chosen
        if np.shape(drawn) != (self.num_envs,) or np.min(drawn) < 0:
            raise ValueError(f"snapshot={drawn}. Remedy: {self.num_envs} numbers of 0 to {self._core.snapshots - 1}")
        self._core.reset(np.where(mask, drawn, -1).tolist())
        self._steps[mask] = 0

    def step(
        self, actions: np.ndarray
    ) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Run one step of every machine. Raises ValueError for an action that is out of range."""
        actions = np.asarray(actions)
        if actions.shape != (self.num_envs,) or actions.dtype.kind not in "iu":
            raise ValueError(f"actions are {actions.dtype}{list(actions.shape)}. Remedy: integers [{self.num_envs}]")
        if actions.min() < 0 or actions.max() >= len(self._buttons):
            wrong = int(np.argmax((actions < 0) | (actions >= len(self._buttons))))
            raise ValueError(
                f"action {actions[wrong]} of machine {wrong} is out of range. Remedy: 0 to {len(self._buttons) - 1}"
            )
        before = self._ram.copy()
        buttons = self._buttons[actions].tolist()
        self._core.step(buttons, self._frames, self._press, self._screens, self._ram)
        self._steps += 1
        rewards = np.zeros(self.num_envs) if self._reward is None else np.asarray(self._reward(before, self._ram))
        terminated = np.zeros(self.num_envs, bool)
        if self._terminated is not None:
            terminated = np.asarray(self._terminated(self._ram), bool)
        truncated = np.zeros(self.num_envs, bool)
        if self._max_steps is not None:
            truncated = (self._steps >= self._max_steps) & ~terminated
        done = terminated | truncated
        info: dict[str, Any] = {}
        if self._autoreset and done.any():
            info = {"final_obs": self._observation(), "_final_obs": done.copy()}
            self._reset(done)
            self._core.observe(self._screens, self._ram)
        return self._observation(), rewards, terminated, truncated, info

    def _observation(self) -> dict[str, np.ndarray]:
        """A copy: the next step overwrites the buffers."""
        shown = {"screen": self._screens.copy()} if self._shown else {}
        return shown | ({"ram": self._ram.copy()} if self._ram.size else {})

    def render(self) -> tuple[np.ndarray, ...] | None:
        """uint8[144, 160, 3] of each machine: the observed screen, enlarged. None unless `render_mode` is given."""
        if self.render_mode is None:
            return None
        screens = self._screens[..., 0]
        if screens.shape[2] == _SCREENS["packed"][1]:  # four pixels a byte, the leftmost in the highest bits
            shades = (screens[..., None] >> np.array([6, 4, 2, 0], np.uint8)) & 3
            screens = SHADES[shades.reshape(*screens.shape[:2], -1)]
        scale = 144 // screens.shape[1]
        grey = screens.repeat(scale, axis=1).repeat(scale, axis=2)
        return tuple(np.stack([picture] * 3, axis=-1) for picture in grey)

    def save_state(self, index: int) -> bytes:
        """The state of one machine, to use as a snapshot."""
        return self._core.save(index)

    def load_state(self, index: int, state: bytes, steps: int = 0) -> None:
        """Set one machine to a saved state, `steps` steps into its episode.

        Raises IndexError for a machine that there is not, and ValueError for a state of another ROM or version.
        """
        self._core.load(index, bytes(state))
        self._steps[index] = steps
        self._core.observe(self._screens, self._ram)
