"""Environments by id."""

import ast
import typing

import jax
import pytest
from toys import Walk

import jaxenv
from jaxenv import registry
from jaxenv.builtin import BUILT_IN, HOST


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


def test_tags_are_stated_once():
    for env_id, entry in BUILT_IN.items():
        assert jaxenv.make(env_id).spec.tags == entry.tags, env_id
    assert jaxenv.make("pongjax/puffer_pong", strict=False).spec.tags == ("arcade", "one-player", "repaired")
    assert jaxenv.make("pokejax/gen1ou", format="free", pool="gen1ou").spec.tags == BUILT_IN["pokejax/gen1ou"].tags


def test_make_gives_the_class_that_its_types_promise():
    promised = {}
    for overload in typing.get_overloads(jaxenv.make):
        id_type, result = overload.__annotations__["id"], overload.__annotations__["return"]
        if id_type != "str":
            result = result.partition("[")[0].rpartition(".")[2]
            promised |= {env_id: result for env_id in ast.literal_eval(id_type.removeprefix("Literal"))}
    in_jax = {env_id: entry.target.partition(":")[2] for env_id, entry in BUILT_IN.items()}
    assert promised == in_jax | dict.fromkeys(HOST, "VectorEnv")


@pytest.mark.parametrize(
    "name,meant",
    [
        ("Pong", "pongjax/puffer_pong or pongjax/puffer_pong_continuous"),
        ("POKEJAX/GEN1OU", "pokejax/gen1ou"),
        ("pokemon", "pokejax/gen1ou or pokejax/gen1randombattle"),
        ("Pokemn", "pokejax/gen1ou or pokejax/gen1randombattle"),
        ("gen1", "pokejax/gen1ou or pokejax/gen1randombattle"),
        ("HalfCheetah", "cheetahjax/HalfCheetah-v5"),
        ("halfcheeta-v4", "cheetahjax/HalfCheetah-v5"),
        ("cheetahjax/hopper-v4", "cheetahjax/Hopper-v5"),
        ("mujoco", "cheetahjax/HalfCheetah-v5, cheetahjax/Hopper-v5, .* or 4 more"),
    ],
)
def test_what_was_meant(name, meant):
    expected = rf"no environment '{name}' \(did you mean {meant}\?\)"
    for call in (jaxenv.make, jaxenv.spec):
        with pytest.raises(jaxenv.UnknownEnvironmentError, match=expected):
            call(name)


@pytest.mark.parametrize("tag,meant", [("pokemn", "pokemon"), ("MuJoCo", "mujoco"), ("two player", "two-player")])
def test_an_unknown_tag(tag, meant):
    with pytest.raises(
        jaxenv.UnknownTagError, match=rf"the tag '{tag}' \(did you mean {meant}.*tags are arcade, cards, cont"
    ):
        jaxenv.list_envs(tag)


def test_nothing_is_suggested_for_nothing_like_it():
    with pytest.raises(jaxenv.UnknownEnvironmentError, match=r"no environment '\?\?\?'; list_envs"):
        jaxenv.make("???")


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
