"""The bridge for Generation 1: what one player has been told, and its observation."""

from pokejax.client.gen1.fields import blank as blank
from pokejax.client.gen1.spectator import Spectator as Spectator
from pokejax.client.gen1.spectator import asked_team as asked_team
from pokejax.client.gen1.spectator import certain as certain
from pokejax.client.gen1.spectator import scout as scout
from pokejax.client.gen1.tracker import Tracker as Tracker
