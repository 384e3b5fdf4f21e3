"""Frozen constants of the planar tasks of Gymnasium's MuJoCo v5 family."""

from cheetahjax.model.half_cheetah import HALF_CHEETAH
from cheetahjax.model.hopper import HOPPER
from cheetahjax.model.inverted_double_pendulum import INVERTED_DOUBLE_PENDULUM
from cheetahjax.model.inverted_pendulum import INVERTED_PENDULUM
from cheetahjax.model.planar_model import PlanarModel
from cheetahjax.model.reacher import REACHER
from cheetahjax.model.swimmer import SWIMMER
from cheetahjax.model.walker2d import WALKER2D

__all__ = [
    "HALF_CHEETAH",
    "HOPPER",
    "INVERTED_DOUBLE_PENDULUM",
    "INVERTED_PENDULUM",
    "REACHER",
    "SWIMMER",
    "WALKER2D",
    "PlanarModel",
]
