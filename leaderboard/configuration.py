"""An environment's configuration: from `--set` into `jaxenv.make`, and from the environment into a row."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterable
from typing import Any

import jaxenv
from jaxenv.environment import Environment


def parse(settings: Iterable[str]) -> dict[str, Any]:
    """From `field=value` texts, values as Python literals. ValueError names a text that cannot be read."""
    fields: dict[str, Any] = {}
    for text in settings:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise ValueError(f"--set {text!r}: write it as field=value, such as --set frame_skip=1")
        if name in fields:
            raise ValueError(f"--set {text!r}: {name} is set twice")
        try:
            fields[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            raise ValueError(
                f"--set {text!r}: the value must be a Python literal (8, True, None, 'text'); "
                f"text needs quotes that the shell leaves: --set \"{name}='text'\""
            ) from None
    return fields


def make(env_id: str, fields: dict[str, Any]) -> Environment:
    """`jaxenv.make`; a field that there is not, or a value that it refuses, is a ValueError that says so."""
    try:
        return jaxenv.make(env_id, **fields)
    except (TypeError, ValueError) as error:
        given = ", ".join(f"{name}={value!r}" for name, value in fields.items())
        raise ValueError(f"{env_id} cannot be made{' with ' + given if given else ''}: {error}") from error


def of(env: Environment) -> dict[str, Any]:
    """Every field of the environment's class, those left at their defaults too; as JSON has it."""
    fields = {field.name: getattr(env, field.name) for field in dataclasses.fields(env)}
    return {k: v if v is None or isinstance(v, bool | int | float | str) else str(v) for k, v in fields.items()}
