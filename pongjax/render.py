"""A game as text, as an SVG picture, and as a page that plays it. On the host: not for `jit`.

``python -m pongjax.render --seed 7 --out pong.html`` plays a game and writes its page; with ``--policy FILE`` a trained
policy plays.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv import make, policy
from jaxenv.commands import files
from jaxenv.commands.arguments import path, seed
from jaxenv.commands.interrupts import run_command
from jaxenv.policy import ExportedPolicy
from pongjax.env import DOWN, STILL, UP, PufferPong
from pongjax.params import PongParams
from pongjax.picture import AGENT, BACKGROUND, BALL, OPPONENT, SCORE
from pongjax.state import PongState

COLUMNS, ROWS = 64, 24
TEMPLATE = Path(__file__).with_name("render.html")


class Picture(NamedTuple):
    """One state in numbers that can be drawn: pixels of the court, y upwards, as in `Court`."""

    paddle_yl: float
    paddle_yr: float
    ball_x: float
    ball_y: float
    score_l: int
    score_r: int


def pictures(states: PongState) -> list[Picture]:
    """Of one state, or of states stacked along a leading axis."""
    court = states.court
    leaves = (court.paddle_yl, court.paddle_yr, court.ball_x, court.ball_y, states.score_l, states.score_r)
    columns = [np.atleast_1d(np.asarray(leaf)).tolist() for leaf in leaves]
    return [Picture(*row) for row in zip(*columns, strict=True)]


def ansi(state: PongState, params: PongParams | None = None) -> str:
    """Text, `ROWS` + 3 lines of `COLUMNS` + 2 characters: the paddles stand left and right, O is the ball."""
    params = PongParams() if params is None else params
    (now,) = pictures(state)
    grid = [[" "] * (COLUMNS + 2) for _ in range(ROWS)]

    def rows(y: float, height: float) -> range:
        first, last = (int(np.floor(edge / float(params.height) * ROWS)) for edge in (y, y + height - 1e-3))
        return range(max(first, 0), min(last, ROWS - 1) + 1)

    def column(x: float) -> int:
        return 1 + min(max(int(x / float(params.width) * COLUMNS), 0), COLUMNS - 1)

    for row in rows(now.ball_y, float(params.ball_height)):
        for x in range(column(now.ball_x), column(now.ball_x + float(params.ball_width) - 1e-3) + 1):
            grid[row][x] = "O"
    for place, y in ((0, now.paddle_yl), (COLUMNS + 1, now.paddle_yr)):
        for row in rows(y, float(params.paddle_height)):
            grid[row][place] = "#"
    score = f"{now.score_l} : {now.score_r}".center(COLUMNS + 2).rstrip()
    edge = "+" + "-" * COLUMNS + "+"
    return "\n".join([score, edge, *("".join(row) for row in reversed(grid)), edge])


def svg(state: PongState, params: PongParams | None = None) -> str:
    """A picture of the court, one unit a pixel of the game; the opponent is on the left."""
    params = PongParams() if params is None else params
    (now,) = pictures(state)
    width, height = float(params.width), float(params.height)
    paddle, ball = float(params.paddle_width), (float(params.ball_width), float(params.ball_height))
    pad = 3 * paddle

    def box(x: float, y: float, size: tuple[float, float], colour: str, **more: Any) -> str:
        extra = "".join(f' {name}="{value:g}"' for name, value in more.items())
        top = height - y - size[1]
        return f'<rect x="{x:g}" y="{top:g}" width="{size[0]:g}" height="{size[1]:g}" fill="{colour}"{extra}/>'

    def score(x: float, points: int) -> str:
        return f'<text x="{x:g}" y="40" fill="{SCORE}" font-size="30" text-anchor="middle">{points}</text>'

    bat = (paddle, float(params.paddle_height))
    return "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{-pad:g} 0 {width + 2 * pad:g} {height:g}" role="img"'
            f' font-family="monospace"><title>Pong, {now.score_l} to {now.score_r}</title>',
            box(-pad, 0, (width + 2 * pad, height), BACKGROUND),
            score(width / 2 - 50, now.score_l),
            score(width / 2 + 50, now.score_r),
            box(-paddle, now.paddle_yl, bat, OPPONENT),
            box(width, now.paddle_yr, bat, AGENT),
            box(now.ball_x, now.ball_y, ball, BALL, rx=ball[0] / 2, ry=ball[1] / 2),
            "</svg>",
        )
    )


def html(states: PongState, params: PongParams | None = None, *, title: str = "Pong", frame_skip: int = 1) -> str:
    """A page, without any network, that plays states stacked along a leading axis, one for every agent step."""
    params = PongParams() if params is None else params
    names = ("width", "height", "paddle_width", "paddle_height", "ball_width", "ball_height")
    data = {
        "title": title,
        "frames_per_state": frame_skip,
        "params": {name: float(getattr(params, name)) for name in names},
        "colours": [BACKGROUND, OPPONENT, AGENT, BALL, SCORE],
        "states": [[round(value, 3) for value in picture] for picture in pictures(states)],
    }
    packed = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    return TEMPLATE.read_text(encoding="utf-8").replace("__DATA__", packed)


def follow_ball(state: PongState) -> jax.Array:
    """An action that keeps the agent's paddle level with the ball."""
    court = state.court
    ahead = court.ball_y + 16 - (court.paddle_yr + 35)
    return jnp.where(ahead > 8, UP, jnp.where(ahead < -8, DOWN, STILL))


def play_game(
    env: PufferPong,
    seed: int,
    longest: int = 20_000,
    params: PongParams | None = None,
    player: ExportedPolicy | None = None,
) -> PongState:
    """All states of one game, stacked, the final one left out. At most `longest` states.

    Without a `player`: `follow_ball`, nine steps of ten, else at random.
    """
    params = env.default_params if params is None else params

    def choose(keys: Any, state: PongState, carry: Any, first: jax.Array) -> tuple[jax.Array, Any]:
        action_key, choice_key = keys
        if player is not None:
            obs, mask = env.observe(state, params), env.legal_actions(state, params) if env.num_actions else None
            obs, mask = jax.tree.map(lambda leaf: jnp.asarray(leaf)[None], (obs, mask))
            actions, carry = player.act(action_key, obs, mask, carry, first[None])
            return actions[0], carry
        wild = jax.random.uniform(choice_key, (), jnp.float32) < 0.1
        return jnp.where(wild, jax.random.randint(action_key, (), 0, 3, jnp.int32), follow_ball(state)), carry

    @jax.jit
    def run(key: jax.Array) -> tuple[PongState, jax.Array]:
        start_key, key = jax.random.split(key)

        def body(now: tuple[PongState, jax.Array, Any], step: Any) -> Any:
            (state, over, carry), (key, first) = now, step
            step_key, *own_keys = jax.random.split(key, 3)
            action, carry = choose(own_keys, state, carry, first)
            _, after, _, terminated, truncated, _ = env.step_env(step_key, state, action, params)
            return (after, over | terminated | truncated, carry), (state, over)

        start = (env.reset_env(start_key, params)[1], jnp.bool_(False), player.initial_carry(1) if player else ())
        return jax.lax.scan(body, start, (jax.random.split(key, longest), jnp.arange(longest) == 0))[1]

    states, over = run(jax.random.key(seed))
    count = int(np.sum(~np.asarray(over)))
    return jax.tree.map(lambda leaf: np.asarray(leaf)[:count], states)


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status: 0 written, 1 not possible here, 2 wrong arguments, 130 interrupted."""
    return run_command("pongjax.render", lambda: _run(argv))


def _run(argv: Sequence[str] | None) -> int:
    parser = argparse.ArgumentParser(prog="python -m pongjax.render", description="Play a game and write its page.")
    parser.add_argument("--seed", type=seed, default=0)
    parser.add_argument(
        "--policy", metavar="FILE", help="a policy's file, or the name of one that ships, as pongjax/pong-small"
    )
    parser.add_argument("--greedy", action="store_true", help="the policy takes its likeliest action, not a draw")
    parser.add_argument("--frame-skip", type=int, help="frames of one agent step (default: 1; the policy's own)")
    parser.add_argument("--points", type=int, default=3, help="points that win the game (default: %(default)s)")
    parser.add_argument("--out", type=path, required=True, metavar="HTML", help="where to write the page")
    arguments = parser.parse_args(argv)
    if arguments.points < 1:
        parser.error(f"--points must be at least 1, got {arguments.points}")
    player, label = None, "Pong"
    try:
        if arguments.policy is not None:
            player = policy.load(arguments.policy, greedy=arguments.greedy)
            label = f"Pong, {player.name}"
        env = (
            PufferPong(frame_skip=1 if arguments.frame_skip is None else arguments.frame_skip)
            if player is None
            else _its_own(player, arguments)
        )
    except (FileNotFoundError, policy.PolicyFileError) as error:
        print(f"error: --policy {error}", file=sys.stderr)
        return 1
    except ValueError as error:
        parser.error(str(error))
    params, remedy = PongParams(max_score=arguments.points), "choose another file with --out"
    try:
        files.check_writable(arguments.out, remedy)
        states = play_game(env, arguments.seed, params=params, player=player)
        page = html(states, params, title=f"{label}, seed {arguments.seed}", frame_skip=env.frame_skip)
        files.write(arguments.out, page, remedy)
    except files.StorageError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{arguments.out}: {len(states.tick)} steps")
    return 0


def _its_own(player: ExportedPolicy, arguments: argparse.Namespace) -> PufferPong:
    """The environment of a policy. `ValueError` for another game, or other frames than it was trained with."""
    env = make(player.env)
    if not isinstance(env, PufferPong):
        raise ValueError(f"--policy {arguments.policy}: plays {player.env}, and only games of Pong are drawn here")
    if arguments.frame_skip not in (None, env.frame_skip):
        raise ValueError(
            f"--frame-skip {arguments.frame_skip}: {player.name} decides every {env.frame_skip} frames; leave it out"
        )
    return env


if __name__ == "__main__":
    sys.exit(main())
