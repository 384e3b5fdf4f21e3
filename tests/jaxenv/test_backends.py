"""The one choice of what compiles a batch."""

import dataclasses

import jax
import jax.numpy as jnp
import pytest
from toys import Walk

import jaxlanes
from jaxenv import backends, rollout
from jaxenv.backends import BackendError, BackendWarning, choose


@dataclasses.dataclass(frozen=True, kw_only=True)
class Declared(Walk):
    """Names the backend that kernels are."""

    @property
    def spec(self):
        return dataclasses.replace(super().spec, id="toys/declared", backends=("xla", "simd"))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Transformed(Declared):
    """Declares a kernel that cannot be made."""

    def observe(self, state, params):
        observed = super().observe(state, params)
        return {**observed, "left": observed["left"] + jnp.fft.rfft(jnp.ones(4, jnp.float32)).real[1]}


@pytest.fixture
def no_compiler(monkeypatch):
    monkeypatch.setenv("JAXLANES_CC", "/nowhere/c++")


def lowered(env, **options):
    play = rollout(env, 4, 3, **options)
    return play.init.lower(play, jax.random.key(0), env.default_params).as_text()


def test_auto_is_a_kernel_where_the_environment_names_it():
    assert choose("auto", Declared()) == backends.Backend("simd", falls_back=True)
    assert choose("auto", Declared(), fall_back=False) == choose("simd", Declared()) == choose("simd")
    assert hash(choose("simd")) == hash(choose("simd", Walk()))
    assert choose() == choose("auto", Declared())
    assert "jaxlanes_" in lowered(Declared()), "rollout's default"


def test_auto_is_xla_where_it_does_not():
    found = choose("auto", Walk())
    assert found.name == "xla" and found.reason == 'toys/walk does not name "simd" in spec.backends'
    assert "jaxlanes_" not in lowered(Walk()) and "jaxlanes_" in lowered(Walk(), backend="simd")


def test_a_missing_compiler_is_told_in_one_line(no_compiler):
    with pytest.warns(BackendWarning, match="XLA is used, which is slower than a kernel: JAXLANES_CC=") as told:
        found = choose("auto", Declared())
    assert found.name == "xla" and "/nowhere/c++" in found.reason
    assert len(told) == 1 and "\n" not in str(told[0].message) and told[0].filename == __file__
    with pytest.warns(BackendWarning, match="name a C.. compiler in JAXLANES_CC"):
        _, summary = rollout(Declared(), 4, 5)(jax.random.key(0))
    assert int(summary.steps) == 20
    for play in (lambda: choose("simd"), lambda: rollout(Declared(), 4, 5, backend="simd")(jax.random.key(0))):
        with pytest.raises(jaxlanes.CompilerNotFoundError, match="/nowhere/c"):
            play()


def test_nothing_is_told_where_nothing_is_missing(no_compiler, monkeypatch):
    assert choose("auto", Walk()).name == "xla"
    monkeypatch.setattr(backends, "platform", lambda: "gpu")
    assert choose("auto", Declared()).reason == "JAX runs on gpu, and kernels are for the CPU"


def test_a_kernel_for_the_cpu_on_a_gpu(monkeypatch):
    monkeypatch.setattr(backends, "platform", lambda: "gpu")
    with pytest.raises(BackendError, match="JAX runs on gpu: set JAX_PLATFORMS=cpu"):
        choose("simd")


def test_the_platform_is_that_of_the_default_device():
    assert backends.platform() == "cpu"
    with jax.default_device(jax.devices("cpu")[0]):
        assert backends.platform() == "cpu"


def test_auto_leaves_to_xla_what_no_kernel_can_be_made_of():
    with pytest.warns(jaxlanes.LanesWarning, match="complex64"):
        _, summary = rollout(Transformed(), 4, 5)(jax.random.key(0))
    assert int(summary.steps) == 20
    for backend in (choose("auto", Transformed(), fall_back=False), choose("simd")):
        with pytest.raises(jaxlanes.UnsupportedError, match="complex64"):
            backend.vmap(lambda x: jnp.fft.rfft(x).real)(jnp.ones((3, 4), jnp.float32))


@pytest.mark.parametrize("name", ["xla", "simd"])
def test_vmap(name):
    doubled = choose(name).vmap(lambda x, y: x * 2 + y, in_axes=(0, None))
    assert doubled(jnp.arange(5, dtype=jnp.int32), 1).tolist() == [1, 3, 5, 7, 9]


@pytest.mark.parametrize("make", [choose, lambda name: rollout(Walk(), 4, 5, backend=name)])
def test_unknown_backend(make):
    with pytest.raises(ValueError, match="backend must be one of auto, xla, simd, cuda, got 'gpu'"):
        make("gpu")
