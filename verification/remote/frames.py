"""The frames that two processes exchange over a pair of pipes: a JSON header and arrays. Never pickle.

This docstring and the one of `serve` are the whole description: a child in any language can be written from them.

    frame  = u32 length of the header in bytes, little-endian | header | the arrays' bytes
    header = one JSON object in UTF-8; NaN and Infinity are not JSON and are refused
    header["arrays"] = [{"group": "state", "name": "p1.hp", "dtype": "<i4", "shape": [2, 3]}, …], may be absent

The arrays' bytes follow each other in the order of that list, without padding, each in C order (last index fastest),
little-endian. An array of shape `[]` is one number; one with a 0 in its shape has no bytes. The sizes follow from dtype
and shape, so nothing else says where a frame ends. A name stands at most once in its group.

dtypes: `|b1` (one byte, 0 or 1); `|i1 |u1 <i2 <u2 <i4 <u4 <i8 <u8`; `<f2 <f4 <f8`; `<U5` (text of at most five code
points, each a u32, filled up with zeros; any length); `|S5` (five bytes, filled up with zeros; any length).

Integers that may exceed 2^53 stand in the header as decimal strings, since many JSON readers round them.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: The protocol's version: a child that announces another one is refused.
PROTOCOL = 1

Groups = dict[str, dict[str, NDArray[Any]]]

_LENGTH = struct.Struct("<I")
_DTYPE = re.compile(r"\|[biu]1|<[iu][248]|<f[248]|<U[1-9]\d{0,4}|\|S[1-9]\d{0,4}")


class RemoteError(RuntimeError):
    """The other process broke the protocol, died, or did not answer; the message says which and shows its stderr."""


@dataclass(frozen=True)
class Limits:
    """Limits of a frame; more is refused before it is read. `frame` and `header` in bytes."""

    frame: int = 1 << 28
    header: int = 1 << 22
    arrays: int = 1 << 16
    dimensions: int = 16


LIMITS = Limits()


@dataclass(frozen=True)
class Message:
    """One frame's content: the header without its "arrays", and the arrays as group → name → array."""

    header: dict[str, Any]
    groups: Groups = field(default_factory=dict)

    def group(self, name: str) -> dict[str, NDArray[Any]]:
        """The arrays of a group; empty if the frame had none."""
        return self.groups.get(name, {})


def encode(header: Mapping[str, Any], groups: Mapping[str, Mapping[str, Any]] | None = None) -> bytes:
    """A frame. Raises `TypeError` naming the value that has no place in one (objects, complex numbers, dates)."""
    described, blobs = [], []
    for group, arrays in (groups or {}).items():
        for name, value in arrays.items():
            array = _little_endian(f"{group}/{name}", value)
            described.append({"group": group, "name": name, "dtype": array.dtype.str, "shape": array.shape})
            blobs.append(array.tobytes())
    try:
        text = json.dumps({**header, "arrays": described}, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise TypeError(f"the header of a {header.get('kind')!r} frame must be plain JSON values: {error}") from error
    return b"".join([_LENGTH.pack(len(text)), text, *blobs])


def read(exactly: Callable[[int], bytes | bytearray], limits: Limits = LIMITS) -> Message:
    """Read one frame through `exactly(n)`, which gives n bytes. Raises `RemoteError` for what is no frame."""
    (length,) = _LENGTH.unpack(exactly(_LENGTH.size))
    if length > limits.header:
        raise RemoteError(
            f"a header of {length} bytes was announced, at most {limits.header} are taken; "
            "something else than frames is written to the protocol's stream (a print?)"
        )
    header = _header(bytes(exactly(length)))
    described = header.pop("arrays", [])
    if not isinstance(described, list) or len(described) > limits.arrays:
        raise RemoteError(f"'arrays' must be a list of at most {limits.arrays} entries")
    groups: Groups = {}
    left = limits.frame
    for entry in described:
        group, name, dtype, shape = _described(entry, limits)
        size = dtype.itemsize * math.prod(shape)
        left -= size
        if left < 0:
            raise RemoteError(f"array {group}/{name} makes the frame larger than {limits.frame} bytes")
        if name in groups.setdefault(group, {}):
            raise RemoteError(f"array {group}/{name} stands twice in one frame")
        groups[group][name] = _array(f"{group}/{name}", dtype, shape, exactly(size))
    return Message(header, groups)


def _little_endian(name: str, value: Any) -> NDArray[Any]:
    array = np.asarray(value)
    array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    if not _DTYPE.fullmatch(array.dtype.str):
        raise TypeError(
            f"{name} has dtype {array.dtype}, which no frame carries; booleans, integers, floats of at most 64 bits, "
            "text and bytes can be sent: convert it"
        )
    return array


def _header(text: bytes) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    try:
        header = json.loads(text.decode("utf-8"), parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise RemoteError(f"a frame's header is no JSON ({error}): {text[:80]!r}") from error
    if not isinstance(header, dict):
        raise RemoteError(f"a frame's header must be a JSON object: {text[:80]!r}")
    return header


def _described(entry: Any, limits: Limits) -> tuple[str, str, np.dtype[Any], tuple[int, ...]]:
    if not isinstance(entry, dict):
        raise RemoteError(f"an entry of 'arrays' must be an object: {str(entry)[:80]}")
    group, name, dtype, shape = (entry.get(key) for key in ("group", "name", "dtype", "shape"))
    if not isinstance(group, str) or not isinstance(name, str):
        raise RemoteError(f"an array needs the strings 'group' and 'name': {str(entry)[:80]}")
    if not isinstance(dtype, str) or not _DTYPE.fullmatch(dtype):
        raise RemoteError(f"array {group}/{name} has dtype {str(dtype)[:40]!r}, which no frame carries")
    sizes = isinstance(shape, list) and all(type(size) is int and 0 <= size < 1 << 40 for size in shape)
    if not isinstance(shape, list) or not sizes or len(shape) > limits.dimensions:
        raise RemoteError(f"array {group}/{name} has shape {str(shape)[:80]}, expected at most 16 sizes ≥ 0")
    return group, name, np.dtype(dtype), tuple(shape)


def _array(name: str, dtype: np.dtype[Any], shape: tuple[int, ...], data: bytes | bytearray) -> NDArray[Any]:
    # Bytes that are no value of their dtype would be undefined behaviour inside numpy, so they are refused here.
    if dtype.kind == "b" and data and max(data) > 1:
        raise RemoteError(f"array {name} is boolean, but holds a byte other than 0 and 1")
    if dtype.kind == "U" and data and np.frombuffer(data, "<u4").max() > 0x10FFFF:
        raise RemoteError(f"array {name} is text, but holds a number that is no code point")
    return np.frombuffer(bytearray(data), dtype).reshape(shape)
