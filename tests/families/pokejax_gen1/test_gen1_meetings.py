"""The meetings of Gen 1's source: the one that once hid a bug is among them."""

from __future__ import annotations

import numpy as np

from families.pokejax_gen1.verify.meetings import conditions
from families.pokejax_gen1.verify.steps import traced
from families.pokejax_gen1.verify.watched import environment
from pokejax.gen1.team_sampling import sample_teams
from references.showdown.gen1.fields import field_names
from verification.meetings.meetings import Meetings
from verification.meetings.traced import Watched


def test_an_empty_bide_against_a_raging_foe_is_a_meeting() -> None:
    """Snorlax and Gengar [bide] against Primeape [rage]: a blow of no damage must leave Rage where it was."""
    state = {name: np.zeros(1, np.int32) for name in field_names()}
    state["teams"] = sample_teams("randbats", np.random.default_rng(0), 1)
    within = conditions("pokejax/gen1randombattle").within
    env = environment("pokejax/gen1randombattle")
    watched = Watched(traced(env), within, (state, {"p1": np.zeros(1, np.int32), "p2": np.zeros(1, np.int32)}))
    meetings = Meetings(watched.collected)
    found = [meeting for meeting in meetings.every if meeting.name.endswith("`stored > 0` of _biding being false")]
    terms = [{tap.site.text for tap in meetings.parts[part].atoms.values()} for one in found for part, _ in one.turns]
    assert any({"stored > 0", "seat.rage_accuracy > 0", "view.user.bide_turns == 0"} <= texts for texts in terms)
