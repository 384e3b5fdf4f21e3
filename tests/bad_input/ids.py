"""Ids and names: environments, tags, formats, opponents, families, plugins, settings of environments."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jaxenv
import pokejax
from bad_input.case import Case, command
from pokejax.common import formats


def of(call: Callable[[], Any]) -> Callable[[Path], Any]:
    return lambda folder: call()


def made(id: str, **config: Any) -> Callable[[Path], Any]:
    return lambda folder: jaxenv.make(id, **config)


CHEETAH, PONG, BATTLE = "cheetahjax/HalfCheetah-v5", "pongjax/puffer_pong", "pokejax/gen1ou"
CASES = [
    Case("typo in an id", made("pongjax/pufer_pong"), "'pongjax/pufer_pong'", "no environment", f"did you mean {PONG}"),
    Case("an id of another version", made("cheetahjax/HalfCheetah-v4"), "HalfCheetah-v4", "no environment", "-v5"),
    Case("an id without a family", made("HalfCheetah-v5"), "'HalfCheetah-v5'", "no environment", CHEETAH),
    Case("an id of nothing", made("doom/e1m1"), "'doom/e1m1'", "no environment", "list_envs() names them all"),
    Case("an empty id", made(""), "''", "no environment", "list_envs() names them all"),
    Case("a number as an id", made(7), "7", "id", "must be a text"),  # type: ignore[arg-type]
    Case("spec of nothing", of(lambda: jaxenv.spec("doom/x")), "'doom/x'", "no environment", "list_envs()"),
    Case("a tag", of(lambda: jaxenv.list_envs("mujocco")), "'mujocco'", "the tag", "did you mean mujoco"),
    Case("a tag of nothing", of(lambda: jaxenv.list_envs("3d")), "'3d'", "the tag", "tags are"),
    Case("register an odd id", of(lambda: jaxenv.register("a b", "m:C")), "'a b'", "register", "family/name"),
    Case("register an odd entry", of(lambda: jaxenv.register("a/b", "m.C")), "'m.C'", "a/b", "'module:Class'"),
    Case("a field that there is not", made(PONG, framskip=2), "'framskip'", PONG, "did you mean frame_skip"),
    Case("a field of another", made(PONG, pool="x"), "'pool'", PONG, "its fields are"),
    Case("autoreset", made(PONG, autoreset="never"), "'never'", "autoreset", "must be one of"),
    Case("frame skip 0", made(PONG, frame_skip=0), "0", "frame_skip", "positive"),
    Case("frame skip in words", made(PONG, frame_skip="two"), "'two'", "frame_skip", "positive"),
    Case(
        "a yes or no", made(CHEETAH, exclude_current_positions_from_observation=3), "3", "HalfCheetah", "True or False"
    ),
    Case("noise in words", made(CHEETAH, reset_noise_scale="low"), "'low'", "reset_noise_scale", "a finite number"),
    Case("negative noise", made(CHEETAH, reset_noise_scale=-1), "-1", "reset_noise_scale", "must not be negative"),
    Case("no number", made(CHEETAH, ctrl_cost_weight=float("nan")), "nan", "ctrl_cost_weight", "a finite number"),
    Case(
        "a range backwards",
        made("cheetahjax/Hopper-v5", healthy_z_range=(2, 1)),
        "(2, 1)",
        "healthy_z_range",
        "lower first",
    ),
    Case("frame skip of a task", made(CHEETAH, frame_skip=0), "0", "HalfCheetah-v5: frame_skip", "a positive integer"),
    Case("a pool that there is not", made(BATTLE, pool="/nowhere/x.npz"), "/nowhere/x.npz", "no such pool", "build it"),
    Case(
        "a pool of nobody's", made(BATTLE, pool="~nobody-of-that-name/x"), "~nobody-of-that-name/x", "home", "in full"
    ),
    Case("a built-in pool's typo", made(BATTLE, pool="gen1uo"), "gen1uo", "pool", "build it"),
    Case("a format", of(lambda: formats.find("gen1oo")), "'gen1oo'", "format id", "did you mean 'gen1ou'"),
    Case(
        "a format of an environment",
        of(lambda: formats.of_environment(PONG)),
        PONG,
        "plays no format",
        "pokejax/gen1ou",
    ),
    Case("a generation", of(lambda: pokejax.battle("", "", 0, format="gen2ou")), "gen2ou", "format", "known are"),
    Case("a name of the package", of(lambda: pokejax.fight), "'fight'", "module 'pokejax'", "it has Battle"),
    Case("a name of jaxenv", of(lambda: jaxenv.makes), "'makes'", "module 'jaxenv'", "it has"),
    # commands that take an id
    Case("verify", command("verification", "check", "pongjax/pong"), "'pongjax/pong'", "verification plugin", PONG),
    Case(
        "verify a module", command("verification", "check", "nowhere:plugin"), "'nowhere'", "could not run", "install"
    ),
    Case("verify no plugin", command("verification", "check", "json:dumps"), "json", "could not run", "Plugin"),
    Case("bench", command("leaderboard", "bench", "pongjax/pong"), "'pongjax/pong'", "cannot bench", PONG),
    Case("show a family", command("families", "show", "pong"), "'pong'", "no family", "pongjax"),
    Case("show an environment", command("families", "show", "pongjax/x"), "pongjax/x", "families show", PONG),
    Case("train", command("baselines", "train", "pongjax/pong"), "'pongjax/pong'", "no environment", PONG),
    Case("speed", command("baselines", "speed", "small/chian"), "'small/chian'", "no environment", "small/chain"),
    Case(
        "transfer",
        command("baselines", "transfer", "small/chain", "--policies", "uniform"),
        "small/chain",
        "transfer",
        PONG,
    ),
    Case("rate", command("baselines", "rate", PONG, "a", "b"), "a: no run", PONG, "these are: uniform"),
    Case(
        "an opponent",
        command("baselines", "rate", "pokejax/gen1randombattle", "max_bsae_power", "uniform_legal"),
        "max_bsae_power",
        "rate",
        "max_base_power",
    ),
    Case("draw another's", command("cheetahjax.render", "--env", PONG, "--out", "x.html"), PONG, "--env", "cheetahjax"),
    Case(
        "draw a typo",
        command("cheetahjax.render", "--env", "Hoper-v5", "--out", "x.html"),
        "Hoper",
        "--env",
        "Hopper-v5",
    ),
    Case(
        "a command of pokejax", command("pokejax", "quikstart"), "'quikstart'", "pokejax", "did you mean 'quickstart'"
    ),
    Case("a tool", command("pokejax", "tool", "baseline"), "'baseline'", "pokejax tool", "name one of the tools"),
    Case(
        "a command of baselines",
        command("baselines", "trian", PONG),
        "'trian'",
        "unknown command",
        "commands are train",
    ),
    # names of families
    Case("a keyword", command("families", "new", "class"), "'class'", "NAME", "choose another name"),
    Case("capitals", command("families", "new", "Rover"), "'Rover'", "NAME", "small letters"),
    Case("a long name", command("families", "new", "a" * 17), "a" * 17, "NAME", "at most 16"),
    Case("a family that there is", command("families", "new", "pongjax"), "'pongjax'", "NAME", "choose another name"),
    Case("a module of Python", command("families", "new", "json"), "'json'", "NAME", "choose another name"),
    Case("a package that is installed", command("families", "new", "numpy"), "'numpy'", "NAME", "choose another name"),
]
