"""Pokémon TCG Pocket beside a reference in Python."""

from families.lookup import Family

_PLUGIN = "families.tcgjax.verify.plugin"

FAMILY = Family(
    name="tcgjax",
    reference="our reading of the rules in Python (references/tcg_pocket)",
    environments=("tcgjax/pocket-a1", "tcgjax/pocket"),
    plugins={"tcgjax/pocket-a1": f"{_PLUGIN}:plugin", "self-check/pocket-a1": f"{_PLUGIN}:self_check"},
    bench="families.tcgjax.bench:BENCH",
    training="families.tcgjax.training:TRAINING",
    transfer="families.tcgjax.transfer:TRANSFER",
    translation="translation.toml",
    watch="families.tcgjax.watch:draw",
)
