"""Measurement of one item, in the process that has the device."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import Any

import jax

from leaderboard import bench as benching
from leaderboard import configuration, machine, replay
from leaderboard.family import Bench, bench_of
from leaderboard.peer import PeerRequest, installed, open_peers
from leaderboard.program import one_device_per_core
from leaderboard.section import MODES
from leaderboard.settings import Settings
from leaderboard.sweeping.plan import Item
from leaderboard.sweeping.profile import profile

SAMPLES, SAMPLE_SECONDS = 5, 0.4
TRAINING_SECONDS = 8.0


class NotRunError(Exception):
    """An item that cannot be measured here; the message is the reason."""


def start(device: str) -> dict[str, Any]:
    """Machine, versions and commit. Raises `NotRunError` where JAX has no such device."""
    jax.config.update("jax_platforms", "cpu" if device == "cpu" else "cuda,cpu")
    one_device_per_core()
    try:
        found = jax.default_backend()
    except RuntimeError as error:
        raise NotRunError(f"JAX finds no {device}: {error}") from error
    if found != device:
        raise NotRunError(f"JAX runs on {found}, not on {device}; install jax[cuda12], or sweep with --device {found}")
    commit, dirty = machine.commit()
    facts = {"machine": machine.fingerprint(), "versions": machine.versions(), "commit": commit, "dirty": dirty}
    return {**facts, "cores": machine.cores()}


def measure(item: Item, command: str) -> dict[str, Any]:
    """The item's row. Raises `NotRunError`, and whatever a broken program raises."""
    env = configuration.make(item.env_id, {})
    part = bench_of(item.env_id)
    if item.backend in ("simd", "cuda") and "simd" not in env.spec.backends:
        raise NotRunError(f"{item.env_id} names no kernel in spec.backends")
    if item.kind == "equivalence":
        return _equivalence(item, env, part)
    if item.kind == "training":
        return _training(item, part)
    if item.kind == "profile":
        return profile(env, item.backend, item.size)
    return _speed(item, env, part, command, with_peers=item.kind == "peers")


def _speed(item: Item, env: Any, part: Bench, command: str, *, with_peers: bool) -> dict[str, Any]:
    settings = Settings(
        batches=(item.size,),
        samples=SAMPLES,
        seconds=SAMPLE_SECONDS,
        peer_batch=item.size,
        backend=item.backend,
        command=command,
        bare=not with_peers,
    )
    found: list[list[dict[str, Any]]] = []
    silent = lambda progress: None  # noqa: E731
    with ExitStack() as stack:
        peers = []
        if with_peers:
            here, lines = installed(part.peers(env))
            if not here:
                raise NotRunError("; ".join(lines) or "the family declares no peers")
            request = PeerRequest(env=env, batch=item.size, devices=jax.device_count(), cores=machine.cores())
            peers = stack.enter_context(open_peers(here, request, lambda what: None))
        benching.bench(item.env_id, env, MODES[0], settings, None, peers, found.append, silent)
    return found[-1][-1]


def _equivalence(item: Item, env: Any, part: Bench) -> dict[str, Any]:
    """Recorded play once more on this device."""
    if part.recorded is None or not part.recorded.is_file():
        raise NotRunError("the family has no recorded play; `python -m leaderboard record ENV` makes it")
    recorded = json.loads(part.recorded.read_text("utf-8")).get(item.env_id)
    if recorded is None:
        raise NotRunError(f"{part.recorded.name} holds no play of {item.env_id}")
    if recorded["version"] != env.version:
        raise NotRunError(f"the recorded play is of version {recorded['version']}, this is {env.version}")
    facts = {"against": recorded["made_with"], "version": env.version}
    if "hash" in recorded:
        found = replay.play_hash(env, recorded["lanes"], recorded["steps"], backend=item.backend)
        steps = recorded["lanes"] * recorded["steps"]
        return {**facts, "compared": "hash", "steps": steps, "equal": found == recorded["hash"]}
    if part.tolerance is None:
        raise NotRunError("the family declares no tolerance")
    apart = replay.difference(env, recorded["probe"], part.tolerance, backend=item.backend, from_start=False)
    return {
        **facts,
        "compared": "teacher-forced",
        "steps": apart.compared,
        "tolerance": {"absolute": part.tolerance.absolute, "relative": part.tolerance.relative},
        "excess": apart.excess,
        "place": apart.place,
        "equal": apart.excess <= 1,
    }


def _training(item: Item, part: Bench) -> dict[str, Any]:
    row = next(one for one in part.training if one.name == item.row)
    try:
        return row.measure(item.size, TRAINING_SECONDS, item.backend)
    except ImportError as error:
        raise NotRunError(f"{error}; training needs flax and optax") from error
