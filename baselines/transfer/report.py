"""Tables of a transfer for a terminal of 80 columns."""

from __future__ import annotations

from rich.table import Table

from baselines.transfer.judge import WIN_RATE, Judgement, PolicyJudgement
from verification.statistics.equivalence import Equivalence

_STYLE = {
    "equivalent": "[green]equivalent[/]",
    "equivalent but biased": "[yellow]biased[/]",
    "different": "[red]different[/]",
    "inconclusive": "[yellow]inconclusive[/]",
    "none": "[yellow]none[/]",
}


def tables(judgement: Judgement) -> list[Table]:
    """Means by policy, whole distributions by policy, tests over policies."""
    return [_means(judgement), _distances(judgement), _tests(judgement)]


def verdict_line(judgement: Judgement) -> str:
    """One line, with its style."""
    return f"[bold]verdict over {len(judgement.policies)} policies:[/] {_STYLE[judgement.verdict]}"


def _scale(judgement: Judgement) -> float:
    """Win rates are shown in per cent."""
    return 100.0 if judgement.metric == WIN_RATE else 1.0


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", padding=(0, 1), pad_edge=False, box=None)
    for number, name in enumerate(columns):
        table.add_column(name, justify="right" if number else "left", no_wrap=number > 0)
    return table


def _means(judgement: Judgement) -> Table:
    scale = _scale(judgement)
    unit = ", %" if scale != 1 else ""
    title = f"{judgement.metric}{unit}, margin ±{judgement.margin.value * scale:g}; n of ours and of the reference's"
    table = _table(title, "policy", "n", "ours", "reference", "difference", "95 % interval", "by itself")
    for policy in judgement.policies:
        test = policy.test
        ours, theirs = (f"{mean * scale:.2f}" for mean in policy.means)
        count = f"{test.n[0]}" if test.n[0] == test.n[1] else f"{test.n[0]}/{test.n[1]}"
        low, high = (f"{end * scale:+.2f}" for end in test.ci95)
        table.add_row(
            policy.name,
            count,
            ours,
            theirs,
            f"{test.difference * scale:+.2f}",
            f"{low} … {high}",
            _STYLE[test.verdict],
        )
    return table


def _distances(judgement: Judgement) -> Table:
    title = "distances of distributions, in brackets their mean size by chance"
    table = _table(title, "policy", "KS", "Wasserstein", "length: KS", "actions: TV", "correlation")
    for policy in judgement.policies:
        table.add_row(policy.name, *_row(policy, _scale(judgement)))
    return table


def _row(policy: PolicyJudgement, scale: float) -> list[str]:
    outcome, length = policy.distances[0], policy.distances[-1]
    return [
        f"{outcome.kolmogorov_smirnov:.3f} ({outcome.expected:.3f})",
        f"{outcome.wasserstein * scale:.3g}",
        f"{length.kolmogorov_smirnov:.3f} ({length.expected:.3f})",
        f"{policy.occupancy.total_variation:.4f} ({policy.occupancy.expected:.4f})",
        "–" if policy.correlation is None else f"{policy.correlation:+.2f}",
    ]


def _tests(judgement: Judgement) -> Table:
    scale = _scale(judgement)
    table = _table("tests over policies", "test", "difference", "90 % interval", "p", "power", "verdict")
    combined = judgement.combined
    for test in () if combined is None else (combined.primary, *combined.robust):
        table.add_row(*_test(test, scale))
    return table


def _test(test: Equivalence, scale: float) -> list[str]:
    low, high = (f"{end * scale:+.3g}" for end in test.ci90)
    return [
        test.method,
        f"{test.difference * scale:+.3g}",
        f"{low} … {high}",
        f"{max(test.p_low, test.p_high):.2g}",
        f"{test.power_at_zero:.2f}",
        _STYLE[test.verdict],
    ]


def notes(judgement: Judgement) -> list[str]:
    """Whatever else a reader has to know."""
    found = [judgement.note] if judgement.note else []
    if len(judgement.policies) > 1:
        ours, theirs = judgement.middle
        found.append(f"interquartile mean over policies (95 %): ours {ours}, reference {theirs}")
    found += judgement.margin_problems
    if judgement.combined is not None:
        found += [*judgement.combined.notes, *judgement.combined.primary.notes]
    void = sum(sum(policy.void) for policy in judgement.policies)
    if void:
        found.append(f"{void} episodes count for nothing: the reference itself broke down in them")
    cut = [sum(policy.cut[side] for policy in judgement.policies) for side in range(2)]
    played = [sum(policy.test.n[side] for policy in judgement.policies) for side in range(2)]
    if any(cut) and cut != played:  # all of them: a task that has no other end
        found.append(f"episodes that ended by a limit of steps: {cut[0]} of ours, {cut[1]} of the reference's")
    return found
