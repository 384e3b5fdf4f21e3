"""Importing PokeJAX is cheap and starts nothing."""

import subprocess
import sys

import pytest

# Well above the 0.3 s that the package promises: the machine may be busy with other tests.
_ALLOWED_SECONDS = 1.0

_MEASURE = """
import sys, time
import jax
started = time.perf_counter()
import pokejax
bare = time.perf_counter() - started
pokejax.make("pokejax/gen1randombattle").spec, pokejax.Gen1Battle, pokejax.battle, pokejax.load_pool
used = time.perf_counter() - started
from jax._src import xla_bridge
assert not xla_bridge._backends, f"backends were started: {list(xla_bridge._backends)}"
print(bare, used)
"""


def test_import_is_cheap_and_starts_no_backend():
    done = subprocess.run([sys.executable, "-c", _MEASURE], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    bare, used = map(float, done.stdout.split())
    print(f"import pokejax: {bare:.3f} s beyond jax; with the environment's module {used:.3f} s")
    assert bare < _ALLOWED_SECONDS
    assert used < 2 * _ALLOWED_SECONDS


def test_names():
    import pokejax

    for name in dir(pokejax):
        assert getattr(pokejax, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'fight'; it has Battle, Gen1Battle"):
        pokejax.fight  # noqa: B018
