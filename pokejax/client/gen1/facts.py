"""Facts that one player has been told of a Gen 1 battle: of each Pokémon, of the two on the field, of both sides.

Species, moves, types and statuses are numbers of `pokejax.gen1.dex`.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

from pokejax.client.errors import ProtocolError
from pokejax.gen1.dex import MAX_MOVE, Status, Type, load_dex, move_number, to_id

NO_MOVE = 0
BOOSTS = ("atk", "def", "spa", "spe", "accuracy", "evasion")


@functools.cache
def max_pp(move: int) -> int:
    """PP of a move at the start of a battle."""
    return int(load_dex().moves.max_pp[move])


@functools.cache
def numbered(name: str) -> int:
    """Number of the move of a name, or an id, as a server writes it; `ProtocolError` if Gen 1 has none."""
    try:
        return move_number(name)
    except ValueError as error:
        raise ProtocolError(f"{error}: is this a Gen 1 battle?") from error


@functools.cache
def moves_named(*ids: str) -> frozenset[int]:
    """Numbers of several moves."""
    return frozenset(move_number(one) for one in ids)


@functools.cache
def status_number(text: str) -> int:
    """Number of "par" and the like; "" and "fnt" are none."""
    if text in ("", "fnt"):
        return int(Status.NONE)
    try:
        return int(Status[text.upper()])
    except KeyError:
        raise ProtocolError(f"status {text!r} is none of Gen 1's") from None


@functools.cache
def type_number(text: str) -> int:
    """Number of a type's name."""
    name = "UNTYPED" if text == "???" else to_id(text).upper()
    try:
        return int(Type[name])
    except KeyError:
        raise ProtocolError(f"type {text!r} is none of Gen 1's") from None


@dataclass
class Member:
    """A Pokémon of a side.

    * ``hp``, ``most``: exact on the own side; of the foe a share of 100.
    * ``pp``: known move → PP left (on the own side all moves, in the team's order). ``unnamed``: PP spent by moves that
      are not known to be its own yet.
    * ``shown``: of these moves, the ones that the other player knows of.
    * ``doubtful``: the own PP are not certain until a request lists them. ``twice``: moves used since then that may be
      its own, and may be Mimic's copies of them or another Pokémon's choices.
    * ``slept``: turns slept; ``rests``: by its own Rest; ``counted``: the turn in which it fell asleep counts already.
    """

    name: str
    species: int
    level: int
    hp: int = 0
    most: int = 0
    status: int = 0
    slept: int = 0
    rests: bool = False
    counted: bool = False
    pp: dict[int, int] = field(default_factory=dict)
    unnamed: dict[int, int] = field(default_factory=dict)
    shown: set[int] = field(default_factory=set)
    doubtful: bool = False
    twice: set[int] = field(default_factory=set)
    stats: tuple[int, ...] = (0, 0, 0, 0)
    seen: bool = False

    def learn(self, move: int) -> None:
        """Know that it has a move."""
        self.shown.add(move)
        if move not in self.pp:
            self.pp[move] = (max_pp(move) - self.unnamed.pop(move, 0)) & 63

    def pay(self, move: int, amount: int) -> None:
        """Take PP from a known move; below 0 they begin again at 63, as in the game."""
        self.pp[move] = (self.pp[move] - amount) & 63

    def forget(self, move: int) -> None:
        """Take back that a move is known; what it paid is kept for when it is."""
        self.shown.discard(move)
        self.unnamed[move] = max_pp(move) - self.pp.pop(move)

    def set_condition(self, text: str) -> None:
        """Take in HP and status as Showdown writes them: "123/300 par", "0 fnt"."""
        share, _, status = text.partition(" ")
        now, _, most = share.partition("/")
        self.hp, self.most = int(now), int(most) if most else self.most
        self.set_status(status_number(status))

    def set_status(self, status: int) -> None:
        """Take in a status; the turns slept end with sleep."""
        self.status = status
        if status != Status.SLP:
            self.slept, self.rests = 0, False


@dataclass
class Stand:
    """A Pokémon's time on the field, from its entry until it leaves or faints.

    * ``types``: by Transform or Conversion; None: its species'.
    * ``copied``: its moves by Transform, ``[move, PP]``; None: it has not transformed.
    * ``mimicked``: own move → the move that Mimic put in its place.
    * ``lent``: of its moves by Transform those that the foe itself had by Mimic.
    * ``chosen``: the move last chosen, which pays for a move that it calls. ``called``: a move that another one
      called, which may come once more under its own name.
    * ``charging``: a two-turn move under way; ``payer``: the move that pays for it.
    """

    species: int = 0
    types: tuple[int, ...] | None = None
    boosts: dict[str, int] = field(default_factory=dict)
    flags: set[str] = field(default_factory=set)
    copied: list[list[int]] | None = None
    mimicked: dict[int, int] = field(default_factory=dict)
    lent: tuple[int, ...] = ()
    toxic: int = 0
    last_move: int = NO_MOVE
    disabled: int = NO_MOVE
    disabled_copy: bool = False
    charging: int = NO_MOVE
    payer: int = NO_MOVE
    chosen: int = NO_MOVE
    called: int = NO_MOVE

    def stop(self) -> None:
        """Break off a two-turn move."""
        self.charging = self.payer = NO_MOVE


@dataclass
class Step:
    """Facts of one side that last for the messages of one decision only.

    * ``first_named``: the move that the last ``|move|`` named for the first time. ``mimics``: moves of the foe that its
      Mimic took. ``transformed``: it has used Transform on a foe that had not.
    """

    flinched: bool = False
    thawed: bool = False
    held_asleep: bool = False
    first_named: int = NO_MOVE
    mimics: list[int] = field(default_factory=list)
    transformed: bool = False


@dataclass
class Side:
    """One side as the player sees it. ``team``: the own in its own order, the foe's in order of appearance."""

    id: str
    own: bool
    team: list[Member] = field(default_factory=list)
    active: Member | None = None
    stand: Stand = field(default_factory=Stand)
    step: Step = field(default_factory=Step)
    size: int = 0
    request: int = 0
    open: set[str] = field(default_factory=set)
    """Names of what the messages leave open of this side, while it may show in an observation."""

    def named(self, name: str) -> Member | None:
        """The Pokémon of that name, if it is known."""
        return next((one for one in self.team if one.name == name), None)

    @property
    def member(self) -> Member:
        """The active Pokémon; `ProtocolError` before one has appeared."""
        if self.active is None:
            raise ProtocolError(f"a message speaks of {self.id}'s active Pokémon before any |switch|: the log is cut")
        return self.active

    def doubt_pp(self, move: int = NO_MOVE) -> None:
        """Note that one of two moves has paid PP; ``move``: it may be the own one of this number."""
        self.open.add("pp")
        if self.own and self.stand.copied is None:
            self.member.doubtful = True
            if move:
                self.member.twice.add(move)

    def moves_now(self) -> list[tuple[int, int]]:
        """Known moves of the active Pokémon as it is now, with PP."""
        if self.stand.copied is not None:
            return [(move, pp) for move, pp in self.stand.copied]
        return [(self.stand.mimicked.get(move, move), pp) for move, pp in self.member.pp.items()]


def is_move(number: int) -> bool:
    """A real move other than Struggle, which has PP."""
    return 0 < number < MAX_MOVE
