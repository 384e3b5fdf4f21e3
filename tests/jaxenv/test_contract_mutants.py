"""`check_env` finds each bug of the base class on every environment, and its siblings in an environment's hooks."""

import dataclasses

import base_mutants
import hook_mutants
import jax
import pytest
from compiled_quickly import compiled_quickly  # noqa: F401 (a fixture)
from toys import Duel, DuelParams, Walk, WalkParams

import jaxenv
from jaxenv.builtin import BUILT_IN
from jaxenv.testing import check_env

FAMILIES = ("cheetahjax/Hopper-v5", "pokejax/gen1ou", "pongjax/puffer_pong")
OF_EACH_KIND = (
    "final observation of the next episode",
    "truncation reported as termination",
    "the same episode for ever",
    "step by the whole key",
    "an entry of info in every other trace",
)


def found(env, words, params=None):
    """The message of `check_env`, which must name the environment, the clause and the remedy."""
    with pytest.raises(AssertionError) as caught:
        check_env(env, params, backends=("xla",))
    message = str(caught.value)
    assert message.startswith(f"{env.id}: ") and "Remedy: " in message, message
    assert words in message, f"{words!r} is not in {message!r}"
    return message


def mutant(id):
    return next(mutant for mutant in base_mutants.MUTANTS if mutant.id == id)


@pytest.mark.parametrize("bug", base_mutants.MUTANTS, ids=lambda bug: bug.id)
def test_bugs_of_the_base_class(bug):
    found(base_mutants.mutated(Duel(), bug), bug.finds)


@pytest.mark.parametrize("id", OF_EACH_KIND)
@pytest.mark.parametrize("env_id", FAMILIES)
def test_one_of_each_kind_for_each_family(env_id, id):
    bug = mutant(id)
    found(base_mutants.mutated(jaxenv.make(env_id), bug), bug.finds)


@pytest.mark.sweep
@pytest.mark.parametrize("bug", base_mutants.MUTANTS, ids=lambda bug: bug.id)
@pytest.mark.parametrize("env_id", sorted(BUILT_IN))
def test_bugs_of_the_base_class_on_every_environment(env_id, bug):
    found(base_mutants.mutated(jaxenv.make(env_id), bug), bug.finds)


@pytest.mark.parametrize("bug", hook_mutants.MUTANTS, ids=lambda bug: bug.id)
def test_bugs_of_hooks(bug):
    found(hook_mutants.wrapped(Walk(), bug), bug.finds)


@pytest.mark.sweep
@pytest.mark.parametrize("bug", [bug for bug in hook_mutants.MUTANTS if bug.everywhere], ids=lambda bug: bug.id)
@pytest.mark.parametrize("env_id", sorted(BUILT_IN))
def test_bugs_of_hooks_on_every_environment(env_id, bug):
    env = jaxenv.make(env_id)
    params = dataclasses.replace(env.default_params, max_steps_in_episode=24)
    found(hook_mutants.wrapped(env, bug), bug.finds, params)


def test_a_reward_paid_again_after_the_end():
    assert "pays" in found(Duel(broken="paid again"), "reward_only_at_end")


@pytest.mark.parametrize("env,seed", [(Walk(), 1), (Duel(), 2)], ids=["walk", "duel"])
def test_no_false_alarm(env, seed):
    check_env(env, key=jax.random.key(seed))


def test_a_copy_of_the_base_class_without_a_bug_passes():
    """So what is found above is the bug, and not that the class is a copy."""
    harmless = base_mutants.BaseMutant("none", "maybe( ended, begin", "", old="maybe(ended, begin")
    check_env(base_mutants.mutated(Duel(), harmless))


def test_raw_keys_and_limits_as_data():
    check_env(Walk(), WalkParams(max_steps_in_episode=jax.numpy.int32(15)), key=jax.random.PRNGKey(3), batch=3)


def test_a_limit_that_is_no_number():
    with pytest.raises(AssertionError, match=r"toys/duel: .*one number.*Remedy"):
        check_env(Duel(), DuelParams(max_steps_in_episode=jax.numpy.arange(2)))
