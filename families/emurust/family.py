"""Game Boy games beside PyBoy."""

from families.lookup import Family

FAMILY = Family(
    name="emurust",
    reference="PyBoy",
    environments=("emurust/blocks",),
    plugins={
        "emurust/blocks": "families.emurust.verify.plugin:blocks",
        "self-check/emurust_blocks": "families.emurust.verify.plugin:self_check",
    },
    bench="families.emurust.bench:BENCH",
    training="families.emurust.training:TRAINING",
    denied=("pyboy",),
)
