"""A counter that speaks the protocol from its description alone: standard library only, nothing of this repository."""

import json
import struct
import sys

CODES = {"|b1": "?", "|i1": "b", "|u1": "B", "<i4": "i", "<i8": "q", "<f4": "f", "<f8": "d"}


def receive(stream):
    """(header, group → name → (dtype, shape, numbers)); None at the end."""
    start = stream.read(4)
    if len(start) < 4:
        return None
    header = json.loads(stream.read(struct.unpack("<I", start)[0]))
    groups = {}
    for array in header.get("arrays", []):
        count = 1
        for size in array["shape"]:
            count *= size
        code = f"<{count}{CODES[array['dtype']]}"
        numbers = struct.unpack(code, stream.read(struct.calcsize(code)))
        groups.setdefault(array["group"], {})[array["name"]] = (array["dtype"], array["shape"], numbers)
    return header, groups


def send(header, groups=None):
    """Write one frame."""
    arrays, blobs = [], b""
    for group, named in (groups or {}).items():
        for name, (dtype, shape, numbers) in named.items():
            arrays.append({"group": group, "name": name, "dtype": dtype, "shape": shape})
            blobs += struct.pack(f"<{len(numbers)}{CODES[dtype]}", *numbers)
    text = json.dumps({**header, "arrays": arrays}, ensure_ascii=False).encode("utf-8")
    sys.stdout.buffer.write(struct.pack("<I", len(text)) + text + blobs)
    sys.stdout.buffer.flush()


def main():
    """Count: state "total" is the sum of the actions since the reset to the seed."""
    send(
        {
            "kind": "hello",
            "protocol": 1,
            "name": "zähler",
            "version": "3",
            "agents": ["p1", "p2"],
            "capabilities": ["Restorable", "Covered"],
        }
    )
    total, seen = 0, {}
    while (message := receive(sys.stdin.buffer)) is not None:
        header, groups = message
        answer, arrays = {"kind": "ok", "id": header["id"]}, {}
        kind = header["kind"]
        seen[kind] = seen.get(kind, 0) + 1
        if kind == "reset":
            total = int(header["seed"]) + header["options"].get("bonus", 0)
        elif kind == "step":
            total += sum(int(numbers[0]) for _, _, numbers in groups["actions"].values())
        elif kind == "snapshot":
            arrays = {"state": {"total": ("<i8", [], [total]), "halb.½": ("<f8", [2], [total / 2, -total / 2])}}
        elif kind == "legal":
            arrays = {"mask": {"p1": ("|b1", [3], [1, 1, 0])}, "low": {"p2": ("<f4", [1], [-1.0])}}
            arrays["high"] = {"p2": ("<f4", [1], [1.0])}
        elif kind == "restore":
            total = groups["state"]["total"][2][0]
            if total < 0:
                answer |= {"kind": "error", "type": "ValueError", "message": f"total is {total}, at least 0"}
        elif kind == "coverage":
            answer["counts"], seen = seen, {}
        send(answer, arrays)
        if kind == "close":
            return


if __name__ == "__main__":
    main()
