"""Plain data checked against msgspec structs, with messages that name the value and its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import inspect

SHOWN = 5
_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}
_PLACE = re.compile(r"^(.*?)(?: - at `\$(.*)`)?$", re.S)
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")


def problems(value: Any, of: type[msgspec.Struct]) -> list[str]:
    """Parts of plain data that are not of the struct `of`, the first one of each of its fields; [] where all are."""
    if not isinstance(value, Mapping):
        return [f"the top is {named(value)}, not an object"]
    found = list(_unknown(value, of))
    for field in msgspec.structs.fields(of):
        if field.encode_name in value:
            single = msgspec.defstruct("Part", [(field.encode_name, field.type)])
            if problem := _first({field.encode_name: value[field.encode_name]}, single):
                found.append(problem)
        elif field.required:
            found.append(f"{field.encode_name} is missing")
    return found


def listed(found: list[str]) -> str:
    """The first of the problems in one line, and the number of the others."""
    hidden = len(found) - SHOWN
    return "; ".join(found[:SHOWN]) + (f"; and {hidden} more" if hidden > 0 else "")


def named(value: Any) -> str:
    """A value as a message shows it."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _unknown(value: Mapping[str, Any], of: type[msgspec.Struct]) -> Iterator[str]:
    if of.__struct_config__.forbid_unknown_fields:
        known = {field.encode_name for field in msgspec.structs.fields(of)} | {of.__struct_config__.tag_field}
        yield from (f"{name} is not a field of it" for name in value if name not in known)


def _complaint(value: Any, of: Any) -> tuple[str, list[str]] | None:
    """msgspec's words and the steps to the place; None where the value is of that type."""
    try:
        msgspec.convert(value, of)
    except msgspec.ValidationError as error:
        match = _PLACE.match(str(error))
        assert match is not None
        return match[1], [name or index for name, index in _STEP.findall(match[2] or "")]
    return None


def _first(whole: dict[str, Any], of: Any) -> str | None:
    found = _complaint(whole, of)
    if found is None:
        return None
    said, steps = found
    value: Any = whole
    kind: Any = inspect.type_info(of)
    for number, step in enumerate(steps):
        if step == "...":  # an entry of a mapping, which msgspec does not name
            step = _culprit(whole, of, steps, steps[:number], value)
            steps[number] = step
        value = value[int(step)] if isinstance(value, list | tuple) else value[step]
        kind = _inner(kind, step)
    return _worded(said, _path(whole, steps), value, kind)


def _path(whole: Any, steps: list[str]) -> str:
    path, value = "", whole
    for step in steps:
        inside = isinstance(value, list | tuple)
        path += f"[{step}]" if inside else f".{step}"
        value = value[int(step)] if inside else value[step]
    return path.removeprefix(".")


def _culprit(whole: Any, of: Any, steps: list[str], before: list[str], mapping: Mapping[str, Any]) -> str:
    """The key of a mapping whose entry is the wrong one: with it alone the same complaint stays."""
    for key, entry in mapping.items():
        found = _complaint(_replaced(whole, before, {key: entry}), of)
        if found and found[1][: len(before) + 1] == [*steps[: len(before)], "..."]:
            return key
    return next(iter(mapping))


def _replaced(value: Any, steps: list[str], new: Any) -> Any:
    if not steps:
        return new
    step, *rest = steps
    if isinstance(value, list | tuple):
        place = int(step)
        return [*value[:place], _replaced(value[place], rest, new), *value[place + 1 :]]
    return {**value, step: _replaced(value[step], rest, new)}


def _inner(kind: Any, step: str) -> Any:
    """Type of a part of a value of `kind`; None where it cannot be told."""
    kind = _solid(kind)
    if isinstance(kind, inspect.StructType):
        return next((field.type for field in kind.fields if field.encode_name == step), None)
    if isinstance(kind, inspect.DictType):
        return kind.value_type
    if isinstance(kind, inspect.ListType):
        return kind.item_type
    if isinstance(kind, inspect.TupleType):
        return kind.item_types[int(step)]
    return None


def _solid(kind: Any) -> Any:
    """The one type of a union beside null."""
    if isinstance(kind, inspect.UnionType):
        solid = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        return solid[0] if len(solid) == 1 else None
    return kind


def _worded(said: str, path: str, value: Any, kind: Any) -> str:
    place = path or "the top"
    if missing := re.match(r"Object missing required field `(.*)`", said):
        return f"{path}.{missing[1]} is missing".removeprefix(".")
    if unknown := re.match(r"Object contains unknown field `(.*)`", said):
        return f"{path}.{unknown[1]} is not a field of it".removeprefix(".")
    kind = _solid(kind)
    if isinstance(kind, inspect.LiteralType):
        return f"{place} is {named(value)}, known are {', '.join(sorted(map(str, kind.values)))}"
    if length := re.match(r"Expected `array` of length (\d+)", said):
        return f"{place} has {len(value)} entries, not {length[1]}"
    if expected := re.match(r"Expected `([^`]*)`", said):
        names = [_WORDS.get(name, name) for name in expected[1].split(" | ")]
        return f"{place} is {named(value)}, not {' or '.join(names)}"
    return f"{place} is {named(value)}: {said}"
