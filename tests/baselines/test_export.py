"""Policies as files: the same actions as their checkpoint's, any batch, and what goes wrong."""

import dataclasses
import io
import json
import shutil
import zipfile

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small_environments as small
from rich.console import Console

import jaxenv
from baselines.checkpoint import Checkpoint
from baselines.cli import main
from baselines.config import NetworkConfig
from baselines.errors import CheckpointError
from baselines.policy import load_all
from baselines.run_folder import open_run
from baselines.train import Budget, Request, train
from baselines.transfer.policies import PolicyError, entrants
from jaxenv import ObsField, ObsSpec
from jaxenv import policy as exported

RUNS = {
    "chain": ("small/chain", small.TINY_CONFIG),
    "memory": ("small/chain", dataclasses.replace(small.TINY_CONFIG, network=NetworkConfig(hidden=(8,), memory=4))),
    "continuous": ("small/target", small.TINY_CONFIG),
}


@pytest.fixture(scope="module", params=RUNS)
def files(request, tmp_path_factory):
    """(a finished run of two members, the file of the second)."""
    folder = tmp_path_factory.mktemp("export")
    env, config = RUNS[request.param]
    asked = Request(env=env, config=config, folder=folder / "run", budget=Budget(steps=1024), backend="xla", members=2)
    train(asked, Console(file=io.StringIO()))
    file = folder / "small.policy"
    assert main(["export", str(folder / "run"), str(file), "--member", "1", "--name", "small"]) == 0
    return folder / "run", file


def seats(env, batch):
    keys = jax.random.split(jax.random.key(5), batch)
    obs, state = jax.vmap(env.reset, in_axes=(0, None))(keys, env.default_params)
    mask = jax.vmap(env.legal_actions, in_axes=(0, None))(state, env.default_params)
    return obs, mask if env.num_actions else None


@pytest.mark.parametrize("greedy", [False, True])
def test_a_file_plays_as_its_checkpoint_does(files, greedy):
    run, file = files
    policy, original = exported.load(file, greedy=greedy), load_all(run, greedy=greedy)[1]
    assert (policy.env, policy.env_version, policy.name) == (original.env, original.env_version, "small")
    env = jaxenv.make(policy.env)
    for batch in (1, 7, 64):
        obs, mask = seats(env, batch)
        carry, own = policy.initial_carry(batch), original.initial_carry(batch)
        for step in range(3):
            key, first = jax.random.key(step), jnp.arange(batch) % 3 == step
            action, carry = jax.jit(policy.act)(key, obs, mask, carry, first)
            expected, own = jax.jit(original.act)(key, obs, mask, own, first)
            assert action.dtype == expected.dtype
            np.testing.assert_allclose(action, expected, rtol=1e-6, atol=1e-6)


def test_what_a_file_says_of_itself(files):
    run, file = files
    facts = exported.load(file).facts
    assert facts["trained"]["run"] == run.name and facts["trained"]["made_with"]["commit"]
    assert facts["exported"]["versions"]["jax"] == jax.__version__
    assert facts["layout"] == jaxenv.make(facts["env"]).obs_spec.fingerprint == open_run(run).facts.layout
    assert repr(exported.load(file)).startswith("ExportedPolicy(small: plays small/")


def test_a_file_is_played_wherever_a_run_is(files):
    _, file = files
    env = jaxenv.make(exported.load(file).env)
    (entrant,) = entrants(env, [str(file)])
    assert entrant.name == "small"
    other = jaxenv.make("small/endless")
    with pytest.raises(PolicyError, match=r"small\.policy: a policy of small/"):
        entrants(other, [str(file)])


def test_a_file_is_evaluated_as_its_run_is(files, tmp_path):
    played = []
    for source in files:
        out = tmp_path / "result.json"
        assert main(["eval", str(source), "--episodes", "8", "--backend", "xla", "--json", str(out)]) == 0
        played.append(json.loads(out.read_text())["played"])
    of_run, of_file = played
    assert len(of_run) == 2 and len(of_file) == 1
    assert of_file[0] == {**of_run[1], "policy": "small"}


def rewritten(file, target, **changes):
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "facts.json":
                data = json.dumps({**json.loads(data), **changes}).encode()
            new.writestr(name, data)
    return target


def test_files_that_do_not_fit_are_refused(files, tmp_path):
    _, file = files
    for changes, message in (
        ({"env_version": "v9"}, r"a\.policy: trained on small/\w+ version v9; the installed version is v0"),
        ({"layout": "00"}, r"a\.policy: reads observations of layout 00; the installed small/\w+ gives layout"),
        ({"format": 7}, r"a\.policy: of format 7, this jaxenv reads 1; update jaxenv"),
    ):
        with pytest.raises(exported.PolicyFileError, match=message):
            exported.load(rewritten(file, tmp_path / "a.policy", **changes))
    torn = tmp_path / "torn.policy"
    torn.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(exported.PolicyFileError, match=r"torn\.policy: holds no policy .*baselines export"):
        exported.load(torn)
    with pytest.raises(FileNotFoundError, match=r"none\.policy: no such file; give a policy's file"):
        exported.load(tmp_path / "none.policy")
    with pytest.raises(FileNotFoundError, match="pongjax brings "):
        exported.load("pongjax/unknown")


def test_a_mask_is_asked_for(files):
    policy = exported.load(files[1])
    env = jaxenv.make(policy.env)
    obs, _ = seats(env, 2)
    if not env.num_actions:
        action, _ = policy.act(jax.random.key(0), obs, None, policy.initial_carry(2), jnp.ones(2, bool))
        assert action.shape[0] == 2
        return
    with pytest.raises(ValueError, match="small chooses among legal actions: give mask"):
        policy.act(jax.random.key(0), obs, None, policy.initial_carry(2), jnp.ones(2, bool))


def test_members_and_places_that_there_are_not(files, tmp_path, capsys):
    run, _ = files
    assert main(["export", str(run), str(tmp_path / "x.policy"), "--member", "2"]) == 1
    assert "member 2 of 2; members are 0 to 1" in capsys.readouterr().err
    assert main(["export", str(run), str(run / "config.json" / "x.policy")]) == 1
    assert "choose another place for the file" in capsys.readouterr().err


def test_a_checkpoint_of_another_layout_is_refused(files):
    run, _ = files
    checkpoint = open_run(run)
    other = Checkpoint(checkpoint.path, dataclasses.replace(checkpoint.facts, layout="00"), checkpoint.arrays)
    with pytest.raises(CheckpointError, match="reads observations of layout 00"):
        other.policies(greedy=False)
    older = Checkpoint(checkpoint.path, dataclasses.replace(checkpoint.facts, layout=""), checkpoint.arrays)
    assert len(older.policies(greedy=False)) == 2


def test_the_fingerprint_is_of_the_layout():
    spec = ObsSpec(
        (ObsField(name="a", shape=(2,), low=0, high=1, meaning="one"), ObsField(name="b", low=0, high=1, meaning=""))
    )
    same = ObsSpec((dataclasses.replace(spec.fields[0], meaning="other words"), spec.fields[1]))
    assert spec.fingerprint == same.fingerprint and len(spec.fingerprint) == 16
    others = [ObsSpec(spec.fields[::-1])]
    others += [
        ObsSpec((dataclasses.replace(spec.fields[0], **change), spec.fields[1]))
        for change in ({"name": "c"}, {"shape": (3,)}, {"dtype": np.int8})
    ]
    assert len({one.fingerprint for one in (spec, *others)}) == 5


def test_the_last_file_stays_where_a_new_one_finds_no_place(files, tmp_path):
    run, file = files
    target = tmp_path / "kept.policy"
    shutil.copy(file, target)
    before = target.read_bytes()
    assert main(["export", str(run), str(target), "--member", "5"]) == 1
    assert target.read_bytes() == before
