"""The family: where the tools find each part."""

from families import Family

FAMILY = Family(
    name="corridor",
    reference="the author's Walk",
    environments=("corridor/short",),
    plugins={"corridor/short": "corridor.verify:plugin"},
    bench="corridor.bench:BENCH",
    training="corridor.training:TRAINING",
    transfer="corridor.transfer:TRANSFER",
)
