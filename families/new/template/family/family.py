"""A rover beside its reference."""

from families.lookup import Family

FAMILY = Family(
    name="template",
    reference="the toy reference of the template",
    environments=("template/Rover-v0",),
    plugins={"template/Rover-v0": "families.new.template.family.verify.plugin:plugin"},
    bench="families.new.template.family.bench:BENCH",
    training="families.new.template.family.training:TRAINING",
    transfer="families.new.template.family.transfer:TRANSFER",
    watch="families.new.template.family.watch:draw",
)
