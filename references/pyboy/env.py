"""A game in PyBoy as an environment of the verifier: reset to a start, a step of some frames, and any state of memory.

A snapshot names a *base*, the start and the actions that lead to it, and all memory that can be written. A machine
becomes that state by going to the base and writing what is different. Both sides do the same, each by itself.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from references.protocol import LIMIT, TERMINATED, TRUNCATED, Actions, EnvInfo, Snapshot
from references.pyboy.driver import REGISTERS, VERSION, PyBoyMachine

AGENT = "agent"
LONGEST = 256
"""Actions of a base, at most."""
START, LENGTH, ACTIONS, STEPS = "base.start", "base.length", "base.actions", "state.steps"
AREAS = {
    "memory.vram": (0x8000, 0xA000), "memory.wram": (0xC000, 0xE000), "memory.oam": (0xFE00, 0xFEA0),
    "memory.hram": (0xFF80, 0xFFFF),
}  # fmt: skip
"""Memory that a snapshot holds, as half-open ranges."""
IO = {
    "tima": (0xFF05, 0xFF), "tma": (0xFF06, 0xFF), "tac": (0xFF07, 0x07), "stat": (0xFF41, 0x78),
    "scy": (0xFF42, 0xFF), "scx": (0xFF43, 0xFF), "lyc": (0xFF45, 0xFF), "bgp": (0xFF47, 0xFF),
    "obp0": (0xFF48, 0xFF), "obp1": (0xFF49, 0xFF), "wy": (0xFF4A, 0xFF), "wx": (0xFF4B, 0xFF),
    "ie": (0xFFFF, 0x1F),
}  # fmt: skip
"""Registers that a snapshot holds: address, and the bits that can be written."""
_STAT = 0xFF41


@dataclass(frozen=True)
class Game:
    """A game, and what one step of its environment does.

    * `buttons`: name of the button of each action. `frames` of a step; the button is held for the first `press`.
    * `prepare(machine, start)`: brings a machine that was just switched on to a start, of which there are `starts`.
    * `ram`: addresses of the observation. `score`, `over`: of bytes by address, the score and whether play has ended;
      a step's reward is the gain in score, modulo `modulus`.
    * `screen(shades)`: uint8 observation of shades [144, 160].
    """

    rom: bytes
    boot_rom: bytes
    buttons: Sequence[str]
    frames: int
    press: int
    starts: int
    prepare: Callable[[Machine, int], None]
    ram: Sequence[int]
    score: Callable[[Callable[[int], int]], int]
    over: Callable[[Callable[[int], int]], bool]
    modulus: int
    screen: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
    limit: int


class Machine(Protocol):
    """A machine with the methods of `PyBoyMachine`."""

    cycles: Any

    def hold(self, buttons: Sequence[str]) -> None: ...
    def tick(self, frames: int = 1, render: bool = True) -> None: ...
    def read(self, start: int, end: int) -> bytes: ...
    def write(self, start: int, data: bytes) -> None: ...
    def registers(self) -> dict[str, int]: ...
    def set_register(self, name: str, value: int) -> None: ...
    def shades(self) -> NDArray[np.uint8]: ...
    def save(self) -> bytes: ...
    def load(self, state: bytes) -> None: ...


def play(game: Game, machine: Machine, action: int) -> None:
    """One step's frames."""
    machine.hold((game.buttons[action],))
    machine.tick(game.press)
    machine.hold(())
    machine.tick(game.frames - game.press)


States = OrderedDict[tuple[int, bytes], bytes]
"""Compressed states by start and actions."""


class Bases:
    """States of a machine by start and actions, the last ones kept. `states`: those that several machines share."""

    def __init__(self, game: Game, machine: Machine, states: States | None = None, keep: int = 4096) -> None:
        self._game, self._machine, self._keep = game, machine, keep
        self._power_on = machine.save()
        self._states = OrderedDict() if states is None else states

    def keep(self, start: int, actions: bytes) -> None:
        """Note the machine's present state as that base."""
        self._states[start, actions] = zlib.compress(self._machine.save(), 1)
        if len(self._states) > self._keep:
            self._states.popitem(last=False)

    def go(self, start: int, actions: bytes) -> None:
        """Bring the machine to that base."""
        known = len(actions)
        while known and (start, actions[:known]) not in self._states:
            known -= 1
        state = self._states.get((start, actions[:known]))
        if state is None:
            self._machine.load(self._power_on)
            self._game.prepare(self._machine, start)
            self.keep(start, b"")
        if state is None or known < len(actions):
            if state is not None:
                self._machine.load(zlib.decompress(state))
            for action in actions[known:]:
                play(self._game, self._machine, action)
            self.keep(start, actions)
        # Loaded even where it is there already: a machine that was loaded may differ from one that played on.
        self._states.move_to_end((start, actions))
        self._machine.load(zlib.decompress(self._states[start, actions]))


def shown(machine: Machine) -> dict[str, Any]:
    """The state's paths of a machine, and what else a frame shows, under "out."."""
    registers = machine.registers()
    machine.read(
        _STAT, _STAT + 1
    )  # PyBoy's may read mode 0 for once, the first time behind an LCD that was switched on
    found: dict[str, Any] = {
        f"cpu.{name.lower()}": np.uint16(registers[name]) if len(name) > 1 else np.uint8(registers[name])
        for name in REGISTERS
    }
    found |= {path: np.frombuffer(machine.read(*area), np.uint8).copy() for path, area in AREAS.items()}
    io = np.frombuffer(machine.read(0xFF00, 0xFF80), np.uint8).copy()
    ie = machine.read(0xFFFF, 0x10000)[0]
    found |= {
        f"io.{name}": np.uint8((ie if address == 0xFFFF else io[address - 0xFF00]) & bits)
        for name, (address, bits) in IO.items()
    }
    shades = machine.shades()
    return found | {
        "out.cycles": np.int64(machine.cycles),
        "out.io": io,
        "out.unused": np.frombuffer(machine.read(0xFEA0, 0xFF00), np.uint8).copy(),
        "out.bank": np.frombuffer(machine.read(0x4000, 0x4008), np.uint8).copy(),
        "out.screen": (shades.reshape(144, 40, 4) << np.array([6, 4, 2, 0], np.uint8)).sum(-1, dtype=np.uint8),
    }


def write(machine: Machine, snapshot: Snapshot) -> None:
    """Write what is different from the snapshot into a machine at the snapshot's base."""
    now = shown(machine)
    for path, (start, _) in AREAS.items():
        wanted = np.asarray(snapshot[path], np.uint8)
        for index in np.flatnonzero(wanted != now[path]).tolist():
            machine.write(start + index, wanted[index : index + 1].tobytes())
    for name, (address, _) in IO.items():
        if (value := int(snapshot[f"io.{name}"])) != now[f"io.{name}"]:
            machine.write(address, bytes([value]))
    for name in REGISTERS:
        path = f"cpu.{name.lower()}"
        if (value := int(snapshot[path])) != now[path]:
            machine.set_register(name, value)


class Episode:
    """The episode that a side is in: its start, actions and steps, as paths of a snapshot."""

    def __init__(self, start: int, limit: int) -> None:
        self.start, self.actions, self.steps, self.limit = start, b"", 0, limit

    @staticmethod
    def of(snapshot: Snapshot) -> Episode:
        """The one of a snapshot. Raises ValueError for a base that is too long."""
        length = int(snapshot[LENGTH])
        if not 0 <= length <= LONGEST:
            raise ValueError(f"{LENGTH}: {length}. Remedy: 0 to {LONGEST}")
        found = Episode(int(snapshot[START]), int(snapshot[LIMIT]))
        found.actions = np.asarray(snapshot[ACTIONS], np.uint8)[:length].tobytes()
        found.steps = int(snapshot[STEPS])
        return found

    def add(self, action: int) -> None:
        """Count a step."""
        if len(self.actions) == LONGEST:
            raise ValueError(f"an episode of more than {LONGEST} steps. Remedy: a smaller horizon")
        self.actions += bytes([action])
        self.steps += 1

    def paths(self) -> dict[str, Any]:
        """As a snapshot has them."""
        actions = np.zeros(LONGEST, np.uint8)
        actions[: len(self.actions)] = np.frombuffer(self.actions, np.uint8)
        return {
            START: np.int64(self.start),
            LENGTH: np.int64(len(self.actions)),
            ACTIONS: actions,
            STEPS: np.int64(self.steps),
            LIMIT: np.int64(self.limit),
        }


def start_of(game: Game, seed: int) -> int:
    """The start that a seed chooses."""
    return int(np.random.default_rng(seed).integers(game.starts))


class PyBoyEnv:
    """The game in PyBoy, unmodified: `Restorable`. Options of a reset: ``max_steps``. `states`: see `Bases`."""

    def __init__(self, game: Game, states: States | None = None) -> None:
        self._game = game
        self._machine = PyBoyMachine(game.rom, game.boot_rom)
        self._bases = Bases(game, self._machine, states)
        self.info = EnvInfo("PyBoy", VERSION)
        self._last: dict[str, Any] = {}
        self._episode = Episode(0, game.limit)

    def reset(self, seed: int, options: Mapping[str, Any] | None = None) -> None:
        """Go to the start that the seed chooses."""
        limit = int((options or {}).get("max_steps", self._game.limit))
        self._episode = Episode(start_of(self._game, seed), limit)
        self._bases.go(self._episode.start, b"")
        self._last = self._outcome(0, False, False)

    def restore(self, snapshot: Snapshot) -> None:
        """See `references.protocol.Restorable`."""
        self._episode = Episode.of(snapshot)
        self._bases.go(self._episode.start, self._episode.actions)
        write(self._machine, snapshot)
        self._last = self._outcome(0, False, False)

    def step(self, actions: Actions) -> None:
        """Play the step's frames; the reward is what the score gained."""
        game, action = self._game, int(actions[AGENT])
        before = game.score(self._byte)
        play(game, self._machine, action)
        self._episode.add(action)
        over = game.over(self._byte)
        gain = (game.score(self._byte) - before) % game.modulus
        self._last = self._outcome(gain, over, self._episode.steps >= self._episode.limit and not over)

    def keep(self) -> None:
        """Hold the present state ready: a later `restore` of its base is a load, not a replay."""
        self._bases.keep(self._episode.start, self._episode.actions)

    def snapshot(self) -> Snapshot:
        """See the module."""
        return self._episode.paths() | shown(self._machine) | self._last

    def legal(self) -> Mapping[str, NDArray[np.bool_]]:
        """Every action."""
        return {AGENT: np.ones(len(self._game.buttons), bool)}

    def close(self) -> None:
        """End PyBoy."""
        self._machine.close()

    def _byte(self, address: int) -> int:
        return self._machine.read(address, address + 1)[0]

    def _outcome(self, reward: float, terminated: bool, truncated: bool) -> dict[str, Any]:
        return {
            "out.reward": np.float64(reward),
            TERMINATED: np.bool_(terminated),
            TRUNCATED: np.bool_(truncated),
            "out.obs.screen": self._game.screen(self._machine.shades()),
            "out.obs.ram": np.array([self._byte(address) for address in self._game.ram], np.uint8),
        }
