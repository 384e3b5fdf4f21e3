"""Planar MuJoCo tasks beside MuJoCo's C engine and Gymnasium."""

from families.lookup import Family

_PLUGINS = {
    "HalfCheetah-v5": "half_cheetah",
    "Hopper-v5": "hopper",
    "InvertedDoublePendulum-v5": "inverted_double_pendulum",
    "InvertedPendulum-v5": "inverted_pendulum",
    "Reacher-v5": "reacher",
    "Swimmer-v5": "swimmer",
    "Walker2d-v5": "walker2d",
}

FAMILY = Family(
    name="cheetahjax",
    reference="MuJoCo through Gymnasium",
    environments=tuple(f"cheetahjax/{task}" for task in _PLUGINS),
    plugins={f"cheetahjax/{task}": f"families.cheetahjax.verify.plugin:{name}" for task, name in _PLUGINS.items()},
    bench="families.cheetahjax.bench:BENCH",
    training="families.cheetahjax.training:TRAINING",
    transfer="families.cheetahjax.transfer:TRANSFER",
    translation="translation.toml",
    watch="families.cheetahjax.watch:draw",
    paper="families.cheetahjax.paper:PAPER",
    denied=("gymnasium", "mujoco"),
)
