"""Generators of primitives that act element by element, and of those that change nothing."""

from __future__ import annotations

from jaxlanes.tools.fuzz.classes import makes
from jaxlanes.tools.fuzz.oracles import ORACLES
from jaxlanes.tools.fuzz.scope import Scope, any_type
from jaxlanes.tools.fuzz.values import DTYPES, INTEGERS, NUMBERS, SIGNED, Type

_LAX = {"and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor", "not": "bitwise_not"}
BIT_TYPES = ("bool", *INTEGERS)


def _pair(scope: Scope, name: str, types: tuple[str, ...], result: str | None = None) -> None:
    type_ = any_type(scope, types)
    operands = [scope.operand(type_), scope.operand(type_)]
    scope.add(f"lax.{_LAX.get(name, name)}({{0}}, {{1}})", operands, [Type(result or type_.dtype, type_.shape)],
              label=name, pointwise=True)  # fmt: skip


def _single(scope: Scope, name: str, types: tuple[str, ...], result: str | None = None, text: str = "") -> None:
    type_ = any_type(scope, types)
    scope.add(text or f"lax.{_LAX.get(name, name)}({{0}})", [scope.operand(type_, constant=0.02)],
              [Type(result or type_.dtype, type_.shape)], label=name, pointwise=True)  # fmt: skip


@makes("add", "sub", "mul", in_programs=3)
def _arithmetic(scope: Scope, name: str) -> None:
    _pair(scope, name, NUMBERS)


@makes("div", "rem", in_programs=2)
def _divide(scope: Scope, name: str) -> None:
    """In programs no integer is divided by 0 or the smallest by -1: where XLA finds out that both operands are
    constants (`x < x` is) it folds them by the processor's division, which kills the process."""
    type_ = any_type(scope, NUMBERS)
    operands, divisor = [scope.operand(type_), scope.operand(type_)], "{1}"
    if not scope.fresh and type_.dtype != "float32":
        negative = type_.dtype in SIGNED and scope.chance(0.5)
        divisor = f"lax.min({{1}}, jnp.{type_.dtype}(-2))" if negative else f"lax.max({{1}}, jnp.{type_.dtype}(1))"
    scope.add(f"lax.{name}({{0}}, {divisor})", operands, [type_], label=name, pointwise=True)


@makes("max", "min", in_programs=2)
def _greater(scope: Scope, name: str) -> None:
    _pair(scope, name, DTYPES)


@makes("and", "or", "xor", in_programs=2)
def _bits(scope: Scope, name: str) -> None:
    _pair(scope, name, BIT_TYPES)


@makes("shift_left", "shift_right_logical", "shift_right_arithmetic", in_programs=2)
def _shift(scope: Scope, name: str) -> None:
    _pair(scope, name, INTEGERS)


@makes("lt", "le", "gt", "ge", "eq", "ne", in_programs=2)
def _compare(scope: Scope, name: str) -> None:
    _pair(scope, name, DTYPES, "bool")


@makes("nextafter", in_programs=0)  # of subnormal results, XLA flushes some uses and not others
def _nextafter(scope: Scope, name: str) -> None:
    _pair(scope, name, ("float32",))


@makes("add_any", in_programs=0.3)
def _add_any(scope: Scope, name: str) -> None:
    _single(scope, name, ("float32",), text="jax.vjp(lambda v: v * v, {0})[1](jnp.ones_like({0}))[0]")


@makes("not")
def _not(scope: Scope, name: str) -> None:
    _single(scope, name, BIT_TYPES)


@makes("neg")
def _neg(scope: Scope, name: str) -> None:
    _single(scope, name, NUMBERS)


@makes("abs")
def _abs(scope: Scope, name: str) -> None:
    _single(scope, name, (*SIGNED, "float32"))


@makes("sign", "square")
def _sign(scope: Scope, name: str) -> None:
    _single(scope, name, NUMBERS)


@makes("clz", "population_count")
def _count(scope: Scope, name: str) -> None:
    _single(scope, name, INTEGERS)


@makes("floor", "ceil", "sqrt")
def _rounded(scope: Scope, name: str) -> None:
    _single(scope, name, ("float32",))


@makes("is_finite")
def _is_finite(scope: Scope, name: str) -> None:
    _single(scope, name, ("float32",), "bool")


@makes("round")
def _round(scope: Scope, name: str) -> None:
    method = scope.one_of(["AWAY_FROM_ZERO", "TO_NEAREST_EVEN"])
    _single(scope, name, ("float32",), text=f"lax.round({{0}}, lax.RoundingMethod.{method})")


@makes("integer_pow")
def _integer_pow(scope: Scope, name: str) -> None:
    type_ = any_type(scope)
    if type_.dtype == "bool":
        type_ = Type("int32", type_.shape)
    exponent = scope.between(-4, 7) if type_.dtype == "float32" else scope.between(0, 9)
    scope.add(f"lax.integer_pow({{0}}, {exponent})", [scope.operand(type_, constant=0)], [type_], label=name,
              pointwise=True)  # fmt: skip


@makes("clamp")
def _clamp(scope: Scope, name: str) -> None:
    # JAX cannot batch scalars of which the ends differ from lane to lane and the rest is the same in all.
    type_ = any_type(scope, NUMBERS) if scope.fresh else Type(scope.dtype(NUMBERS), scope.shape(1))
    ends = Type(type_.dtype, ()) if scope.fresh and scope.chance(0.5) else type_
    operands = [scope.operand(ends, constant=0.4), scope.operand(type_, constant=0), scope.operand(ends, constant=0.4)]
    scope.add("lax.clamp({0}, {1}, {2})", operands, [type_], label=name, pointwise=True)


@makes("select_n", in_programs=3)
def _select_n(scope: Scope, name: str) -> None:
    type_ = any_type(scope)
    cases = 2 if scope.chance(0.6) else scope.between(1, 5)
    which_type = Type("bool" if cases == 2 and scope.chance(0.8) else "int32",
                      type_.shape if scope.chance(0.7) else ())  # fmt: skip
    if cases == 1:
        which_type = Type("int32", which_type.shape)
    which = scope.operand(which_type, f"index:{cases}", constant=0.05)
    operands = [which, *(scope.operand(type_) for _ in range(cases))]
    selector = "{0}" if which_type.dtype == "bool" else f"lax.clamp(jnp.int32(0), {{0}}, jnp.int32({cases - 1}))"
    values = ", ".join(f"{{{i + 1}}}" for i in range(cases))
    scope.add(f"lax.select_n({selector}, {values})", operands, [type_], label=name, pointwise=True)


@makes("convert_element_type", in_programs=2)
def _convert(scope: Scope, name: str) -> None:
    source, target = any_type(scope), scope.dtype(DTYPES)
    text = f"lax.convert_element_type({{0}}, jnp.{target}{'_' if target == 'bool' else ''})"
    scope.add(text, [scope.operand(source)], [Type(target, source.shape)], label=name, pointwise=True)


@makes("bitcast_convert_type")
def _bitcast(scope: Scope, name: str) -> None:
    """A NaN's bits are nobody's business: XLA's and the kernel's may differ."""
    if scope.chance(0.3):
        return _bitcast_width(scope, name)
    family = scope.one_of([("int8", "uint8"), ("int16", "uint16"), ("int32", "uint32", "float32")])
    source, target = any_type(scope, family), scope.one_of(family)
    operand = "{0}" if source.dtype != "float32" else "lax.select(jnp.abs({0}) >= 2.0**-100, {0}, jnp.ones_like({0}))"
    if target == "float32" != source.dtype and not scope.fresh:  # nor are those of subnormal constants
        operand = f"lax.bitwise_or({{0}}, jnp.{source.dtype}(0x00800000))"
    text = f"lax.bitcast_convert_type({operand}, jnp.{target})"
    scope.add(text, [scope.operand(source)], [Type(target, source.shape)], label=name, pointwise=True)


def _bitcast_width(scope: Scope, name: str) -> None:
    wide, narrow = scope.dtype(("int16", "uint16", "int32", "uint32")), scope.dtype(("int8", "uint8"))
    if wide.endswith("32") and scope.chance(0.5):
        narrow = scope.dtype(("int16", "uint16"))
    type_, count = Type(wide, scope.shape()), int(wide[-2:]) // (8 if narrow.endswith("8") else 16)
    rows = Type(narrow, (*type_.shape, count))
    source, target = (type_, rows) if scope.chance(0.5) else (rows, type_)
    text = f"lax.bitcast_convert_type({{0}}, jnp.{target.dtype})"
    scope.add(text, [scope.operand(source)], [target], label=name)


@makes("copy", "stop_gradient", "optimization_barrier", "reduce_precision", "device_put", "sharding_constraint",
       in_programs=0.15)  # fmt: skip
def _same(scope: Scope, name: str) -> None:
    text = {"copy": "jnp.copy({0})", "stop_gradient": "lax.stop_gradient({0})",
            "optimization_barrier": "lax.optimization_barrier({0})",
            "reduce_precision": "lax.reduce_precision({0}, 8, 23)", "device_put": "jax.device_put({0})",
            "sharding_constraint": "lax.with_sharding_constraint({0}, "
            "jax.sharding.SingleDeviceSharding(jax.devices()[0]))"}[name]  # fmt: skip
    _single(scope, name, ("float32",) if name in ("reduce_precision", "stop_gradient") else DTYPES, text=text)


@makes(*(name for name in ORACLES if name != "cumlogsumexp"), exact=False, in_programs=0)
def _function(scope: Scope, name: str) -> None:
    oracle = ORACLES[name]
    type_ = Type("float32", scope.shape())
    whole = name == "pow" and scope.chance(0.3)
    operands = [scope.operand(type_, oracle.domain, constant=0)]
    if oracle.operands == 2:
        operands.append(scope.operand(Type("int32" if whole else "float32", type_.shape), oracle.domain, constant=0))
    text = f"lax.{name}({', '.join(f'{{{i}}}' for i in range(oracle.operands))})"
    scope.add(text, operands, [type_], label=name, pointwise=True)
