"""Generators of branches, loops, calls and random keys."""

from __future__ import annotations

from jaxlanes.tools.fuzz.classes import grow, makes
from jaxlanes.tools.fuzz.scope import Scope, any_type
from jaxlanes.tools.fuzz.values import DTYPES, KEY, Type


def _some_types(scope: Scope, least: int, most: int) -> list[Type]:
    found = []
    for _ in range(scope.between(least, most)):
        found.append(Type(KEY, ()) if scope.chance(0.06) else any_type(scope))
    return found


def _grow(scope: Scope, wanted: list[Type]) -> list[str]:
    """Some equations, then a variable of each type."""
    grow(scope, scope.between(1, 9))
    return [scope.operand(type_, constant=0.05) for type_ in wanted]


def _names(first: int, count: int) -> str:
    return "".join(f"{{{i}}}, " for i in range(first, first + count))


@makes("cond", strict=True, in_programs=2)
def _cond(scope: Scope, name: str) -> None:
    parameters, results = _some_types(scope, 1, 3), _some_types(scope, 1, 3)
    count = 2 if scope.chance(0.5) else scope.between(2, 4)
    bodies = tuple(scope.body(parameters, lambda inner: _grow(inner, results))[0] for _ in range(count))
    boolean = count == 2 and scope.chance(0.7)
    which = scope.operand(Type("bool" if boolean else "int32", ()), f"index:{count}", constant=0.02)
    operands = [which, *(scope.operand(type_) for type_ in parameters)]
    functions = ", ".join(f"{{f{i}}}" for i in range(count))
    text = f"lax.cond({{0}}, {functions}, {_names(1, len(parameters))})" if boolean else \
        f"lax.switch({{0}}, [{functions}], {_names(1, len(parameters))})"  # fmt: skip
    scope.add(text, operands, results, bodies, name)


@makes("while", strict=True)
def _while(scope: Scope, name: str) -> None:
    """Up to a number of turns that each lane has of its own, or while a random predicate says so."""
    carries, constants = _some_types(scope, 1, 3), _some_types(scope, 0, 2)
    parameters = [Type("int32", ()), *carries, *constants]
    test, _ = scope.body(parameters, lambda inner: _grow(inner, [Type("bool", ())]))
    body, _ = scope.body(parameters, lambda inner: _grow(inner, carries))
    # Side by side, as `jax.vmap` makes them of one loop: each ends when its own predicate says so.
    side = (2,) if scope.chance(0.3) and scope.depth == 0 and not scope.large else ()
    limit = scope.operand(Type("int32", side), "index:5", constant=0.1)
    first, rest = ([scope.operand(Type(type_.dtype, (*side, *type_.shape))) for type_ in types]
                   for types in (carries, constants))  # fmt: skip
    after = _names(1 + len(carries), len(constants))
    going = f"{{f0}}(*s, {after})[0]" if scope.chance(0.5) else "True"
    text = (f"lax.while_loop(lambda s: (s[0] < jnp.minimum({{0}}, 6)) & {going}, "
            f"lambda s: (s[0] + 1, *{{f1}}(*s, {after})), (jnp.int32(0), {_names(1, len(carries))}))[1:]")  # fmt: skip
    operands = [limit, *first, *rest]
    if side:
        names = [f"a{number}" for number in range(len(operands))]
        for number, its in enumerate(names):
            text = text.replace(f"{{{number}}}", its)
        text = f"jax.vmap(lambda {', '.join(names)}: {text})({_names(0, len(names))})"
    results = [Type(type_.dtype, (*side, *type_.shape)) for type_ in carries]
    scope.add(text, operands, results, (test, body), name)


@makes("scan", strict=True, in_programs=1.5)
def _scan(scope: Scope, name: str) -> None:
    carries, constants = _some_types(scope, 1, 3), _some_types(scope, 0, 2)
    length = scope.one_of([1, 2, 3, 5])
    rows = [Type(scope.dtype(DTYPES), scope.one_of([(), (2,)])) for _ in range(scope.between(0, 2))]
    made = [Type(scope.dtype(DTYPES), scope.one_of([(), (), (2,), (1, 2)])) for _ in range(scope.between(0, 2))]
    body, _ = scope.body([*carries, *rows, *constants], lambda inner: _grow(inner, [*carries, *made]))
    operands = [scope.operand(type_) for type_ in carries]
    operands += [scope.operand(Type(type_.dtype, (length, *type_.shape))) for type_ in rows]
    operands += [scope.operand(type_) for type_ in constants]
    a, b = len(carries), len(carries) + len(rows)
    text = (f"(lambda c, r: (*c, *r))(*lax.scan(lambda c, r: (lambda out: (out[:{a}], out[{a}:]))"
            f"({{f0}}(*c, *r, {_names(b, len(constants))})), ({_names(0, a)}), ({_names(a, len(rows))}), "
            f"length={length}, reverse={scope.chance(0.4)}))")  # fmt: skip
    stacked = [Type(type_.dtype, (length, *type_.shape)) for type_ in made]
    scope.add(text, operands, [*carries, *stacked], (body,), name)


@makes("jit", "remat2", "custom_jvp_call", "custom_vjp_call", "custom_vmap_call", strict=True, in_programs=0.4)
def _call(scope: Scope, name: str) -> None:
    parameters, results = _some_types(scope, 1, 3), _some_types(scope, 1, 3)
    if name == "custom_vmap_call" or name.startswith("custom"):
        parameters = [type_ if type_.dtype != KEY else Type("int32", ()) for type_ in parameters]
        results = [type_ if type_.dtype != KEY else Type("int32", ()) for type_ in results]
    body, _ = scope.body(parameters, lambda inner: _grow(inner, results))
    wrapper = {"jit": "jax.jit({f0})", "remat2": "jax.checkpoint({f0})", "custom_jvp_call": "_with_jvp({f0})",
               "custom_vjp_call": "_with_vjp({f0})", "custom_vmap_call": "_with_vmap({f0})"}[name]  # fmt: skip
    operands = [scope.operand(type_) for type_ in parameters]
    scope.add(f"{wrapper}({_names(0, len(parameters))})", operands, results, (body,), name)


# ---- keys


def _key(scope: Scope, shape: tuple[int, ...] = ()) -> str:
    return scope.operand(Type(KEY, shape))


@makes("random_bits", "iota_2x32_shape", in_programs=0.5)
def _random_bits(scope: Scope, name: str) -> None:
    type_ = Type(scope.one_of(["uint32", "uint8", "uint16"]), scope.shape())
    scope.add(f"jax.random.bits({{0}}, {type_.shape}, jnp.{type_.dtype})", [_key(scope)], [type_], label=name)


@makes("random_split", in_programs=0.5)
def _random_split(scope: Scope, name: str) -> None:
    count = scope.between(1, 4)
    scope.add(f"jax.random.split({{0}}, {count})", [_key(scope)], [Type(KEY, (count,))], label=name)


@makes("random_fold_in", in_programs=0.5)
def _random_fold_in(scope: Scope, name: str) -> None:
    number = scope.operand(Type(scope.one_of(["int32", "uint32"]), ()))
    scope.add("jax.random.fold_in({0}, {1})", [_key(scope), number], [Type(KEY, ())], label=name)


@makes("random_seed", in_programs=0.3)
def _random_seed(scope: Scope, name: str) -> None:
    seed = scope.operand(Type(scope.one_of(["int32", "uint32"]), ()))
    scope.add("jax.random.key({0})", [seed], [Type(KEY, ())], label=name)


@makes("random_wrap", in_programs=0.3)
def _random_wrap(scope: Scope, name: str) -> None:
    shape = scope.one_of([(), (2,), (3,)])
    data = scope.operand(Type("uint32", (*shape, 2)))
    scope.add("jax.random.wrap_key_data({0})", [data], [Type(KEY, shape)], label=name)


@makes("random_unwrap", in_programs=0.3)
def _random_unwrap(scope: Scope, name: str) -> None:
    shape = scope.one_of([(), (2,), (3,)])
    scope.add("jax.random.key_data({0})", [_key(scope, shape)], [Type("uint32", (*shape, 2))], label=name)


@makes("random_clone", in_programs=0.1)
def _random_clone(scope: Scope, name: str) -> None:
    scope.add("jax.random.clone({0})", [_key(scope)], [Type(KEY, ())], label=name)


@makes("threefry2x32", in_programs=0.3)
def _threefry(scope: Scope, name: str) -> None:
    size = scope.between(1, 4)
    operands = [scope.operand(Type("uint32", (2,))), scope.operand(Type("uint32", (size,)))]
    text = "jax.extend.random.threefry_2x32({0}, {1})"
    scope.add(text, operands, [Type("uint32", (size,))], label=name)
