"""Shards: read from words, and cutting a list so that all of them together have each of it once."""

from __future__ import annotations

import pytest

from jaxenv.shards import Shard, ShardError, complete, parse


@pytest.mark.parametrize("count", [0, 1, 2, 7, 24])
@pytest.mark.parametrize("of", [1, 2, 3, 8])
@pytest.mark.parametrize("turn", [0, 1, 5])
def test_all_shards_together_have_everything_once(count: int, of: int, turn: int) -> None:
    shards = [Shard(number, of) for number in range(1, of + 1)]
    stretches = [shard.stretch(count, turn) for shard in shards]
    assert sorted(place for stretch in stretches for place in stretch) == list(range(count))
    lengths = [len(stretch) for stretch in stretches]
    assert max(lengths) - min(lengths) <= 1
    items = [f"item {place}" for place in range(count)]
    assert sorted(item for shard in shards for item in shard.every(items)) == sorted(items)


def test_single_pieces_go_round_the_shards() -> None:
    who = [next(k for k in (1, 2, 3) if Shard(k, 3).stretch(1, turn)) for turn in range(6)]
    assert sorted(who[:3]) == [1, 2, 3] and who[:3] == who[3:]


@pytest.mark.parametrize("text", ["4/3", "0/2", "x", "", "1", "1/0", "-1/2", "1/2/3", "1.5/2", "1/999999"])
def test_what_is_no_shard(text: str) -> None:
    with pytest.raises(ShardError, match="write I/N"):
        parse(text)
    assert parse(" 2 / 3 ") == Shard(2, 3) and str(Shard(2, 3)) == "2/3"


def test_all_have_to_be_there() -> None:
    assert complete([("b", Shard(2, 2)), ("a", Shard(1, 2))]) == [1, 0]
    for given, words in (
        ([], "no shards"),
        ([("a", Shard(1, 3))], "shard 2/3, 3/3 is missing"),
        ([("a", Shard(1, 1)), ("b", Shard(1, 1))], "b: shard 1/1 is there already, in a"),
        ([("a", Shard(1, 1)), ("b", Shard(1, 2))], "b: is shard 1/2, a is one of 1"),
    ):
        with pytest.raises(ShardError, match=words):
            complete(given)
