"""Optimisations change no result: int16 lanes, in-place updates, elements fetched for few lanes."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from jaxlanes.emit import int16, outlining, targets
from jaxlanes.emit.cpp_simd import emit
from jaxlanes.emit.targets import TARGETS, host_target, suited
from jaxlanes.ir import Branch, Loop, Program, walk
from jaxlanes.passes.pipeline import optimise
from jaxlanes.trace.program import lower

POOL = np.random.default_rng(5).integers(0, 200, (5000, 6)).astype(np.uint8)  # more than is written into the source
WIDTHS = [name for name in ("avx512", "avx512x2") if host_target().name == "avx512"] or [host_target().name]


def program_of(fn: Any, *examples: Any) -> Program:
    closed = jax.make_jaxpr(fn)(*examples)
    return lower(closed, [True] * len(closed.jaxpr.invars)).program


def act(state: dict[str, Any], draw: jax.Array) -> dict[str, Any]:
    """An action of the first of two fighters: rules inside rules, most of which leave most of the state alone."""
    user, foe = state["fighters"]
    acts = user["queued"] > 0

    def switch(fighters: Any) -> Any:
        user, foe = fighters
        place = draw % 6
        party = jnp.where(jnp.arange(6) == user["place"], user["hp"].astype(jnp.int16), user["party"])
        user = {**user, "party": party, "place": place, "hp": party[place].astype(jnp.int32), "boost": jnp.int32(0)}
        return {**user, "flags": user["flags"] & False}, foe

    def strike(fighters: Any) -> Any:
        user, foe = fighters
        damage = lax.div(lax.div(user["hp"] * 2, jnp.int32(5)) * (user["boost"] + 7) * (draw & 63), jnp.int32(50)) + 2
        foe = {**foe, "hp": jnp.maximum(foe["hp"] - damage, 0)}

        def boost(fighters: Any) -> Any:
            user, foe = fighters
            raised = jnp.clip(user["boost"] + 1, -6, 6)
            flags = user["flags"] | (jnp.arange(3) == draw % 3)
            return {**user, "boost": raised, "flags": flags, "count": user["count"] + 3}, foe

        return lax.cond((draw & 3) == 0, boost, lambda f: f, (user, foe))

    def do(fighters: Any) -> Any:
        fighters = lax.cond(user["queued"] < 7, switch, lambda f: f, fighters)
        fighters = lax.cond(user["queued"] >= 7, strike, lambda f: f, fighters)
        mine, other = fighters
        return {**mine, "queued": jnp.int32(0)}, other

    user, foe = lax.cond(acts, do, lambda f: f, (user, foe))
    return {**state, "fighters": (foe, user)}


def fight(x: jax.Array, hp: jax.Array, party: jax.Array) -> Any:
    """Several steps; a fighter that has lost gets a new party out of a pool."""

    def fighter(x: jax.Array) -> dict[str, Any]:
        return {
            "hp": hp.astype(jnp.int32), "place": (x & 3).astype(jnp.int32), "party": party, "boost": jnp.int32(0),
            "queued": jnp.int32(0), "flags": jnp.zeros(3, bool), "count": jnp.int32(0),
        }  # fmt: skip

    def step(carry: Any, number: jax.Array) -> tuple[Any, jax.Array]:
        fighters, word, _seen = carry
        word = word * jnp.uint32(1664525) + jnp.uint32(1013904223)
        draw = (word >> 16).astype(jnp.int32)
        asked = tuple({**f, "queued": (draw >> shift) % 12} for f, shift in zip(fighters, (2, 7), strict=True))
        state = {"fighters": asked}
        state = lax.fori_loop(0, 2, lambda i, s: act(s, (draw >> i) & 0x3FFF), state)

        def renew(fighters: Any) -> Any:
            row = (word >> 8) % jnp.uint32(5000)
            fresh = jnp.asarray(POOL)[row].astype(jnp.int16)
            return tuple({**f, "party": fresh + k, "hp": fresh[k].astype(jnp.int32)} for k, f in enumerate(fighters))

        lost = (state["fighters"][0]["hp"] == 0) | (state["fighters"][1]["hp"] == 0)
        fighters = lax.cond(lost, renew, lambda f: f, state["fighters"])
        fighters = tuple({**f, "count": f["count"].astype(jnp.uint8).astype(jnp.int32)} for f in fighters)
        seen = jnp.stack([f["hp"] for f in fighters] + [number]).astype(jnp.int16)
        return (fighters, word, seen), jnp.sum(seen.astype(jnp.uint32))

    start = (fighter(x), fighter(x >> 2)), x, jnp.zeros(3, jnp.int16)
    return lax.scan(step, start, jnp.arange(9, dtype=jnp.int32))


def battles(lanes: int = 77) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(1)
    words = rng.integers(0, 2**32, lanes, dtype=np.uint32)
    return words, rng.integers(1, 300, lanes).astype(np.int16), rng.integers(0, 300, (lanes, 6)).astype(np.int16)


@pytest.mark.parametrize("isa", WIDTHS)
@pytest.mark.parametrize("tiny", [False, True], ids=["one function", "many functions"])
def test_rules_inside_rules(same: Any, isa: str, tiny: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """With every value in memory between tiny functions, and with none."""
    monkeypatch.setenv("JAXLANES_ISA", isa)
    if tiny:
        monkeypatch.setattr(outlining, "WHOLE_OPERATIONS", 20)
        monkeypatch.setattr(outlining, "PART_OPERATIONS", 10)
        monkeypatch.setattr(outlining, "BRANCH_OPERATIONS", 3)
    same(fight, *battles())


def test_a_program_of_small_integers_gets_int16_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "INT16_OPERATIONS", 100)
    program = program_of(fight, *(a[0] for a in battles()))
    optimise(program)
    assert suited(program, TARGETS["avx512"]) is TARGETS["avx512x2"]
    assert suited(program, TARGETS["avx2"]) is TARGETS["avx2"]
    functions = program_of(lambda x: jnp.sin(x), jnp.float32(1))
    assert suited(functions, TARGETS["avx512x2"]) is TARGETS["avx512"]


def test_a_carry_is_as_wide_as_the_loop_makes_it() -> None:
    def counts(x: jax.Array) -> jax.Array:
        return lax.fori_loop(0, 10, lambda i, c: jnp.minimum(c + 1, 90), x.astype(jnp.int32))

    program = program_of(counts, jnp.uint8(3))
    optimise(program)
    (loop,) = (item for item in walk(program.body) if isinstance(item, Loop))
    (carry,) = (program.nodes[c] for c in loop.carries if program.nodes[c].attribute is not None)
    assert (carry.low, carry.high) == (0, 255)


def test_branches_are_updated_in_place_and_unread_carries_found() -> None:
    program = program_of(fight, *(a[0] for a in battles()))
    optimise(program)
    items = list(walk(program.body))
    outer = [item for item in items if isinstance(item, Branch) and any(isinstance(i, Branch) for b in item.blocks
                                                                      for i in b.items)]  # fmt: skip
    assert outer and all(item.in_place for item in outer)
    # What is seen; not the two that an inner loop gives, which lie with that loop's own carries.
    assert max(len(item.unread) for item in items if isinstance(item, Loop)) == 3


def test_elements_of_few_lanes_are_fetched_together() -> None:
    program = program_of(fight, *(a[0] for a in battles()))
    text = emit(program, TARGETS["avx512x2"])
    assert "__builtin_prefetch" in text and text.count("h->fetched") >= 12


@pytest.mark.parametrize("divisor", [2, 3, 5, 6, 7, 10, 25, 50, 99, 100, 127, 255, 256, 997, 4095, 32767])
def test_quotients_in_int16_lanes(divisor: int) -> None:
    for top in (divisor - 1, divisor, 255, 1000, 32767):
        found = int16.reciprocal(top, divisor)
        assert found is not None
        n = np.arange(top + 1, dtype=np.uint64)
        assert np.array_equal(((n * found[0]) >> 16) >> found[1], n // divisor)


@pytest.mark.skipif("avx512x2" not in WIDTHS, reason="this processor has no AVX-512")
def test_arithmetic_in_int16_lanes(same: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every operation that has a form of its own in sixteen bits, at the ends of the interval too."""
    monkeypatch.setenv("JAXLANES_ISA", "avx512x2")

    def int16_operations(a: jax.Array, b: jax.Array, u: jax.Array, s: jax.Array) -> list[jax.Array]:
        x, y, n, i = (v.astype(jnp.int32) for v in (a, b, u, s))
        table = jnp.asarray(np.random.default_rng(2).integers(-500, 500, 256).astype(np.int16))
        small = [jnp.asarray(np.arange(size, dtype=np.int16) * 3)[n % size] for size in (7, 32, 33, 100, 150, 200)]
        results = [jnp.minimum(x, y), jnp.maximum(x, y), jnp.abs(x >> 1), -(x >> 1), (x >> 1) + (y >> 1)]
        results += [x & y, x | y, x ^ y, jnp.where(x < y, x, y), (x >= y).astype(jnp.int32) + n, n * 100]
        results += [lax.div(n, jnp.int32(k)) for k in (3, 7, 10, 100)] + [n << 3, x >> 4, n >> i, n << (i & 3)]
        results += [
            lax.rem(n, jnp.int32(12)),
            table[n],
            jnp.sign(x),
            x.astype(jnp.int8).astype(jnp.int32),
            n.astype(jnp.int8),
        ]
        results += [a + b, a * b, u + u, u * u, a << s, a >> s, lax.div(a, b), lax.population_count(a), lax.clz(a)]
        return results + small

    rng = np.random.default_rng(9)
    a, b = rng.integers(-(2**15), 2**15, (2, 300)).astype(np.int16)
    a[:4], b[:4] = [-(2**15), 2**15 - 1, 0, -1], [-(2**15), 2**15 - 1, -1, 0]
    same(int16_operations, a, b, rng.integers(0, 256, 300).astype(np.uint8), rng.integers(0, 16, 300).astype(np.int16))


@pytest.mark.parametrize("isa", [*WIDTHS, "portable"])
def test_the_high_word_of_a_product(same: Any, isa: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Built from halves, as a 64-bit generator without 64-bit integers does; found, and the same."""
    monkeypatch.setenv("JAXLANES_ISA", isa)
    factor = 0x6C078965

    def high(x: jax.Array) -> jax.Array:
        e, d = np.uint32(factor & 0xFFFF), np.uint32(factor >> 16)
        low, top = x & np.uint32(0xFFFF), x >> np.uint32(16)
        cross, other = low * d, top * e
        middle = ((low * e) >> np.uint32(16)) + (cross & np.uint32(0xFFFF)) + (other & np.uint32(0xFFFF))
        return top * d + (cross >> np.uint32(16)) + (other >> np.uint32(16)) + (middle >> np.uint32(16))

    words = np.random.default_rng(4).integers(0, 2**32, 200, dtype=np.uint32)
    words[:3] = [0, 2**32 - 1, 2**16]
    program = program_of(high, words[0])
    optimise(program)
    kinds = [program.nodes[item].kind for item in program.body.items]
    assert kinds == ["mulhi"]
    got = same(high, words)
    assert np.array_equal(np.asarray(got), (words.astype(np.uint64) * factor >> 32).astype(np.uint32))


def test_a_loop_in_a_loop_that_hands_on_what_nothing_reads(same: Any) -> None:
    """Only the last iteration of either decides `seen`. (`check_env` of Reacher, whose fingertip stayed behind, is the
    larger test of it.)"""

    def fn(x: Any) -> Any:
        def substep(_: Any, carry: Any) -> Any:
            x, _seen = carry
            x = x * 3 + 1
            return x, x ^ 5

        def step(carry: Any, _: Any) -> Any:
            x, seen = lax.fori_loop(0, 2, substep, carry)
            return (x, seen), None

        return lax.scan(step, (x, x), length=3)[0]

    same(fn, np.arange(100, dtype=np.int32))
