"""Progress of a run: one line that says state, module, level, cost, time and the last failure."""

from __future__ import annotations

import time
from typing import Any

from rich.live import Live
from rich.table import Table

from jaxenv.commands.console import Console
from translator import states
from translator.ledger import text_of
from translator.run import Run


class Progress:
    """Hears a run's events. On a terminal one table is kept up to date; elsewhere each transition is a line."""

    def __init__(self, run: Run, console: Console) -> None:
        self.run, self.console = run, console
        self.began = time.monotonic()
        self.shown = {"state": "", "module": "", "level": "", "call": "0", "failure": ""}
        self.live = Live(self._table(), console=console, transient=True) if console.is_terminal else None

    def __enter__(self) -> Progress:
        if self.live:
            self.live.start()
        self.run.tell = self.hear
        return self

    def __exit__(self, *exception: object) -> None:
        if self.live:
            self.live.stop()

    def hear(self, event: str, **values: Any) -> None:
        """One event of the machine."""
        if event == "state":
            position = values["position"]
            module = self.run.modules[min(position.module, len(self.run.modules) - 1)].name
            failure = position.failures[0].signature if position.failures else ""
            self.shown |= {"state": position.state, "module": module, "level": "", "failure": failure}
            self.shown["call"] = str(position.attempt)
        elif event == "level":
            self.shown["level"] = " ".join(values["levels"])
        elif event == "transition":
            before, after = values["before"], values["after"]
            told = (
                f"{before.state:>9} → {after.state:<9} {values['seconds']:6.1f} s  {self._usd():>8}  {values['note']}"
            )
            self.console.say(told[:400])
        if self.live:
            self.live.update(self._table())

    def _usd(self) -> str:
        return f"{text_of(self.run.ledger.spent)} $"

    def _table(self) -> Table:
        table = Table(show_header=False, title=f"translating {self.run.project.project.name}")
        rows = {**self.shown, "cost": f"{self._usd()} of {text_of(self.run.ledger.cap)} $"}
        rows["time"] = f"{time.monotonic() - self.began:.0f} s"
        for name, value in rows.items():
            table.add_row(name, value)
        return table


def ending(result: dict[str, Any]) -> list[str]:
    """Last lines of a run."""
    mark = "✓" if result["state"] == states.DONE else "✗"
    lines = [
        f"{mark} {result['state']}: {result['iterations']} calls, {result['cost_usd']} of {result['cap_usd']} USD, "
        f"{result['seconds']:.0f} s"
    ]
    if result["reason"]:
        lines.append(f"  {result['reason']}")
    if result["simulated"]:
        lines.append("  a simulation: a scripted agent stood in for a model, and its costs are invented")
    if result["recorded"]:
        lines.append("  recorded: patches that were made before were applied, and no model was called")
    return [*lines, f"report: {result['report']}"]
