"""The dice game written anew, in arrays over both players: the candidate that must pass."""

import dataclasses

import numpy as np

PARTS = ("face", "pot", "score")


@dataclasses.dataclass(frozen=True)
class Info:
    """The candidate's name and version."""

    name: str = "dice in arrays"
    version: str = "0.1"
    agents: tuple = ("p1", "p2")


class Honest:
    """The whole game."""

    info = Info()

    def reset(self, seed, options=None):
        """A new game."""
        self.generator = np.uint64((seed * 2654435761 + 12345) & 0xFFFFFFFF)
        self.turn = 0
        self.table = {part: np.zeros(2, np.int32) for part in PARTS}
        self.reward, self.over = np.zeros(2, np.int32), np.zeros(2, bool)

    def step(self, actions):
        """One turn."""
        played = np.array([int(actions["p1"]), int(actions["p2"])])
        face = np.zeros(2, np.int32)
        for player in np.flatnonzero(played):
            self.generator = (self.generator * np.uint64(1664525) + np.uint64(1013904223)) & np.uint64(0xFFFFFFFF)
            face[player] = 1 + int(self.generator >> np.uint64(16)) % 6
        pot = self.table["pot"]
        rolled = np.where(face == 1, 0, pot + face)
        gambled = np.where(face >= 4, pot * 2, 0)
        score = self.table["score"] + np.where(played == 0, pot, 0)
        pot = np.choose(played, [np.zeros_like(pot), rolled, gambled])
        self.table = {"face": face, "pot": pot.astype(np.int32), "score": score.astype(np.int32)}
        self.turn += 1
        won = bool((score >= 30).any())
        self.over = np.array([won, self.turn >= 25 and not won])
        self.reward = (np.sign(score - score[::-1]) * won).astype(np.int32)

    def snapshot(self):
        """Every number of the game."""
        found = {f"p{player + 1}.{part}": self.table[part][player] for player in range(2) for part in PARTS}
        found["generator"], found["turn"] = np.uint32(self.generator), np.int32(self.turn)
        found["out.reward"], found["out.terminated"], found["out.truncated"] = self.reward, self.over[0], self.over[1]
        return found

    def restore(self, snapshot):
        """Any state of non-negative numbers."""
        self.table = {
            part: np.array([int(snapshot[f"p{player}.{part}"]) for player in (1, 2)], np.int32) for part in PARTS
        }
        if min(int(values.min()) for values in self.table.values()) < 0:
            raise ValueError("numbers of the game are at least 0")
        self.generator, self.turn = np.uint64(int(snapshot["generator"])), int(snapshot["turn"])
        self.reward, self.over = np.zeros(2, np.int32), np.zeros(2, bool)

    def legal(self):
        """Gambling takes a pot."""
        return {f"p{player + 1}": np.array([True, True, self.table["pot"][player] > 0]) for player in range(2)}
