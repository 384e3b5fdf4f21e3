"""Process-wide records of bounded size: what was used last is kept, older entries are dropped."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar, overload

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """A mapping of the `limit` keys that were set or found last."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._entries: OrderedDict[K, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: K) -> V | None:
        """The value of a key, which becomes the one used last; None if it is not there."""
        found = self._entries.get(key)
        if found is not None:
            self._entries.move_to_end(key)
        return found

    def __setitem__(self, key: K, value: V) -> None:
        self._entries[key] = value
        self._entries.move_to_end(key)
        while len(self._entries) > self.limit:
            self._entries.popitem(last=False)

    def clear(self) -> None:
        self._entries.clear()


class Log(Sequence[V]):
    """A list that only grows, of which the last `limit` entries are kept.

    `len` and indices count from the first entry ever. A slice gives those of its entries that are still there.
    """

    def __init__(self, limit: int) -> None:
        self._kept: deque[V] = deque(maxlen=limit)
        self._count = 0

    def append(self, entry: V) -> None:
        self._kept.append(entry)
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[V]:
        return iter(tuple(self._kept))

    @overload
    def __getitem__(self, place: int) -> V: ...
    @overload
    def __getitem__(self, place: slice) -> list[V]: ...
    def __getitem__(self, place: int | slice) -> V | list[V]:
        """Raises IndexError for an entry that was dropped or never was."""
        kept, dropped = tuple(self._kept), self._count - len(self._kept)
        if isinstance(place, slice):
            return [kept[i - dropped] for i in range(*place.indices(self._count)) if i >= dropped]
        number = place + self._count if place < 0 else place
        if not dropped <= number < self._count:
            raise IndexError(f"entry {place} of a log of {self._count}, of which the last {len(kept)} are kept")
        return kept[number - dropped]
