"""The bridge for Generation 1: what one player has been told, and its observation."""

from pokejax.client.gen1.fields import blank as blank
from pokejax.client.gen1.tracker import Tracker as Tracker
