"""Saved replays as data: both players' observations, actions, masks and rewards, and what of them is known.

>>> from pokejax.client import replays
>>> first, second = replays.convert("battle.html")
>>> first.observations.foe_species, first.actions[first.action_known]

`docs/replays.md` says what a replay does not tell.
"""

from pokejax.client.replays.convert import Track as Track
from pokejax.client.replays.convert import convert as convert
from pokejax.client.replays.data import Dataset as Dataset
from pokejax.client.replays.data import digest as digest
from pokejax.client.replays.data import gather as gather
from pokejax.client.replays.data import join as join
from pokejax.client.replays.data import load as load
from pokejax.client.replays.steps import ENDINGS as ENDINGS
from pokejax.client.replays.texts import Replay as Replay
from pokejax.client.replays.texts import ReplayError as ReplayError
from pokejax.client.replays.texts import read as read
