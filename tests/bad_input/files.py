"""Files that commands read: counterexamples, returns, pools of teams, places that are not what they should be."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import jaxenv
from bad_input.case import Case, command, with_file

CASE = {
    "schema": "verification.case/1",
    "env": "toy_pair:good",
    "snapshot": None,
    "seed": 0,
    "options": {},
    "actions": [],
}


def replay(content: str | bytes) -> Callable[[Path], Any]:
    return with_file(content, command("verification", "replay", "{folder}/x.json"))


def case(**changes: Any) -> Callable[[Path], Any]:
    return replay(json.dumps({**CASE, **changes}))


def without(name: str) -> Callable[[Path], Any]:
    return replay(json.dumps({key: value for key, value in CASE.items() if key != name}))


def returns(content: str) -> Callable[[Path], Any]:
    words = ("run", "toy_pair:with_margin", "--levels", "4", "--returns", "{folder}/x.json")
    return with_file(content, command("verification", *words))


def pool(**arrays: Any) -> Callable[[Path], Any]:
    def call(folder: Path) -> Any:
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)
        (folder / "x.npz").write_bytes(buffer.getvalue())
        return load(folder)

    return call


def load(folder: Path) -> Any:
    return jaxenv.make("pokejax/gen1ou", pool=str(folder / "x.npz")).default_params


def build(content: str | bytes, *words: str) -> Callable[[Path], Any]:
    return with_file(content, command("pools", "build", "{folder}/t.txt", "{folder}/x.npz", *words), "t.txt")


FILE, NPZ = "{folder}/x.json", "{folder}/x.npz"
TEAMS = np.zeros((2, 6, 16), np.uint8)
GOOD = {"format": np.array("gen1ou"), "source": np.array("me")}
CASES = [
    # counterexamples
    Case("no file", command("verification", "replay", FILE), FILE, "could not run", "no such file"),
    Case("a folder", command("verification", "replay", "{folder}"), "{folder}", "cannot be read", "directory"),
    Case("cut off", replay('{"schema": "verif'), "cut off", FILE, "run the verification again"),
    Case("a picture", replay(b"\x89PNG\r\n\x1a\n\xff"), "0x89", FILE, "cannot be read"),
    Case("an empty file", replay(""), "not whole JSON", FILE, "run the verification again"),
    Case("a list", replay("[]"), "list", FILE, "expected a counterexample"),
    Case("another schema", case(schema="x/1"), "'x/1'", FILE, "expected 'verification.case/1'"),
    Case("a report", case(schema="verification.report/1"), "report/1", FILE, "is this a counterexample"),
    Case("no actions", without("actions"), "'actions'", FILE, "run the verification again"),
    Case("a seed in words", case(seed="x"), "'x'", FILE, "run the verification again"),
    Case("actions that are none", case(actions=[7]), "AttributeError", FILE, "run the verification again"),
    Case("an environment that there is not", case(env="toy/nothing"), "'toy/nothing'", "plugin", "module:attribute"),
    Case("a backend that there is not", case(backend="cuda"), "'cuda'", "backend", "xla"),
    Case("a snapshot that is none", case(snapshot={"hp": -5}), "-5", "hp", "below 0"),
    Case("shrink no file", command("verification", "shrink", FILE), FILE, "could not run", "no such file"),
    # returns of trained policies
    Case("returns of nothing", returns("{}"), "{folder}/x.json", "x.json", "expected an object of metrics"),
    Case("returns cut off", returns('{"return": '), "{folder}/x.json", "cannot be read", "JSON"),
    Case("returns of one arm", returns('{"return": {"candidate": []}}'), "'return'", FILE, "needs a list 'reference'"),
    Case(
        "returns without a margin",
        returns('{"speed": {"candidate": [[1.0]], "reference": [[1.0]]}}'),
        "speed",
        "margin",
        "declare a Margin",
    ),
    # pools
    Case("a pool of text", with_file("Tauros", load, "x.npz"), "not a readable .npz", NPZ, "build it again"),
    Case("an empty pool", with_file("", load, "x.npz"), "not a readable .npz", NPZ, "build it again"),
    Case("a pool cut short", with_file(b"PK\x03\x04abc", load, "x.npz"), "not a readable", NPZ, "build it again"),
    Case("a pool without teams", pool(**GOOD), "teams", NPZ, "build it again"),
    Case("a pool without a format", pool(teams=TEAMS, source=np.array("me")), "format", NPZ, "build it again"),
    Case(
        "a pool of another format",
        pool(teams=TEAMS, format=np.array("gen7ou"), source=np.array("me")),
        "gen7ou",
        NPZ,
        "known",
    ),
    Case("a pool of floats", pool(teams=TEAMS.astype(float), **GOOD), "float64", NPZ, "build it again"),
    Case("a pool of another shape", pool(teams=TEAMS[..., :9], **GOOD), "9", NPZ, "build it again"),
    Case("a pool of no teams", pool(teams=TEAMS[:0], **GOOD), "0", NPZ, "build it again"),
    Case("a pool of unknown numbers", pool(teams=TEAMS + 255, **GOOD), "255", NPZ, "build it again"),
    Case("a pool of pickles", pool(teams=np.array([{}], object), **GOOD), "not a readable", NPZ, "build it again"),
    Case("a pool of no file", load, NPZ, "no such pool file", "build it"),
    # the command that makes pools
    Case(
        "teams of no file",
        command("pools", "build", "{folder}/t.txt", NPZ),
        "No such file",
        "{folder}/t.txt",
        "give a file of teams",
    ),
    Case("teams of an empty file", build(""), "no teams", NPZ, "at least one"),
    Case("teams in UTF-16", build("Mew".encode("utf-16")), "UTF-16", "{folder}/t.txt", "save it as UTF-8"),
    Case("teams with a typo", build("=== a ===\nMw\n- Surf"), "'Mw'", "team 1, Pokémon 1", "did you mean"),
    Case("teams of a format", build("Mew\n- Surf", "--format", "gen1uu"), "'gen1uu'", "format id", "did you mean"),
    # a header of Pong
    Case(
        "bench into a folder",
        command("leaderboard", "bench", "pongjax/puffer_pong", "--json", "{folder}"),
        "folder",
        "{folder}",
        "--json",
    ),
    Case(
        "verify into a folder",
        command("verification", "check", "toy_pair:good", "--json", "{folder}"),
        "folder",
        "{folder}",
        "--json",
    ),
]
