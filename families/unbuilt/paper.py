"""Figures of the paper for a Game Boy and a card game, and what a translation costs: nothing of ours yet."""

from leaderboard.paper.figures import PaperRow

_COSTS = (
    ("EmuRust", "$0.43, 72 iterations, 2k lines, 5 modules, 52 tests"),
    ("PokeJAX", "$6, 63 iterations, 55k lines, 30 modules, 2k tests"),
    ("HalfCheetah", "$3.26, 20 iterations, 1k lines, 5 modules, 69 tests"),
    ("TCGJax", "$4.98, 51 iterations, 4.2k lines, 11 modules, 50 tests"),
    ("Pong", "$0.05, 13 iterations, 235 lines to 318, 1 module, 12 tests"),
)

PAPER = (
    PaperRow(
        section="throughput",
        what="Game Boy, PPO, 128 environments",
        paper="14.5K ± 0.4K on 32 cores; PyBoy 9.9K in 32 processes",
    ),
    PaperRow(
        section="throughput",
        what="TCG Pocket, random play",
        paper="717K ± 0.6K; the same rules in Python 140K",
    ),
    PaperRow(
        section="throughput", what="TCG Pocket, PPO, 4,096 lanes", paper="153K ± 5K; in Python 23K in 16 processes"
    ),
    PaperRow(section="skill", what="TCG Pocket", paper="converges in about 65M steps, 12 minutes"),
    PaperRow(section="transfer", what="Game Boy", paper="equivalent within 0.5, TOST at 5 %"),
    PaperRow(section="transfer", what="TCG Pocket", paper="equivalent within a win rate of 0.05, TOST at 5 %"),
    *(
        PaperRow(section="translation", what=name, paper=told, note="the engines here were not made by a translator")
        for name, told in _COSTS
    ),
)
