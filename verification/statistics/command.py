"""`python -m verification power`: how many episodes a claim of equivalence costs, before any is played."""

from __future__ import annotations

import argparse

from rich.console import Console

from leaderboard.invocation import program
from verification.statistics.power import (
    achieved_power,
    battles_needed,
    episodes_needed,
    independent_power,
    policies_needed,
    score_sd,
)

EXIT_ENOUGH, EXIT_TOO_FEW, EXIT_ERROR = 0, 2, 3
LEAST_POLICIES = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `power`."""
    parser.add_argument("--margin", type=float, required=True, help="largest tolerable difference, in the data's units")
    spread = parser.add_mutually_exclusive_group(required=True)
    spread.add_argument("--sd", type=float, help="standard deviation of one episode's return")
    spread.add_argument("--win-rate", type=float, help="mean score of a battle (win 1, draw ½, loss 0)")
    parser.add_argument("--draw-rate", type=float, default=0.0, help="share of drawn battles, with --win-rate")
    parser.add_argument("--episodes", type=int, help="planned episodes per arm (with --policies: per policy and arm)")
    parser.add_argument("--policies", type=int, help="planned trained policies; needs --episodes")
    parser.add_argument(
        "--policy-sd", type=float, default=0.0, help="sd of the true gap between policies (0: best case)"
    )
    parser.add_argument("--power", type=float, default=0.9, help="wanted chance of the verdict")
    parser.add_argument("--alpha", type=float, default=0.05, help="chance of a wrong 'equivalent'")
    parser.add_argument("--true-difference", type=float, default=0.0, help="difference supposed to be there")


def run(options: argparse.Namespace, console: Console) -> int:
    """Print the sizes. 0: done, or the planned size is enough; 2: the planned size is too small; 3: bad options."""
    try:
        lines, status = _report(options)
    except ValueError as error:
        console.print(f"could not compute: {error}", markup=False, highlight=False, soft_wrap=True)
        return EXIT_ERROR
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
    return status


def power_command(arguments: list[str]) -> int:
    """The command on its own, for an argument list without the word `power`."""
    parser = argparse.ArgumentParser(prog=program("verification", "power"), description=__doc__)
    add_arguments(parser)
    return run(parser.parse_args(arguments), Console())


def _report(options: argparse.Namespace) -> tuple[list[str], int]:
    margin, alpha, power, truth = options.margin, options.alpha, options.power, options.true_difference
    if options.policies is not None:
        if options.episodes is None:
            raise ValueError("--policies needs --episodes, the number per policy and arm")
        if options.policies < LEAST_POLICIES:
            raise ValueError(
                f"--policies {options.policies}: the unit of replication is the policy and the test refuses fewer than "
                f"{LEAST_POLICIES}; episodes of one policy do not replace policies"
            )
    elif options.policy_sd:
        raise ValueError("--policy-sd describes a design with --policies")
    wanted = {"power": power, "alpha": alpha}
    if options.win_rate is None:
        if options.draw_rate:
            raise ValueError("--draw-rate goes with --win-rate")
        sd, unit, subject = options.sd, "episodes", f"standard deviation {options.sd:g}"
        needed = episodes_needed(margin, sd, true_difference=truth, **wanted)
        needed_quarter = episodes_needed(margin, sd, true_difference=margin / 4, **wanted)
    else:
        sd, unit = score_sd(options.win_rate, options.draw_rate), "battles"
        subject = f"win rate {options.win_rate:g} (standard deviation {sd:g})"
        rates = {"rate": options.win_rate, "draw_rate": options.draw_rate}
        needed = battles_needed(margin, true_difference=truth, **rates, **wanted)
        needed_quarter = battles_needed(margin, true_difference=margin / 4, **rates, **wanted)
    lines = [
        f"equivalence within ±{margin:g}, {subject}, alpha {alpha:g}, power {power:g}, two independent arms",
        f"  true difference {truth:g}: {needed} {unit} per arm",
        f"  true difference {margin / 4:g} (margin/4): {needed_quarter} {unit} per arm",
    ]
    if options.episodes is None:
        return lines, EXIT_ENOUGH
    return _planned(options, sd, unit, lines)


def _planned(options: argparse.Namespace, sd: float, unit: str, lines: list[str]) -> tuple[list[str], int]:
    margin, alpha = options.margin, options.alpha
    supposed = {"true_difference": options.true_difference, "alpha": alpha}
    if options.policies is None:
        achieved = independent_power(margin, sd, options.episodes, **supposed)
        lines.append(f"planned: {options.episodes} {unit} per arm have power {achieved:.3f}")
    else:
        spread = {"policy_sd": options.policy_sd}
        achieved = achieved_power(margin, sd, options.policies, options.episodes, **spread, **supposed)
        policies = policies_needed(margin, sd, options.episodes, power=options.power, **spread, **supposed)
        lines.append(
            f"planned: {options.policies} policies of {options.episodes} {unit} per arm have power {achieved:.3f} "
            f"(one-sample test on {options.policies} policy differences)"
        )
        if options.policy_sd == 0:
            lines.append("  supposes that every policy sees the same gap; --policy-sd says otherwise")
        lines.append(f"  with {options.episodes} {unit} each, {policies} policies would be needed")
    enough = achieved >= options.power
    if not enough:
        lines.append(f"  too few for power {options.power:g}: expect the verdict 'inconclusive'")
    return lines, EXIT_ENOUGH if enough else EXIT_TOO_FEW
