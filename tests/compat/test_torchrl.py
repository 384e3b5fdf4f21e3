"""TorchRL's own checks, its collector and its PPO on our environments, with our masks."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tensordict.nn import TensorDictModule
from torch import nn
from torchrl.collectors import Collector
from torchrl.envs import check_env_specs
from torchrl.modules import MaskedCategorical, ProbabilisticActor, ValueOperator
from torchrl.objectives import ClipPPOLoss
from torchrl.objectives.value import GAE

import jaxenv
from jaxenv.adapters.torchrl import make_env

PONG, CHEETAH, GEN1 = "pongjax/puffer_pong", "cheetahjax/HalfCheetah-v5", "pokejax/gen1randombattle"
torch.set_num_threads(1)
pytestmark = pytest.mark.filterwarnings("ignore:Nested TransformedEnvs")  # TorchRL's own check nests them


@pytest.mark.parametrize(
    ("env", "more"), [(PONG, {}), (CHEETAH, {}), (GEN1, {"opponent": jaxenv.random_legal, "backend": "xla"})]
)
def test_specs_hold_and_episodes_follow_each_other(env: str, more: dict[str, Any]) -> None:
    envs = make_env(env, 16, **more)
    check_env_specs(envs, seed=0)
    played = envs.rollout(200, break_when_any_done=False)
    assert played.batch_size == (16, 200)
    ended = played["next", "done"][:, :-1, 0]
    following = (played["next", "observation"][:, :-1] == played["observation"][:, 1:]).all(-1)
    assert following[~ended].all()  # a step begins where the one before ended
    if env == GEN1:
        assert ended.any() and not following[ended].any()  # the end's observation is not that of the next battle
        taken = played["action_mask"].gather(-1, played["action"].long()[..., None])
        assert taken.all() and not played["next", "illegal"].any()


def test_the_opponent_is_asked_for() -> None:
    with pytest.raises(ValueError, match="opponent"):
        make_env(GEN1, 4)
    with pytest.raises(TypeError, match=r"opponent must be a function .*, got 'random'"):
        make_env(GEN1, 4, opponent="random")


def network(size: int, out: int) -> nn.Module:
    return nn.Sequential(nn.Linear(size, 32), nn.Tanh(), nn.Linear(32, out))


def test_ppo_learns_pong() -> None:
    torch.manual_seed(0)
    envs = make_env(PONG, 128)
    actor = ProbabilisticActor(
        TensorDictModule(network(8, 3), in_keys=["observation"], out_keys=["logits"]),
        in_keys={"logits": "logits", "mask": "action_mask"},
        out_keys=["action"],
        distribution_class=MaskedCategorical,
        return_log_prob=True,
    )
    critic = ValueOperator(network(8, 1), in_keys=["observation"])
    advantage, loss = GAE(gamma=0.99, lmbda=0.95, value_network=critic), ClipPPOLoss(actor, critic, entropy_coeff=0.01)
    optimizer = torch.optim.Adam(loss.parameters(), lr=3e-3)
    means = []
    for batch in Collector(envs, actor, frames_per_batch=128 * 64, total_frames=45 * 128 * 64):
        means.append(float(batch["next", "reward"].mean()))
        for _ in range(4):
            with torch.no_grad():
                advantage(batch)
            flat = batch.reshape(-1)
            for rows in torch.randperm(len(flat)).split(2048):
                told = loss(flat[rows])
                optimizer.zero_grad()
                sum(value for name, value in told.items() if name.startswith("loss_")).backward()
                nn.utils.clip_grad_norm_(loss.parameters(), 0.5)
                optimizer.step()
    assert sum(means[-5:]) / 5 > sum(means[:5]) / 5 + 0.03, means
