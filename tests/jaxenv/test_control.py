"""`maybe` equals `lax.cond` everywhere, and is a real branch under vmap."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.extend import core

from jaxenv.control import maybe


def reference(pred, fn, operand):
    return lax.cond(pred, fn, lambda o: o, operand)


def fall(state):
    return {**state, "hp": state["hp"] - 3, "log": state["log"] + state["hp"].astype(jnp.float32)}


def make_state(shape=()):
    n = int(np.prod(shape, dtype=int))
    return {
        "hp": jnp.arange(n, dtype=jnp.int32).reshape(shape) + 10,
        "log": jnp.broadcast_to(jnp.float32(0.5), (*shape, 3)),
        "name": jnp.zeros((*shape, 4), jnp.uint8),
    }


def assert_same(a, b):
    assert jax.tree.structure(a) == jax.tree.structure(b)
    for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        assert x.dtype == y.dtype
        np.testing.assert_array_equal(np.asarray(x), np.asarray(y))


def inner_jaxprs(params):
    """The jaxprs among an equation's parameters; `jax.extend` has a function for it from 0.8 on."""
    for leaf in jax.tree.leaves(params, is_leaf=lambda value: isinstance(value, core.Jaxpr | core.ClosedJaxpr)):
        if isinstance(leaf, core.ClosedJaxpr):
            yield leaf.jaxpr
        elif isinstance(leaf, core.Jaxpr):
            yield leaf


def conds(jaxpr) -> int:
    """Number of real branches in a jaxpr, inner jaxprs included."""
    total = 0
    for eqn in jaxpr.eqns:
        total += eqn.primitive.name == "cond"
        for sub in inner_jaxprs(eqn.params):
            total += conds(sub)
    return total


@pytest.mark.parametrize("pred", [False, True])
@pytest.mark.parametrize("wrap", [lambda f: f, jax.jit])
def test_single(pred, wrap):
    state = make_state()
    out = wrap(lambda p, s: maybe(p, fall, s))(jnp.bool_(pred), state)
    assert_same(out, reference(pred, fall, state))


def test_python_bool_decides_while_tracing():
    jaxpr = jax.make_jaxpr(lambda s: maybe(False, fall, s))(make_state())
    assert not jaxpr.eqns


@pytest.mark.parametrize("lanes", [[0, 0, 0, 0], [0, 1, 0, 1], [1, 1, 1, 1]])
def test_vmap(lanes):
    pred, state = jnp.array(lanes, bool), make_state((4,))
    run = jax.vmap(lambda p, s: maybe(p, fall, s))
    want = jax.vmap(lambda p, s: reference(p, fall, s))(pred, state)
    assert_same(run(pred, state), want)
    assert_same(jax.jit(run)(pred, state), want)


@pytest.mark.parametrize("pred_axis", [0, None])
@pytest.mark.parametrize("hp_axis", [0, None])
@pytest.mark.parametrize("log_axis", [0, None])
def test_partially_batched_operands(pred_axis, hp_axis, log_axis):
    axes = {"hp": hp_axis, "log": log_axis, "name": 0}
    state = {k: v if axes[k] == 0 else v[0] for k, v in make_state((4,)).items()}
    pred = jnp.array([0, 1, 1, 0], bool) if pred_axis == 0 else jnp.bool_(True)
    run, want = (jax.vmap(lambda p, s, f=f: f(p, fall, s), in_axes=(pred_axis, axes)) for f in (maybe, reference))
    assert_same(run(pred, state), want(pred, state))


@pytest.mark.parametrize(
    "outer_axes,inner_axes", [((0, 0), (0, 0)), ((0, None), (0, 0)), ((None, 0), (0, 0)), ((0, 0), (None, 0))]
)
def test_nested_vmap(outer_axes, inner_axes):
    state = make_state((3, 4) if outer_axes[1] == 0 else (4,))
    shape = (() if outer_axes[0] is None else (3,)) + (() if inner_axes[0] is None else (4,))
    pred = (jnp.arange(int(np.prod(shape, dtype=int))) % 3 == 1).reshape(shape)
    run, want = (
        jax.vmap(jax.vmap(lambda p, s, f=f: f(p, fall, s), in_axes=inner_axes), in_axes=outer_axes)
        for f in (maybe, reference)
    )
    assert_same(jax.jit(run)(pred, state), want(pred, state))
    assert conds(jax.make_jaxpr(run)(pred, state).jaxpr) == 1, "the branch is still real under two vmaps"


def test_nested_maybe_in_scan_with_closure():
    """Nested branches, under jit, scan and vmap, closing over tracers of each level."""

    def step(cond, damage, state, t):
        bonus = damage * 2  # traced and batched, closed over by both branches

        def inner(s):
            return {**s, "hp": s["hp"] - bonus}

        def outer(s):
            s = {**s, "log": s["log"] + t.astype(jnp.float32)}
            return cond(s["hp"] % 2 == 0, inner, s)

        return cond((t + state["hp"]) % 3 == 0, outer, state)

    def run(cond):
        def body(state, t):
            state = jax.vmap(lambda d, s: step(cond, d, s, t))(jnp.arange(5, dtype=jnp.int32), state)
            return state, state["hp"].sum()

        return jax.jit(lambda s: lax.scan(body, s, jnp.arange(20, dtype=jnp.int32)))(make_state((5,)))

    assert_same(run(maybe), run(reference))


def test_branch_is_skipped_when_no_lane_asks():
    ran = []

    def noisy(x):
        jax.debug.callback(lambda: ran.append(1))
        return x + 1

    run = jax.jit(jax.vmap(lambda p, x: maybe(p, noisy, x)))
    run(jnp.zeros(4, bool), jnp.zeros(4)).block_until_ready()
    jax.effects_barrier()
    assert not ran
    run(jnp.array([False, True, False, False]), jnp.zeros(4)).block_until_ready()
    jax.effects_barrier()
    assert ran


def test_untouched_leaves_stay_out_of_the_branch():
    jaxpr = jax.make_jaxpr(jax.vmap(lambda p, s: maybe(p, fall, s)))(jnp.zeros(4, bool), make_state((4,)))

    def widths(jaxpr):
        for eqn in jaxpr.eqns:
            if eqn.primitive.name == "cond":
                yield len(eqn.outvars)
            for sub in inner_jaxprs(eqn.params):
                yield from widths(sub)

    assert list(widths(jaxpr.jaxpr)) == [2], "only hp and log can change"


def test_operand_kinds():
    keys = jax.random.split(jax.random.key(0), 4)
    out = jax.vmap(lambda p, k: maybe(p, lambda k: jax.random.split(k, 2)[0], k))(jnp.array([0, 1, 0, 1], bool), keys)
    assert jax.random.key_data(out).shape == (4, 2)
    assert (jax.random.key_data(out)[0] == jax.random.key_data(keys)[0]).all()
    assert maybe(jnp.bool_(True), lambda x: x + 1, 3) == 4
    assert maybe(jnp.bool_(True), lambda x: (x[1], x[0]), (1, 2)) == (2, 1)
    assert maybe(jnp.bool_(True), lambda x: x, ()) == ()


def test_gradients():
    def loss(cond, x):
        return jax.vmap(lambda v: cond(v > 1, lambda v: v**2, v))(x).sum()

    x = jnp.array([0.5, 2.0, 3.0])
    np.testing.assert_array_equal(jax.grad(lambda v: loss(maybe, v))(x), jnp.array([1.0, 4.0, 6.0]))
    _, tangent = jax.jvp(lambda v: loss(maybe, v), (x,), (jnp.ones(3),))
    assert tangent == 11.0

    def root_of_debt(cond, x):  # the lane that does not ask has an infinite slope there
        return jax.vmap(lambda v: cond(v > 0, jnp.sqrt, v))(x).sum()

    assert jnp.isfinite(jax.grad(lambda v: root_of_debt(maybe, v))(jnp.array([0.0, 4.0]))).all()


@pytest.mark.parametrize(
    "pred,fn,operand,message",
    [
        (jnp.ones, lambda x: x, 1, "bool scalar"),
        (lambda: jnp.zeros(2, bool), lambda x: x, 1, r"bool\[2\]"),
        (
            lambda: jnp.bool_(1),
            lambda x: {"a": x["a"].astype(jnp.float32)},
            {"a": jnp.int32(1)},
            r"\['a'\] from int32\[\] to float32\[\]",
        ),
        (lambda: jnp.bool_(1), lambda x: (x, x), 1, "must return what it takes"),
    ],
)
def test_errors_name_the_leaf(pred, fn, operand, message):
    with pytest.raises(TypeError, match=message):
        maybe(pred() if pred is not jnp.ones else jnp.ones(()), fn, operand)


def test_masked_branch_equals_the_plain_one():
    def bump(when, value):
        return jnp.where(when, value * 3 + 1, value)

    def both(when, value):
        plain = maybe(when, lambda v: bump(when, v), value)
        masked = maybe(when, lambda v: bump(when, v), value, masked=True)
        return plain, masked

    values = jnp.arange(8, dtype=jnp.int32)
    for lanes in (jnp.zeros(8, bool), jnp.arange(8) % 3 == 0, jnp.ones(8, bool)):
        plain, masked = jax.jit(jax.vmap(both))(lanes, values)
        assert (plain == masked).all()
        assert (plain == jnp.where(lanes, values * 3 + 1, values)).all()
    assert both(jnp.bool_(False), jnp.int32(5)) == (5, 5)
