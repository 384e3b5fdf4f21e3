"""Environments by id."""

import jax
import pytest
from toys import Walk

import jaxenv
from jaxenv import registry


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    monkeypatch.setattr(registry, "_registered", {})
    jaxenv.register("toys/walk", "toys:Walk", {"noise": 0.2}, tags=("toy",))
    jaxenv.register("toys/duel", "toys:Duel")
    jaxenv.register("toys/lost", "toys:Nothing")


def test_make_and_spec():
    env = jaxenv.make("toys/walk")
    assert env == Walk(noise=0.2) and hash(env) == hash(Walk(noise=0.2))
    assert jaxenv.make("toys/walk", noise=0.5) == Walk(noise=0.5)
    spec = jaxenv.spec("toys/walk")
    assert (spec.id, spec.players, spec.num_actions) == ("toys/walk", 1, 2)
    env.step(jax.random.key(1), env.reset(jax.random.key(0))[1], 1)


def test_list_envs():
    assert {"toys/walk", "toys/duel", "pokejax/gen1randombattle", "pokejax/gen1ou"} <= set(jaxenv.list_envs())
    assert jaxenv.list_envs("toy") == ["toys/walk"]


def test_third_parties_by_entry_point(monkeypatch):
    point = type("Point", (), {"name": "theirs/walk", "value": "toys:Walk"})()
    monkeypatch.setattr(registry, "entry_points", lambda group: [point] if group == "jaxenv.envs" else [])
    assert jaxenv.make("theirs/walk") == Walk()


@pytest.mark.parametrize(
    "call,error,message",
    [
        (lambda: jaxenv.make("toys/wlak"), jaxenv.UnknownEnvironmentError, "did you mean toys/walk"),
        (
            lambda: jaxenv.make("gen1randombatle"),
            jaxenv.UnknownEnvironmentError,
            "did you mean pokejax/gen1randombattle",
        ),
        (lambda: jaxenv.make("toys/walk", nose=1), TypeError, "'nose' .did you mean noise"),
        (lambda: jaxenv.make("toys/lost"), ImportError, "toys/lost: cannot load toys:Nothing"),
        (lambda: jaxenv.register("no id", "a:B"), ValueError, "'no id'"),
        (lambda: jaxenv.register("a/b", "a.B"), ValueError, "module:Class"),
    ],
)
def test_errors_suggest(call, error, message):
    with pytest.raises(error, match=message):
        call()
