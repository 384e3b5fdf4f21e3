"""A Gen 1 battle in words: what a player is asked, choices as Showdown writes them, both sides as text."""

from pokejax.gen1.words.choice import legal_choices as legal_choices
from pokejax.gen1.words.choice import numbered as numbered
from pokejax.gen1.words.choice import parse as parse
from pokejax.gen1.words.request import Request as Request
from pokejax.gen1.words.request import read as read
from pokejax.gen1.words.sides import describe as describe
