"""`GameBoyVectorEnv`: each machine is a `GameBoy` of its own, whatever the number of threads."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from families.emurust.verify.roms import micro_roms

RAM = list(range(0xC000, 0xC020))


@pytest.mark.parametrize("threads", [1, 2])
def test_each_machine_is_a_game_boy(native: ModuleType, threads: int) -> None:
    from emurust import GameBoy, GameBoyVectorEnv
    from emurust.vector import ACTIONS

    rom = micro_roms.build("joypad_read").data
    skips = [24, 1, 8, 30]
    env = GameBoyVectorEnv(rom, 4, frame_skip=skips, screen="full", ram=RAM, threads=threads)
    games = [GameBoy(rom) for _ in range(4)]
    env.reset(seed=0)
    draw = np.random.default_rng(1)
    for _ in range(10):
        actions = draw.integers(7, size=4)
        observed, *_ = env.step(actions)
        for index, (game, skip) in enumerate(zip(games, skips, strict=True)):
            held = min(8, skip)
            game.buttons = [ACTIONS[7][actions[index]]]
            game.tick(held, held == skip)
            game.buttons = []
            if skip > held:
                game.tick(skip - held)
            assert np.array_equal(observed["screen"][index, :, :, 0], game.screen.ndarray[:, :, 0])
            assert observed["ram"][index].tolist() == game.memory[RAM[0] : RAM[-1] + 1]


def test_masked_resets_leave_the_others_alone(native: ModuleType) -> None:
    from emurust import GameBoyVectorEnv

    env = GameBoyVectorEnv(micro_roms.build("busy_lcd_on").data, 3, ram=[0xC100], screen="packed")
    first, _ = env.reset(seed=0)
    later, *_ = env.step(np.zeros(3, int))
    after, _ = env.reset(options={"reset_mask": np.array([True, False, True])})
    assert after["ram"][:, 0].tolist() == [first["ram"][0, 0], later["ram"][1, 0], first["ram"][2, 0]]


def test_episodes_end_and_start_anew_in_one_step(native: ModuleType) -> None:
    from emurust import GameBoyVectorEnv

    env = GameBoyVectorEnv(
        micro_roms.build("busy_lcd_on").data, 2, ram=[0xC100], screen="none", max_steps=2, reward={0xC100: 0.5}
    )
    first, _ = env.reset(seed=0)
    one, reward, *_ = env.step(np.zeros(2, int))
    assert np.allclose(reward, 0.5 * (one["ram"][:, 0].astype(float) - first["ram"][:, 0]))
    again, _, terminated, truncated, info = env.step(np.zeros(2, int))
    assert truncated.all() and not terminated.any()
    assert np.array_equal(again["ram"], first["ram"]) and not np.array_equal(info["final_obs"]["ram"], first["ram"])


def test_wrong_actions_are_named(native: ModuleType) -> None:
    from emurust import GameBoyVectorEnv

    env = GameBoyVectorEnv(micro_roms.build("plain").data, 2)
    env.reset(seed=0)
    with pytest.raises(ValueError, match=r"action 7 of machine 1 is out of range\. Remedy: 0 to 6"):
        env.step(np.array([0, 7]))
    with pytest.raises(ValueError, match=r"Remedy: integers \[2\]"):
        env.step(np.zeros(3, int))
