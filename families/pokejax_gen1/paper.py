"""Figures of the paper for Pokémon battles."""

from functools import partial

from leaderboard.paper import board
from leaderboard.paper.figures import PaperRow

ENV = "pokejax/gen1randombattle"
_ENGINE = "theirs is of an RTX 5090, and their engine, whose generation is not said, is not public"

PAPER = (
    PaperRow(
        section="throughput",
        what="Pokémon battles, random play",
        paper="500M ± 9M at 65,536 lanes; Showdown 21K in one process",
        value=500e6,
        ours=partial(board.steps_per_second, env=ENV),
        note=_ENGINE,
    ),
    PaperRow(
        section="throughput",
        what="Pokémon battles, PPO",
        paper="15.2M ± 0.2M in one place, 16.2M in another; Showdown 681",
        value=15.2e6,
        ours=partial(board.training_speed, env=ENV),
        note=_ENGINE,
    ),
    PaperRow(
        section="skill",
        what="Pokémon battles",
        paper="",
        ours=partial(board.equal_skill, env=ENV),
        note="the paper gives rates, no time to a skill",
    ),
    PaperRow(
        section="transfer",
        what="Pokémon battles",
        paper="win rates equal on both sides: 0.313 ± 0.007, 0.406 ± 0.003; margin 0.02",
        ours=partial(board.equivalence, env=ENV),
    ),
    PaperRow(section="ablation", what="Pokémon battles", paper="", ours=partial(board.levels, env=ENV)),
    PaperRow(
        section="share",
        what="Pokémon battles",
        paper="below 4 % at 200M parameters",
        value=0.04,
        ours=partial(board.share, env=ENV),
        note="theirs is of an RTX 5090, ours of two CPU cores",
    ),
)
