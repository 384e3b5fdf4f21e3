"""Pong beside PufferLib's C."""

from families.lookup import Family

_PLUGIN = "families.pongjax.verify.plugin"

FAMILY = Family(
    name="pongjax",
    reference="PufferLib's puffer_pong",
    environments=("pongjax/puffer_pong", "pongjax/puffer_pong_continuous"),
    plugins={
        "pongjax/puffer_pong": f"{_PLUGIN}:discrete",
        "pongjax/puffer_pong_continuous": f"{_PLUGIN}:continuous",
        "self-check/puffer_pong": f"{_PLUGIN}:self_check_discrete",
        "self-check/puffer_pong_continuous": f"{_PLUGIN}:self_check_continuous",
    },
    bench="families.pongjax.bench:BENCH",
    training="families.pongjax.training:TRAINING",
    transfer="families.pongjax.transfer:TRANSFER",
    translation="translation.toml",
    watch="families.pongjax.watch:draw",
    paper="families.pongjax.paper:PAPER",
    denied=("pufferlib",),
)
