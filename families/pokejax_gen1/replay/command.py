"""``pokejax replay``: one battle, played in JAX, told by Showdown, for a person to watch."""

from __future__ import annotations

import argparse
import dataclasses
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from families.pokejax_gen1.replay.page import page, scenes, title_of
from families.pokejax_gen1.replay.protocol import PLAYER_NAMES, blocks
from families.pokejax_gen1.replay.recording import recording
from jaxenv.commands import files
from pokejax.cli.command import EXIT_DIVERGENCE, EXIT_OK, CannotRunError
from pokejax.common.formats import find

if TYPE_CHECKING:
    from families.pokejax_gen1.verify.battles import PlayedBattles
    from references.showdown.client import BattleJob
    from references.showdown.workers import WorkerPool


REMEDY = "choose another file with --out"


class ReplayMismatchError(RuntimeError):
    """The reference tells another battle than JAX played; the message says where."""


@dataclasses.dataclass(frozen=True)
class RecordedBattle:
    """A finished battle and its records, one for each of its T + 1 decision points.

    ``records``: int32 [T + 1, F], columns named by ``fields`` (`references/showdown/gen1/fields.json`).
    ``minds``: what the players knew and thought at each decision point (`minds.minds`); empty where nobody asked.
    """

    job: BattleJob
    records: np.ndarray
    fields: tuple[str, ...]
    minds: Sequence[Sequence[dict[str, Any]]] = ()

    def column(self, name: str) -> np.ndarray:
        """int32 [T + 1]: one field over the battle."""
        return self.records[:, self.fields.index(name)]

    @property
    def result(self) -> str:
        """Name of the winner, "tie", or "" for a battle that is not over."""
        if not self.column("ended")[-1]:
            return ""
        winner = self.column("winner")[-1]
        return PLAYER_NAMES[winner - 1] if winner else "tie"


def recorded(played: PlayedBattles, index: int, fields: list[str], format_id: str) -> RecordedBattle:
    """Battle ``index`` of a batch whose records have the columns ``fields``."""
    from families.pokejax_gen1.verify.sides import column_order
    from references.showdown.client import BattleJob
    from references.showdown.gen1.fields import field_names

    length = int(played.lengths[index])
    seed = (int(played.seeds[index, 0]), int(played.seeds[index, 1]))
    job = BattleJob(format_id, seed, played.teams[index], played.actions[index, :length])
    records = played.records[index, : length + 1][:, column_order(fields)]
    return RecordedBattle(job, records, field_names())


def told_result(protocol_log: str) -> str:
    """Result of the battle in a protocol log: a name, "tie", or ""."""
    for line in reversed(protocol_log.splitlines()):
        if line.startswith("|win|"):
            return line.removeprefix("|win|")
        if line == "|tie" or line.startswith("|tie|"):
            return "tie"
    return ""


def write_replay(
    battle: RecordedBattle, pool: WorkerPool, out: Path, command: str, players: Sequence[str] = ()
) -> list[Path]:
    """Write ``out``.html, .txt (input log), .log (protocol log, made by the reference) and .svg (a recording).

    `players`: the policies' names, which the page shows beside those of the players. Returns the paths.

    Raises :class:`ReplayMismatchError`, after the two logs are written, if the reference's records differ from the
    battle's at a decision point, or its protocol log tells another result; `files.StorageError`, with nothing written.
    """
    from families.pokejax_gen1.verify.lockstep import first_difference
    from references.showdown.install import VERSION
    from references.showdown.replay import battle_texts

    texts = battle_texts(pool, battle.job, PLAYER_NAMES)
    paths = paths_of(out)
    logs: dict[Path, str | bytes] = {paths[1]: texts.input_log, paths[2]: texts.protocol_log}
    difference = first_difference(battle.job, battle.records, pool, out.parent / "divergences")
    if difference:
        files.write_all(logs, REMEDY)
        raise ReplayMismatchError(difference)
    told = blocks(texts.protocol_log)
    if told_result(texts.protocol_log) != battle.result or len(told) != len(battle.records) + 1:
        files.write_all(logs, REMEDY)
        raise ReplayMismatchError(
            f"JAX: result {battle.result!r} after {len(battle.job.actions)} joint steps; the reference's log: "
            f"{told_result(texts.protocol_log)!r} after {len(told) - 2}"
        )
    facts = {
        **dict(zip(PLAYER_NAMES, players, strict=False)),
        "input log": paths[1].name,
        "protocol log": paths[2].name,
        "made by": command,
        "checked": f"equal to Pokémon Showdown {VERSION} at all {len(battle.records)} decision points",
    }
    pages = {paths[0]: page(battle, told, facts), paths[3]: recording(title_of(battle), *scenes(battle, told))}
    files.write_all({**logs, **pages}, REMEDY)
    return paths


def paths_of(stem: Path) -> list[Path]:
    """Paths of a replay's files."""
    return [_beside(stem, suffix) for suffix in (".html", ".txt", ".log", ".svg")]


def _beside(stem: Path, suffix: str) -> Path:
    return stem.with_name(stem.name + suffix)


def stem_of(out: Path, default: str) -> Path:
    """Path of the files without suffix: ``out`` itself (its ``.html`` dropped), or ``default`` in a folder ``out``."""
    if out.is_dir():
        return out / default
    return out.with_suffix("") if out.suffix.lower() == ".html" else out


def run(options: argparse.Namespace) -> int:
    """The command."""
    from baselines.errors import BaselinesError
    from families.pokejax_gen1.replay import playing
    from families.pokejax_gen1.verify import watched
    from jaxenv import enable_compilation_cache
    from references.showdown.install import ReferenceUnavailableError
    from references.showdown.workers import WorkerPool

    stem = stem_of(options.out, f"{options.format}-{options.seed}")
    for path in paths_of(stem):
        files.check_writable(path, REMEDY)
    enable_compilation_cache()
    teams = options.teams or find(options.format).teams
    sources = {"policy": options.policy, "opponent": options.opponent or options.policy}
    values = {"seed": options.seed, "format": options.format, "teams": teams}
    values |= {**sources, "out": options.out}
    arguments = [text for name, value in values.items() for text in (f"--{name}", str(value))]
    command = shlex.join(["pokejax", "replay", *arguments, *["--greedy"][: options.greedy]])
    environment = watched.environment(f"pokejax/{options.format}")
    players = []
    for option, source in sources.items():
        try:
            players.append(playing.player(environment, source, options.greedy))
        except BaselinesError as error:
            raise CannotRunError(f"--{option} {error}") from error
    names = [player.name for player in players]
    try:
        with files.alone(paths_of(stem)[0], REMEDY), WorkerPool(1) as pool:
            battle = playing.battle(environment, options.seed, teams, players)
            paths = write_replay(battle, pool, stem, command, names)
    except ReferenceUnavailableError as error:
        raise CannotRunError(str(error)) from error
    except ReplayMismatchError as error:
        print(f"DIVERGENCE: JAX and the reference differ in this battle\n{error}")
        return EXIT_DIVERGENCE
    told = battle.result or "none, the battle was cut off"
    print(f"{names[0]} (Red) against {names[1]} (Blue)")
    print(f"{len(battle.job.actions)} joint steps, {int(battle.column('turn')[-1])} turns; result: {told}")
    print(f"equal to Pokémon Showdown at all {len(battle.records)} decision points")
    for path in paths:
        print(path)
    return EXIT_OK
