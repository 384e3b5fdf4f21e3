"""Figures of the paper for Pong."""

from functools import partial

from leaderboard.paper import board
from leaderboard.paper.figures import PaperRow

ENV = "pongjax/puffer_pong"
_GPU = "theirs is of an RTX 5090"

PAPER = (
    PaperRow(
        section="throughput",
        what="Pong, GRU policy in the loop",
        paper="140M; PufferLib's C 4.5M",
        value=140e6,
        ours=partial(board.steps_per_second, env=ENV, mode="policy_in_loop"),
        note=f"{_GPU}; our policy in the loop is the one that the row names, no GRU of 2M parameters",
    ),
    PaperRow(
        section="throughput",
        what="Pong, random play",
        paper="",
        ours=partial(board.steps_per_second, env=ENV),
        note="the paper gives Pong with a policy alone",
    ),
    PaperRow(
        section="throughput",
        what="Pong, PPO, GRU of 2M parameters",
        paper="35.5M ± 0.3M; PufferLib's C 854K ± 4K",
        value=35.5e6,
        ours=partial(board.training_speed, env=ENV),
        note=f"{_GPU}; our network is smaller, and says so where it was counted",
    ),
    PaperRow(section="skill", what="Pong", paper="", ours=partial(board.equal_skill, env=ENV)),
    PaperRow(
        section="transfer",
        what="Pong",
        paper="equivalent within 1.0, TOST at 5 %",
        ours=partial(board.equivalence, env=ENV),
    ),
    PaperRow(section="ablation", what="Pong", paper="", ours=partial(board.levels, env=ENV)),
)
