"""A Game Boy (DMG) for reinforcement learning, many at once: frame for frame as PyBoy 2.8.1 plays it.

`GameBoy` is one machine with PyBoy's reading API. `GameBoyVectorEnv` is a batch of them as a Gymnasium `VectorEnv`.
`emurust.assembler` builds programs, and needs no compiled code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emurust.game_boy import GameBoy as GameBoy
    from emurust.vector import GameBoyVectorEnv as GameBoyVectorEnv

__all__ = ["GameBoy", "GameBoyVectorEnv"]


def __getattr__(name: str) -> Any:
    """Import the compiled part only when it is asked for."""
    if name == "GameBoy":
        from emurust.game_boy import GameBoy

        return GameBoy
    if name == "GameBoyVectorEnv":
        from emurust.vector import GameBoyVectorEnv

        return GameBoyVectorEnv
    raise AttributeError(f"module 'emurust' has no attribute {name!r}")
