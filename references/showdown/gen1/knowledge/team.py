"""One player's knowledge of a Pokémon, of the one on the field, and of a side."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Member:
    """One Pokémon of a side.

    `hp`, `max_hp`: exact for the own side, a share of 100 for the foe's. `spent`: known moves, by id, with the PP they
    have spent; of the own side all moves, in their order. `shown`: of the own side, the moves that the foe knows of.
    `slept`: turns slept since it fell asleep; `rests`: by its own Rest. `hidden`: PP spent by moves not known yet.
    `held`: it was held by ice or a flinch in the turn in which it fell asleep, which is counted already.
    """

    name: str
    species: str
    level: int
    hp: int = 0
    max_hp: int = 0
    status: str = ""
    slept: int = 0
    rests: bool = False
    spent: dict[str, int] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)
    stats: tuple[int, int, int, int] = (0, 0, 0, 0)
    seen: bool = False
    held: bool = False
    hidden: dict[str, int] = field(default_factory=dict)

    def know(self, move: str, used: int = 0) -> None:
        """Know of a move, and that it has been used so often now."""
        self.spent[move] = self.spent.get(move, self.hidden.pop(move, 0)) + used

    def set_condition(self, text: str) -> None:
        """Take in a condition as Showdown writes it: "123/300 par", "0 fnt"."""
        share, _, status = text.partition(" ")
        now, _, most = share.partition("/")
        self.hp = int(now)
        self.max_hp = int(most) if most else self.max_hp
        self.set_status(status)

    def set_status(self, status: str) -> None:
        """Have another status; the turns slept are forgotten with sleep."""
        self.status = "" if status == "fnt" else status
        if self.status != "slp":
            self.slept, self.rests = 0, False

    def fall_asleep(self, rests: bool, counted: bool) -> None:
        """Begin to sleep; `counted`: the turn in which it did counts as slept."""
        self.status, self.slept, self.rests = "slp", int(counted), rests


@dataclass
class Copied:
    """A move that a Pokémon has by Transform: its id and PP."""

    id: str
    pp: int


@dataclass
class Stand:
    """A Pokémon on the field, until it leaves: what `|switch|` and `|faint|` set back.

    * `species`, `types`: as transformed, or as changed by Conversion (types are names).
    * `transform`: its moves by Transform, or None. `mimic`: own move → the one that Mimic put in its place.
    * `foreign`: of its moves by Transform those that the foe had itself by Mimic.
    * `charging`: id of a two-turn move under way; `payer`: the move that pays for it.
    * `selected`: the move last chosen, which pays for what it calls. `called`: a move that was called by another, or
      repeated after a thaw, and may come once more under its own name.
    """

    species: str = ""
    types: tuple[str, ...] = ()
    boosts: dict[str, int] = field(default_factory=dict)
    conditions: set[str] = field(default_factory=set)
    transform: list[Copied] | None = None
    mimic: dict[str, str] = field(default_factory=dict)
    foreign: tuple[str, ...] = ()
    toxic: int = 0
    last_move: str = ""
    disabled: str = ""
    disabled_is_copied: bool = False
    charging: str = ""
    payer: str = ""
    selected: str = ""
    called: str = ""


@dataclass
class Side:
    """A side as one player sees it. `team`: the own one in its own order, the foe's in order of appearance."""

    id: str
    own: bool
    team: list[Member] = field(default_factory=list)
    active: Member | None = None
    stand: Stand = field(default_factory=Stand)
    size: int = 0
    request: int = 0
    unseen: dict[str, Member] = field(default_factory=dict)
    """Of a battle that begins in the middle: what will be known of Pokémon when they come in."""
    twice: str = ""
    """The move used in this step that may be the active Pokémon's own, and may be Mimic's copy or another's choice."""
    named: str = ""
    """The move that the last |move| message named for the first time."""
    held_asleep: bool = False
    """In this step the active Pokémon was held, and then fell asleep."""
    flinched: bool = False
    thawed: bool = False
    unclear: bool = False
    """In this step PP were paid from a slot that the messages leave open."""

    def member(self, name: str) -> Member | None:
        """The Pokémon of that name, if it is known."""
        return next((one for one in self.team if one.name == name), None)

    def standing(self) -> Member:
        """The active Pokémon. `KnowledgeError` if none has appeared."""
        if self.active is None:
            raise KnowledgeError(f"{self.id}: a message speaks of an active Pokémon before any |switch|")
        return self.active


class KnowledgeError(RuntimeError):
    """The tracker and the messages do not fit: the tracker has missed or does not know something."""
