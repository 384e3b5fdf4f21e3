"""Figures of the paper for HalfCheetah."""

from functools import partial

from leaderboard.paper import board
from leaderboard.paper.figures import PaperRow

ENV = "cheetahjax/HalfCheetah-v5"
_STEP = "whether the paper counts steps of the environment or of physics is not known (ours are the environment's)"
_GPU = f"theirs is of an RTX 5090; {_STEP}"

PAPER = (
    PaperRow(
        section="throughput",
        what="HalfCheetah, 32,768 lanes",
        paper="1.66M; MJX 1.6M",
        value=1.66e6,
        ours=partial(board.steps_per_second, env=ENV),
        note=f"{_GPU}; ours at the lanes that the row names",
    ),
    PaperRow(
        section="throughput",
        what="HalfCheetah, 4,096 lanes",
        paper="798K; Brax 160K",
        value=798e3,
        ours=partial(board.steps_per_second, env=ENV),
        note=_GPU,
    ),
    PaperRow(section="throughput", what="HalfCheetah, PPO", paper="", ours=partial(board.training_speed, env=ENV)),
    PaperRow(section="skill", what="HalfCheetah", paper="", ours=partial(board.equal_skill, env=ENV)),
    PaperRow(
        section="transfer",
        what="HalfCheetah",
        paper="equivalent within 100, TOST at 5 %",
        ours=partial(board.equivalence, env=ENV),
    ),
    PaperRow(
        section="ablation",
        what="HalfCheetah",
        paper="level 3 alone: not converged after 42 iterations; all levels: 5 iterations",
        ours=partial(board.levels, env=ENV),
        note="the paper counts an agent's iterations; ours counts seeded bugs that a level finds by itself",
    ),
)
