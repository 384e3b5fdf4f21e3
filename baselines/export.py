"""A trained policy as one file that runs with JAX alone: see `jaxenv.policy`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import jaxenv
from baselines import host, run_folder
from baselines.networks.play import choose
from baselines.policy import TrainedPolicy, member_of
from baselines.provenance import made_with
from jaxenv import policy as files


def export(run: Path, file: Path, member: int = 0, which: str = "latest", name: str | None = None) -> dict[str, Any]:
    """Write the policy of a run's member into `file`; returns the facts that it holds.

    `which`: "latest" or "best". Errors as `baselines.policy.load`; `StorageError` where `file` cannot be written.
    """
    checkpoint = run_folder.open_run(run, which)
    policy = member_of(checkpoint.policies(greedy=False), member, run)
    env = host.make(checkpoint.facts.env)
    carry = jax.tree.leaves(jax.eval_shape(lambda: policy.initial_carry(1)))
    facts = {
        "env": policy.env,
        "env_version": policy.env_version,
        "layout": env.obs_spec.fingerprint,
        "name": name or policy.name,
        "masked": bool(env.num_actions),
        "carry": [[list(leaf.shape[1:]), leaf.dtype.name] for leaf in carry],
        "trained": _trained(checkpoint.path.parent.parent, checkpoint),
        "exported": made_with(),
    }
    arrays, structure = jax.tree.flatten((policy.parameters, policy.statistics))
    programs = {
        kind: files.export(*_program(policy, env, structure, arrays, carry, kind == "greedy"))
        for kind in ("sampled", "greedy")
    }
    files.save(file, facts, programs, arrays)
    return facts


def _program(
    policy: TrainedPolicy, env: jaxenv.Environment, structure: Any, arrays: list[Any], carry: list[Any], greedy: bool
) -> tuple[Any, Any]:
    """`(function, shapes of its arguments)`; the arguments are in the order of `ExportedPolicy.act`."""
    spec, actions = env.obs_spec, env.num_actions
    names = [field.name for field in spec.fields]
    memory = jax.tree.structure(policy.initial_carry(1))

    def act(words: Any, seen: Any, masks: Any, carried: Any, first: Any, numbers: Any) -> Any:
        obs = spec.build(dict(zip(names, seen, strict=True)))
        parameters, statistics = jax.tree.unflatten(structure, numbers)
        done, after = choose(
            policy.network,
            parameters,
            statistics,
            jax.random.wrap_key_data(words, impl="threefry2x32"),
            policy.network.features(obs),
            masks[0] if masks else None,
            jax.tree.unflatten(memory, carried),
            first,
            greedy=greedy,
        )
        return done, tuple(jax.tree.leaves(after))

    arguments = (
        jax.ShapeDtypeStruct((2,), jnp.uint32),
        files.batch_of(*((field.shape, field.dtype) for field in spec.fields)),
        files.batch_of(((actions,), np.bool_)) if actions else (),
        files.batch_of(*((leaf.shape[1:], leaf.dtype) for leaf in carry)),
        files.batch_of(((), np.bool_))[0],
        tuple(jax.ShapeDtypeStruct(one.shape, one.dtype) for one in arrays),
    )
    return act, arguments


def _trained(folder: Path, checkpoint: Any) -> dict[str, Any]:
    """The run, what it cost, how it began (commit, versions, machine), and its ratings where it has been rated."""
    facts = checkpoint.facts
    held: dict[str, Any] = {
        "run": folder.absolute().name,
        "update": facts.update,
        "seconds": round(facts.seconds, 1),
        "seed": facts.seed,
        "mean_return": facts.mean_return,
    }
    for name, keys in (("config.json", ("made_with",)), ("result.json", ("ratings", "evaluation"))):
        try:
            told = json.loads((folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue  # a run that was interrupted has not written it
        held |= {key: told[key] for key in keys if key in told}
    return held
