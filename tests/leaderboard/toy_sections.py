"""The pretended reference of `toy_bench`, declared for three sections."""

from toy_bench import session as session

from leaderboard.section import Section

SECTIONS = (Section(cores=1), Section(), Section(mode="policy_in_loop"))
