"""A family without environments: rows of the paper for which nothing here has been built."""

from families.lookup import Family

FAMILY = Family(name="unbuilt", paper="families.unbuilt.paper:PAPER")
