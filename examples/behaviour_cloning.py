"""Behaviour cloning: learn from replays to choose as their winners did.

    pokejax play --policy max_expected_damage --opponent random --battles 100 --out battles
    pokejax replays convert battles --out data.npz
    python behaviour_cloning.py data.npz

A fifth of the battles is held out, to judge by. A value that a replay does not tell is 0 beside its mask; a choice that
it does not tell is no example. Each part of the training prints a line of JSON.
"""

import argparse
import json
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

from pokejax.client import replays
from pokejax.gen1.observation import OBS_SPEC

NAMES = ("own_species", "foe_species", "species", "moves")
"""Fields whose numbers are names: each value gets a vector of its own."""
PARTS = 5


class Policy(nn.Module):
    actions: int

    @nn.compact
    def __call__(self, batch: dict[str, Any]) -> jax.Array:
        vectors = [nn.Embed(256, 16, name=name)(batch[name]) for name in NAMES]
        x = jnp.concatenate([batch["numbers"], *(v.reshape(len(v), -1) for v in vectors)], axis=-1)
        for width in (128, 128):
            x = nn.relu(nn.Dense(width)(x))
        return jnp.where(batch["legal"], nn.Dense(self.actions)(x), -1e9)


def examples(data: replays.Dataset, everybody: bool = False) -> dict[str, np.ndarray]:
    """The choices that the replays tell, of the winners or of everybody, and the battle of each."""
    legal, won = data.rows["obs.legal_actions"], np.isin(data.track, data.track[data.rows["reward"] > 0])
    rows = np.flatnonzero(data.rows["action_known"] & (legal.sum(axis=1) > 1) & (won | everybody))
    numbers, found = [], {"battle": data.file[data.track[rows]], "action": data.rows["action"][rows].astype(np.int32)}
    for field in OBS_SPEC.fields:
        value, known = (data.rows[f"{what}.{field.name}"][rows].reshape(len(rows), -1) for what in ("obs", "known"))
        numbers += [np.where(known, value / field.high, 0), known]
        if field.name in NAMES:
            found[field.name] = np.where(known, value, 0).astype(np.int32)
    unsure = ~data.rows["known.legal_actions"][rows]
    return found | {"numbers": np.concatenate(numbers, axis=1, dtype=np.float32), "legal": legal[rows] | unsure}


def main(arguments: list[str] | None = None) -> list[dict[str, float]]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="file that `pokejax replays convert` wrote")
    parser.add_argument("--updates", type=int, default=1500)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--everybody", action="store_true", help="learn from the losers, too")
    options = parser.parse_args(arguments)

    found = examples(replays.load(options.data), options.everybody)
    held_out = found.pop("battle") % 5 == 4
    if held_out.all() or not held_out.any():
        parser.error(f"{options.data}: {len(held_out)} choices of fewer than 5 battles; convert more")
    learned, judged = ({name: value[part] for name, value in found.items()} for part in (~held_out, held_out))
    policy, optimizer = Policy(found["legal"].shape[1]), optax.adam(1e-3)

    @jax.jit
    def update(params: Any, state: Any, batch: Any) -> Any:
        def loss(params: Any) -> jax.Array:
            logits: Any = policy.apply(params, batch)
            return optax.softmax_cross_entropy_with_integer_labels(logits, batch["action"]).mean()

        value, gradient = jax.value_and_grad(loss)(params)
        change, state = optimizer.update(gradient, state, params)
        return optax.apply_updates(params, change), state, value

    @jax.jit
    def accuracy(params: Any, batch: Any) -> jax.Array:
        logits: Any = policy.apply(params, batch)
        return jnp.mean(jnp.argmax(logits, axis=-1) == batch["action"])

    rng, lines = np.random.default_rng(0), []
    params = policy.init(jax.random.key(0), judged)
    state = optimizer.init(params)
    for part in range(PARTS):
        losses = []
        for _ in range(options.updates // PARTS):
            rows = rng.integers(0, len(learned["action"]), options.batch)
            params, state, value = update(params, state, {name: leaf[rows] for name, leaf in learned.items()})
            losses.append(value)
        chance = (1 / judged["legal"].sum(axis=1)).mean()
        shown = {"loss": np.mean(losses), "accuracy": accuracy(params, judged), "chance": chance}
        lines.append({"updates": (part + 1) * len(losses), **{name: round(float(x), 4) for name, x in shown.items()}})
        print(json.dumps(lines[-1]), flush=True)
    return lines


if __name__ == "__main__":
    main()
