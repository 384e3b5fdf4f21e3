"""``pokejax play``: the server, the players, the battles of all pairs, and the tables."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import math
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from poke_env import player as poke_env_players
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from families.showdown import battles
from families.showdown.connection import account, configuration, probe, websocket_url
from families.showdown.tally import Result, Tally
from jaxenv import enable_compilation_cache
from jaxenv.commands import files
from jaxenv.commands.console import Console
from jaxenv.commands.interrupts import INTERRUPTED
from pokejax.cli.command import EXIT_COULD_NOT, EXIT_DIVERGENCE, EXIT_OK, CannotRunError
from pokejax.client.errors import ClientError, PolicyError
from pokejax.client.player import PolicyPlayer
from pokejax.client.policies import format_of
from pokejax.client.teams import TeamsInTurn, hands_out_teams, own_teams, pool_teams
from pokejax.common.formats import UnknownFormatError
from pokejax.common.team_text import TeamError, read_file, split_teams
from references.protocol import ReferenceUnavailableError
from references.showdown.install import VERSION
from references.showdown.server import LocalServer

PASSWORD = "POKEJAX_SHOWDOWN_PASSWORD"
"""Environment variable with the password of a registered name."""
_THEIRS = {
    "random(poke-env)": poke_env_players.RandomPlayer,
    "max_base_power(poke-env)": poke_env_players.MaxBasePowerPlayer,
    "simple_heuristics(poke-env)": poke_env_players.SimpleHeuristicsPlayer,
}


def run(options: argparse.Namespace) -> int:
    """The command; 0, 1 where a choice was refused or a battle could not be followed, 2 where nothing was played."""
    enable_compilation_cache()
    console = Console()
    if options.out is not None:
        files.check_folder(options.out, battles.REMEDY)
    try:
        with contextlib.ExitStack() as held:
            sources = [_source(given, held) for given in options.policy]
            format_id = options.format or format_of(sources[0])
            session = Session(options, format_id, console)
            session.prepare(sources)
            held.enter_context(battles.quiet())
            url = _server(options, console, held)
            return session.play(url)
    except (ClientError, ReferenceUnavailableError, TeamError, UnknownFormatError) as error:
        raise CannotRunError(str(error)) from error


def _source(given: str, held: contextlib.ExitStack) -> Any:
    """A policy as `PolicyPlayer` takes it; of a run's folder its exported policy."""
    if not Path(given).is_dir():
        return given
    try:
        from baselines.errors import BaselinesError
        from baselines.export import export
    except ModuleNotFoundError as error:
        raise CannotRunError(
            f"{given}: a run's folder needs {error.name}; `pip install 'pokejax[tools,showdown]'`, or give a file that "
            "`python -m baselines export` wrote"
        ) from error
    file = Path(held.enter_context(tempfile.TemporaryDirectory())) / "run.policy"
    try:
        export(Path(given), file, name=Path(given).resolve().name)
    except BaselinesError as error:
        raise PolicyError(str(error)) from error
    return file


def _server(options: argparse.Namespace, console: Console, held: contextlib.ExitStack) -> str:
    if options.server == "local":
        server = held.enter_context(LocalServer())
        console.say(f"Pokémon Showdown {VERSION} listens on {server.websocket_url}")
        return server.websocket_url
    url = websocket_url(options.server)
    asyncio.run(probe(url))
    return url


class Session:
    """The players of a command and the battles between them."""

    def __init__(self, options: argparse.Namespace, format_id: str, console: Console) -> None:
        self.options, self.format_id, self.console = options, format_id, console
        self.tallies: list[Tally] = []
        self.names: list[str] = []
        self._sources: list[Any] = []
        self._teams: TeamsInTurn | None = None

    def prepare(self, sources: list[Any]) -> None:
        """Check everything that can be checked before a server is asked."""
        names = list(self.options.policy)
        if not self.options.accept and (self.options.opponent or len(sources) == 1):
            opponent = self.options.opponent or "random"
            names.append(opponent)
            sources = [*sources, opponent if opponent in _THEIRS else _opponent(opponent, self.format_id)]
        self.names = [name if names.count(name) == 1 else f"{name} {place}" for place, name in enumerate(names, 1)]
        self._sources = sources
        if self.options.team:
            texts = [text for file in self.options.team for text in split_teams(read_file(file))]
            self._teams = own_teams(texts, self.format_id, self.options.seed)
        elif not hands_out_teams(self.format_id):
            self._teams = pool_teams(self.format_id, self.options.seed)

    def play(self, url: str) -> int:
        """Play all pairs; returns the exit status."""
        interrupted, lost = False, ""
        try:
            if self.options.accept:
                self._accept(url)
            else:
                for one, other in itertools.combinations(range(len(self._sources)), 2):
                    self._pair(url, one, other)
        except KeyboardInterrupt:
            interrupted = True
        except ClientError as error:
            if not any(tally.results for tally in self.tallies):
                raise
            lost = str(error)
        self._report()
        if lost:
            self.console.say(f"pokejax play: {lost}")
            return EXIT_COULD_NOT
        if interrupted:
            return INTERRUPTED
        bad = any(tally.invalid or any(result.problem for result in tally.results) for tally in self.tallies)
        return EXIT_DIVERGENCE if bad else EXIT_OK

    def _player(self, url: str, place: int, name: str) -> Any:
        source = self._sources[place]
        options = {
            "battle_format": self.format_id,
            "server_configuration": configuration(url),
            "account_configuration": account(name, os.environ.get(PASSWORD, "") if self.options.name == name else ""),
            "max_concurrent_battles": self.options.concurrent,
            "team": self._teams,
            # A busy machine is slow to answer, which is no lost connection.
            "open_timeout": 120.0,
            "ping_timeout": 120.0,
        }
        if isinstance(source, str) and source in _THEIRS:
            return _THEIRS[source](**options)
        return PolicyPlayer(source, greedy=self.options.greedy, seed=self.options.seed + place, **options)

    def _pair(self, url: str, one: int, other: int) -> None:
        first = self.options.name or _user(self.names[one], one)
        players = [self._player(url, one, first), self._player(url, other, _user(self.names[other], other))]
        names = (self.names[one], self.names[other])
        self._run(
            players, names, lambda collector: battles.play(players[0], players[1], self.options.battles, collector)
        )

    def _accept(self, url: str) -> None:
        name = self.options.name or _user(self.names[0], 0)
        player = self._player(url, 0, name)
        whom = None if self.options.accept == "anyone" else self.options.accept
        asked = "anyone's challenges" if whom is None else f"the challenges of {whom}"
        self.console.say(f"{player.username!r} waits on {url} for {asked} to {self.format_id}; Ctrl-C ends it")
        self._run(
            [player],
            (self.names[0], whom or ""),
            lambda collector: battles.accept(player, whom, self.options.battles, collector),
        )

    def _run(self, players: list[Any], names: tuple[str, str], work: Callable[[Any], Any]) -> None:
        collector = None
        try:
            with self._bar(names) as advance:
                collector = battles.Collector(players[0], names, self.options.out, advance)
                asyncio.run(work(collector))
        finally:
            for player in players:
                battles.leave(player)
            if collector is not None:
                tally = Tally((names[0], names[1] or "challengers"), self.options.battles, tuple(collector.results))
                self.tallies.append(_with_foe(tally, players))

    @contextlib.contextmanager
    def _bar(self, names: tuple[str, str]) -> Iterator[Callable[[Result], None]]:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.console, transient=True) as bar:
            task = bar.add_task(f"{names[0]} – {names[1] or 'challengers'}", total=self.options.battles)
            yield lambda result: bar.advance(task)

    def _report(self) -> None:
        for line in map(told, self.tallies):
            self.console.say(line)
        ratings = self._ratings() if len(self.names) > 2 else None
        if ratings is not None:
            self.console.print(_rating_table(ratings))
        if self.options.out is not None:
            found = {
                "server": self.options.server,
                "format": self.format_id,
                "pairs": [tally.to_json() for tally in self.tallies],
                "ratings": ratings.to_json() if ratings is not None else None,
            }
            files.write_json(self.options.out / "results.json", found, battles.REMEDY)
            self.console.say(f"replays and results.json are in {self.options.out}")

    def _ratings(self) -> Any:
        """Ratings of all players; None where their battles do not connect them."""
        from baselines.ratings.bradley_terry import RatingError, rate

        place = {name: k for k, name in enumerate(self.names)}
        pairs: dict[tuple[int, int], np.ndarray] = {
            (place[tally.players[0]], place[tally.players[1]]): tally.scores
            for tally in self.tallies
            if len(tally.scores)
        }
        try:
            return rate(tuple(self.names), pairs, seed=self.options.seed)
        except RatingError as error:
            self.console.say(f"no rating table: {error}")
            return None


def told(tally: Tally) -> str:
    """A pair's result in words."""
    found = tally.to_json()
    scores = tally.scores
    text = f"{tally.players[0]} against {tally.players[1]}: "
    rate, bounds = found["win_rate"], found["ci95"]
    if isinstance(rate, float) and isinstance(bounds, list):
        text += f"win rate {100 * rate:.1f} % (95 %: {100 * bounds[0]:.1f} to {100 * bounds[1]:.1f}), "
    text += f"{found['wins']} won, {found['losses']} lost, {found['ties']} tied of {len(scores)} played out"
    apart = [
        f"{found[kind]} by {name}" for kind, name in (("forfeits", "forfeit"), ("timeouts", "timeout")) if found[kind]
    ]
    if apart:
        text += f"; {' and '.join(apart)}, not counted"
    if found["finished"] != tally.asked:
        text += f"; {tally.asked - len(tally.results)} of {tally.asked} not finished"
    text += f"; {found['invalid_choices']} invalid choices of {found['decisions']} decisions"
    problems = [result for result in tally.results if result.problem]
    if problems:
        text += f"; {len(problems)} battles could not be followed: {problems[0].problem}"
    return text


def _opponent(name: str, format_id: str) -> str:
    """An opponent's name, with poke-env's players among the suggestions."""
    from pokejax.client.policies import host_policy

    try:
        host_policy(name, format_id)
    except PolicyError as error:
        raise PolicyError(f"{error}; or one of {', '.join(_THEIRS)}") from error
    return name


def _with_foe(tally: Tally, players: list[Any]) -> Tally:
    """Add the invalid choices of an opponent that is ours, too."""
    import dataclasses

    foes = [player for player in players[1:] if isinstance(player, PolicyPlayer)]
    results = []
    for result in tally.results:
        records = [foe.records[result.tag] for foe in foes if result.tag in foe.records]
        results.append(
            dataclasses.replace(
                result,
                decisions=result.decisions + sum(record.decisions for record in records),
                invalid=result.invalid + sum(record.invalid for record in records),
                problem=result.problem or next((record.problem for record in records if record.problem), ""),
            )
        )
    return dataclasses.replace(tally, results=tuple(results))


def _user(name: str, place: int) -> str:
    """A user name that no other player of the command has."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", name.rpartition("/")[2]).strip("-")[:14]
    return f"{plain or 'player'} {place + 1}"


def _rating_table(ratings: Any) -> Table:
    title = "Bradley–Terry ratings of these battles, Elo points above the mean of all, 95 % by bootstrap"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("policy")
    for name in ("Elo", "95 % interval"):
        table.add_column(name, justify="right")
    for row in ratings.to_json():
        low, high = row["ci95"]
        table.add_row(row["name"], f"{row['elo']:+.0f}", "–" if math.isnan(low) else f"{low:+.0f} … {high:+.0f}")
    return table
