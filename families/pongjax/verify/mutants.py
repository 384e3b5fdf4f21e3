"""Seeded bugs: slips that somebody porting PufferLib's Pong to JAX could make, one expression each.

Ids G1–G8 and X2–X15 are those of the project's catalogue of Pong and JAX porting bugs, as they apply here; the other
ids are words. G3 (the angle from the paddle's old position) is the return judged by it, because the angle depends on
the paddle's motion only; G5 shows at any point, because no ball can be at both walls.

Of the catalogue's cross-cutting bugs these have no place here. X1: a hook draws one bit from its key, there is no
second draw to share it with. X3, X7: nothing is indexed or sorted. X4, X5: there is no remainder and no rounding to
integers. X11 is `truncated-late`. X13: nothing is accumulated in
floats but the positions themselves, which are compared bit by bit. X14 is the action's clip, for want of a reward that
is computed from one: continuous actions only. X15: the rules act on one game, and L0 compares batches.

No mutant of the catalogue is known to be equivalent to the original. `DRAWS` act where lockstep gives both sides the
same serves: they are counted at level 3d alone.
"""

from __future__ import annotations

from functools import partial

from verification.mutants.mutant import Mutant

_ENV, _FRAME, _GAME, _OBSERVATION = ("pongjax." + name for name in ("env", "frame", "game", "observation"))

_PADDLES = partial(Mutant, module=_FRAME, function="move_paddles", expected="L1", owner=("paddles",))
_BALL = partial(Mutant, module=_FRAME, function="move_ball", expected="L1", owner=("ball",))
_COVERS = partial(Mutant, module=_FRAME, function="covers", expected="L1", owner=("draws", "ball"))
_SPIN = partial(Mutant, module=_FRAME, function="spin", expected="L1", owner=("ball",))
_WALLS = partial(Mutant, module=_FRAME, function="play_frame", expected="L1", owner=("draws", "ball"))
_STEP = partial(Mutant, module=_GAME, function="play_step", expected="L1", owner=("round",))
_SKIP = partial(Mutant, module=_GAME, expected="L1")
_SERVE = partial(Mutant, module=_GAME, function="serve", expected="L1", owner=("ball",))
_LOG = partial(Mutant, module=_GAME, function="game_log", expected="L1", owner=("log",))
_SEEN = partial(Mutant, module=_OBSERVATION, function="observe_court", expected="L1", owner=("observation",))

_MOVE = "move_ball(move_paddles(court, direction, params), params)"
_FOLLOW = "clamp(towards_ball, -params.paddle_speed, params.paddle_speed)"
_COVER = "(ball_y + params.ball_height > paddle_y) & (ball_y < paddle_y + params.paddle_height)"
_SHOW = "observe_court(shown, score_l, score_r, params, strict)"

FRAMES: tuple[Mutant, ...] = (
    _PADDLES(
        "clip-first", old="clamp(court.paddle_yr + step, low, high)",
        new="clamp(court.paddle_yr, low, high) + step",
        changes="the agent's paddle is kept in reach before it moves, and not after",
        why="shows only in the step that leaves the range",
    ),
    _PADDLES(
        "whole-paddle-inside", old="clamp(court.paddle_yr + step, low, high)",
        new="clamp(court.paddle_yr + step, 0.0, params.height - params.paddle_height)",
        changes="no half of the agent's paddle may leave the court",
    ),
    _PADDLES(
        "opponent-leaves", old=f"clamp(court.paddle_yl + {_FOLLOW}, low, high)", new=f"court.paddle_yl + {_FOLLOW}",
        changes="the opponent's paddle is not kept in reach",
        why="it follows the ball, which is seldom far enough outside to draw it out",
    ),
    _PADDLES(
        "opponent-uncapped", old=_FOLLOW, new="towards_ball",
        changes="the opponent is as fast as it needs to be", owner=("draws", "paddles"),
    ),
    _PADDLES(
        "opponent-jerks", old=_FOLLOW, new="jnp.sign(towards_ball) * params.paddle_speed",
        changes="the opponent always moves at full speed", why="the same but for the last pixels",
    ),
    _PADDLES(
        "opponent-centre", old="court.ball_y - (court.paddle_yl + params.paddle_height / 2)",
        new="court.ball_y + params.ball_height / 2 - (court.paddle_yl + params.paddle_height / 2)",
        changes="the opponent follows the ball's middle", why="the C follows its lower edge, surely an oversight",
    ),
    _PADDLES(
        "opponent-ahead", function="play_frame", old=_MOVE,
        new="move_paddles(move_ball(court, params), direction, params)",
        changes="the paddles move after the ball: the opponent sees where it is now",
    ),
    _COVERS("G1", old=_COVER, changes="the ball's middle decides whether a paddle has it, and not its edges",
            new="(ball_y + params.ball_height / 2 > paddle_y)"
                " & (ball_y + params.ball_height / 2 < paddle_y + params.paddle_height)"),
    _COVERS("touch-below", old="ball_y + params.ball_height > paddle_y", new="ball_y + params.ball_height >= paddle_y",
            changes="a ball that only touches the paddle's lower corner is hit", why="seen only exactly on the edge"),
    _COVERS("touch-above", old="ball_y < paddle_y + params.paddle_height",
            new="ball_y <= paddle_y + params.paddle_height",
            changes="a ball that only touches the paddle's upper corner is hit", why="seen only exactly on the edge"),
    _BALL(
        "G2", old="court.replace(ball_x=court.ball_x + court.ball_vx, ball_y=y,"
                  " ball_vy=jnp.where(outside, -court.ball_vy, court.ball_vy))",
        new="court.replace(ball_x=court.ball_x + court.ball_vx,"
            " ball_y=clamp(y, 0.0, params.height - params.ball_height),"
            " ball_vy=jnp.where(outside, -court.ball_vy, court.ball_vy))",
        changes="at the top and the bottom the ball is put back into the court",
    ),
    _BALL("X12", old="(y < 0) | (y + params.ball_height > params.height)",
          new="(court.ball_y < 0) | (court.ball_y + params.ball_height > params.height)",
          changes="the wall is where the ball was before it moved: it turns round a frame late"),
    _BALL("bottom-touch", old="y < 0", new="y <= 0", changes="a ball exactly at the bottom turns round"),
    _BALL("top-touch", old="y + params.ball_height > params.height", new="y + params.ball_height >= params.height",
          changes="a ball exactly at the top turns round"),
    _BALL("top-lower-edge", old="y + params.ball_height > params.height", new="y > params.height",
          changes="the top is reached by the ball's lower edge"),
    _BALL("bounce-away", old="jnp.where(outside, -court.ball_vy, court.ball_vy)",
          new="jnp.where(y < 0, jnp.abs(court.ball_vy),"
              " jnp.where(y + params.ball_height > params.height, -jnp.abs(court.ball_vy), court.ball_vy))",
          changes="a ball outside always turns towards the court",
          why="the usual repair; differs only where a ball is outside and already comes back"),
    _WALLS("left-touch", old="court.ball_x < 0", new="court.ball_x <= 0",
           changes="a ball exactly at the left wall has reached it"),
    _WALLS("right-touch", old="court.ball_x + params.ball_width > params.width",
           new="court.ball_x + params.ball_width >= params.width",
           changes="a ball exactly at the right wall has reached it"),
    _WALLS("right-left-edge", old="court.ball_x + params.ball_width > params.width", new="court.ball_x > params.width",
           changes="the right wall is reached by the ball's left edge", owner=("draws", "ball", "round")),
    _WALLS("G3", old="covers(court.paddle_yr, court.ball_y, params)",
           new="covers(court.paddle_yr - params.paddle_speed * direction, court.ball_y, params)",
           changes="a return is judged by where the paddle was before it moved"),
    _WALLS("block-goes-on", old="jnp.where(blocked, -court.ball_vx, court.ball_vx)", new="court.ball_vx",
           changes="the opponent's paddle does not turn the ball round", owner=("ball",)),
    _WALLS("block-put-back", old="jnp.where(returned, clamp(court.ball_x, 0.0, params.width - params.ball_width),"
                                 " court.ball_x)",
           new="clamp(court.ball_x, 0.0, params.width - params.ball_width)",
           changes="the ball is put back into the court at the opponent's paddle, too", owner=("ball",)),
    _WALLS("return-stays-right", old="jnp.where(returned, clamp(court.ball_x, 0.0, params.width - params.ball_width),"
                                     " court.ball_x)",
           new="court.ball_x", changes="a returned ball is not put back to the left of the wall", owner=("ball",)),
    _WALLS("return-stays-high", old="jnp.where(returned, clamp(court.ball_y, 0.0, params.height - params.ball_height),"
                                    " court.ball_y)",
           new="court.ball_y", changes="a returned ball is not put back below the top", owner=("ball",),
           why="needs a return in the frame of a bounce off the top or the bottom"),
    _WALLS("return-own-height", old="params.height - params.ball_height", new="params.height",
           changes="a returned ball is put back by its lower edge", owner=("ball",)),
    _WALLS("wall-after-paddle", old="spin(court.ball_vy, direction, params)",
           new="jnp.where((court.ball_y < 0) | (court.ball_y + params.ball_height > params.height),"
               " -spin(-court.ball_vy, direction, params), spin(court.ball_vy, direction, params))",
           changes="in a frame with both, the wall turns the ball round after the paddle", owner=("ball",),
           why="needs a return in the frame of a bounce off the top or the bottom"),
    _WALLS("own-bounces", old="blocked.astype(jnp.int32) + returned.astype(jnp.int32)",
           new="returned.astype(jnp.int32)", changes="only the agent's returns count as bounces", owner=("round",)),
    _SPIN("G8", old="clamp(faster, -params.ball_max_speed_y, params.ball_max_speed_y)", new="faster",
          changes="the ball's vertical speed has no cap"),
    _SPIN("spin-against", old="params.ball_speed_y_increment * direction",
          new="-params.ball_speed_y_increment * direction",
          changes="the ball is spun against the paddle's motion"),
    _SPIN("spin-only-up", old="direction != 0", new="direction > 0",
          changes="a paddle that goes down does not spin the ball"),
    _SPIN("spin-factored", old="vy + jnp.where(moving, params.ball_speed_y_increment * direction, 0.0)",
          new="params.ball_speed_y_increment"
              " * (vy / params.ball_speed_y_increment + jnp.where(moving, direction, 0.0))",
          changes="the same sum in another order of operations: rounded elsewhere", why="a last bit"),
    _SPIN("level-double", old="jnp.abs(faster) <= jnp.float32(LEAST_VERTICAL_SPEED)",
          new="jnp.abs(faster) < jnp.float32(LEAST_VERTICAL_SPEED)",
          changes="0.01 is taken for a float32: exactly that speed is not level",
          why="one representable number; discrete play never has it"),
    _SPIN("level-kept", old="jnp.where(nearly_level, params.ball_speed_y_increment, faster)", new="faster",
          changes="a level ball stays level"),
    _SPIN("level-down", old="jnp.where(nearly_level, params.ball_speed_y_increment, faster)",
          new="jnp.where(nearly_level, jnp.where(faster < 0, -params.ball_speed_y_increment,"
              " params.ball_speed_y_increment), faster)",
          changes="a nearly level ball that falls gets its speed downwards",
          why="a ball exactly level goes up all the same"),
)  # fmt: skip

GAMES: tuple[Mutant, ...] = (
    _STEP("G5", old="scored & play.won", new="scored & ~play.won", changes="the point goes to the other side",
          owner=("round", "outcome")),
    _STEP("G6", old="jnp.where(play.won, score_r, score_l) == params.max_score",
          new="jnp.where(play.won, score_r, score_l) == params.max_score - 1", changes="a game ends at 20 points"),
    _STEP("win-by-more", old="jnp.where(play.won, score_r, score_l) == params.max_score",
          new="jnp.where(play.won, score_r, score_l) > params.max_score", changes="a game ends at 22 points"),
    _STEP("only-the-agent-wins", old="jnp.where(play.won, score_r, score_l) == params.max_score",
          new="score_r == params.max_score", changes="the opponent's 21st point ends nothing"),
    _STEP("score-kept", old="jnp.where(terminated, 0, score_l)", new="score_l",
          changes="the opponent keeps its points in the next game"),
    _STEP("tick-kept", old="jnp.where(scored, 0, tick)", new="tick", changes="a round goes on counting from the last"),
    _STEP("tick-frames", old="state.tick + 1", new="state.tick + frame_skip",
          changes="rounds count frames, and not the agent's steps", owner=("round", "log")),
    _STEP("X6", old="state.tick + 1", new="(state.tick + 1).astype(jnp.int8)",
          changes="a round's steps are counted in 8 bits", owner=("round", "log")),
    _STEP("bounces-kept", old="jnp.where(scored, 0, play.n_bounces)", new="play.n_bounces",
          changes="bounces are counted on after a point"),
    _STEP("X8", old="terminated | play.seen", new="play.seen",
          changes="after the last point the observation is of the old game", owner=("observation",)),
    _STEP("X9", function="after_frame", old="select(completed, frame.court, play.court)", new="frame.court",
          changes="what the frame of the point left is observed, and played on from", owner=("observation",)),
    _STEP("X10", old="select(scored, serve(serve_bit, params, strict), play.court)",
          new="select(scored, play_frame(serve(serve_bit, params, strict), direction, params).court, play.court)",
          changes="a step goes on after its point, in the new round", owner=("paddles", "ball")),
    _STEP("stale-repaired", old="select(terminated, court, play.court)", new="select(scored, court, play.court)",
          changes="the observation after a point is of the new round", owner=("observation",)),
    _STEP("stale-computed", old="terminated | play.seen", new="terminated | play.seen | scored",
          changes="a point on the first frame is followed by an observation of the state before it",
          owner=("observation",), why="in play that is the observation there was: only injected states tell"),
    _STEP("stale-blank", old="state.observation", new="jax.tree.map(jnp.zeros_like, state.observation)",
          changes="a point on the first frame is followed by an empty observation", owner=("observation",)),
    _STEP("length-of-game", old="tick if strict else state.time + 1", new="state.time + 1",
          changes="the log has the length of the game, and not of its last round", owner=("log",)),
    _STEP("first-return-lost", function="after_frame", old="play.returned | (play.playing & frame.returned)",
          new="play.playing & frame.returned", changes="only a return on the last frame is rewarded",
          owner=("outcome",)),
    _STEP("unseen-frames", function="after_frame", old="play.seen | completed", new="completed",
          changes="a point hides the frames before it: the observation stays that of before the step",
          owner=("observation",)),
    _STEP("bounce-of-the-point", function="after_frame", old="jnp.where(completed, frame.bounces, 0)",
          new="jnp.where(play.playing, 0, frame.bounces)", changes="bounces are counted after a point, and no others"),
    _SKIP("G7", function="play_frames.next_frame", old="play_frame(play.court, direction, params)",
          new="play_frame(play.court, jnp.where(_ == 0, direction, 0.0), params)",
          changes="the action is played on the first frame only", owner=("paddles", "ball")),
    _SKIP("frames-seven", function="play_frames", old="frame_skip", new="frame_skip - 1", occurrence=2,
          changes="a step is a frame short", owner=("draws", "paddles", "ball")),
    _SKIP("reward-added", function="step_reward", old="jnp.where(play.playing, returned, point)",
          new="point + returned", changes="a return before a point in the same step is rewarded as well",
          owner=("outcome",), why="needs a return and a point within eight frames, which play never has"),
    _SKIP("reward-of-the-return", function="step_reward", old="jnp.where(play.playing, returned, point)",
          new="jnp.where(play.returned, returned, point)", changes="a return hides the point after it",
          owner=("outcome",), why="as above"),
    _SKIP("lost-for-nothing", function="step_reward", old="jnp.where(play.won, 1.0, -1.0)",
          new="jnp.where(play.won, 1.0, 0.0)", changes="a point lost is not punished", owner=("outcome",)),
    _SERVE("serve-up", old="bit - 1 if strict else 2 * bit - 1", new="bit", changes="serves are level or up"),
    _SERVE("serve-sides", old="bit - 1 if strict else 2 * bit - 1", new="2 * bit - 1",
           changes="serves are down or up", why="surely what was meant"),
    _SERVE("serve-to-the-left", old="params.ball_initial_speed_x", new="-params.ball_initial_speed_x",
           changes="the ball is served to the opponent"),
    _SERVE("serve-from-the-middle", old="params.width / 5", new="params.width / 2",
           changes="the ball is served from the middle"),
    _SERVE("serve-by-the-edge", old="middle - params.ball_height / 2", new="middle",
           changes="not the ball's middle but its lower edge begins in the middle"),
    _SERVE("paddle-by-the-edge", old="middle - params.paddle_height / 2", new="middle", occurrence=2,
           changes="the agent's paddle begins above the middle", owner=("paddles",)),
    _LOG("performance-of-score", old="right / played", new="(right - left) / played",
         changes="the performance is the difference's share of all points"),
    _LOG("always-logged", old="jnp.where(ended, value, 0.0)", new="value", changes="every step is logged as a game"),
)  # fmt: skip

OBSERVED: tuple[Mutant, ...] = (
    _SEEN("by-the-court", old="(court.paddle_yl - low) / (high - low)", new="court.paddle_yl / params.height",
          changes="the opponent's paddle is observed in heights of the court"),
    _SEEN("paddles-swapped", old="(court.paddle_yr - low) / (high - low)", new="(court.paddle_yl - low) / (high - low)",
          changes="both paddles are observed as the opponent's"),
    _SEEN("by-its-way", old="court.ball_x / params.width", new="court.ball_x / (params.width - params.ball_width)",
          changes="the ball's x is observed as the share of its way"),
    _SEEN("speed-uncentred", old="(court.ball_vy + params.ball_max_speed_y) / (2 * params.ball_max_speed_y)",
          new="court.ball_vy / params.ball_max_speed_y", changes="vertical speeds are observed in −1 … 1"),
    _SEEN("speed-by-x", old="(court.ball_vy + params.ball_max_speed_y) / (2 * params.ball_max_speed_y)",
          new="(court.ball_vy + params.ball_initial_speed_x) / (2 * params.ball_initial_speed_x)",
          changes="vertical speeds are scaled as horizontal ones"),
    Mutant("scores-seen", _OBSERVATION, "observe_court.share", "jnp.float32(0)",
           "score.astype(jnp.float32) / params.max_score.astype(jnp.float32)",
           "the scores are observed as fractions", "L1", ("observation",), "the C divides integers"),
)  # fmt: skip

DISCRETE: tuple[Mutant, ...] = (
    Mutant("up-is-down", _ENV, "PufferPong.direction",
           "(action == UP).astype(jnp.float32) - (action == DOWN).astype(jnp.float32)",
           "(action == DOWN).astype(jnp.float32) - (action == UP).astype(jnp.float32)",
           "action 1 goes down", "L1", ("paddles",), "rows of an image grow downwards"),
    Mutant("others-go-down", _ENV, "PufferPong.direction", "action == DOWN", "action >= DOWN",
           "actions above 2 go down instead of staying", "L1", ("paddles",), "nobody may play them"),
)  # fmt: skip

CONTINUOUS: tuple[Mutant, ...] = (
    Mutant("X14", _ENV, "PufferPong.direction", "jnp.clip(jnp.asarray(action, jnp.float32), -1.0, 1.0)",
           "jnp.asarray(action, jnp.float32)", "actions beyond full speed are not clipped", "L1", ("paddles",),
           "nobody may play them"),
    Mutant("signs-only", _ENV, "PufferPong.direction", "jnp.clip(jnp.asarray(action, jnp.float32), -1.0, 1.0)",
           "jnp.sign(jnp.asarray(action, jnp.float32))", "any motion is at full speed", "L1", ("paddles",)),
    _SPIN("spin-once-rounded", old="vy + jnp.where(moving, params.ball_speed_y_increment * direction, 0.0)",
          new="vy + params.ball_speed_y_increment * direction"
              " + ((2 * direction - params.ball_speed_y_increment * direction) + direction)",
          changes="the product is not rounded before it is added, as in a fused multiply-add",
          why="a last bit; what compilers do unasked"),
    _SPIN("spin-full", old="params.ball_speed_y_increment * direction",
          new="params.ball_speed_y_increment * jnp.sign(direction)",
          changes="a slow paddle spins the ball as a fast one does"),
)  # fmt: skip

_RANDOM = partial(Mutant, module=_ENV, expected="L3d", owner=("draws",))

_BIT = "jax.random.bits(key, (), jnp.uint32) >> 31"
_ENDS = partial(Mutant, expected="L1", owner=("outcome", "episode"))
_AUTORESET = partial(_ENDS, module="jaxenv.autoreset", function="step", owner=("contract", "episode"))
_INFO = """{**info, "final_observation": obs, "final_legal_actions": env.legal_actions(env_state, params),
    "returned_episode": ended,
    "returned_episode_return": jnp.where(ended, episode_return, jnp.zeros_like(episode_return)),
    "returned_episode_length": jnp.where(ended, episode_length, 0)}"""
_OF_NEXT = (
    '"final_observation": jax.tree.map(lambda new, old: jnp.where(ended, new, old),'
    " reset_hook(env)(jax.random.split(key)[1], params)[0], obs)"
)
_ABOVE = "(jax.random.bits(key, (), jnp.uint32) >= jnp.uint32({})).astype(jnp.uint32)"
_CHANCE = partial(Mutant, module=_ENV, function="draw_serve_bit", old=_BIT, expected="L1", owner=("ball",))

ENDS: tuple[Mutant, ...] = (
    _ENDS("truncated-late", _ENV, "PufferPong.step_env", "state.time >= params.max_steps_in_episode",
          "state.time > params.max_steps_in_episode", "a limit cuts off one step late"),
    _ENDS("truncated-early", _ENV, "PufferPong.step_env", "state.time >= params.max_steps_in_episode",
          "state.time >= params.max_steps_in_episode - 1", "a limit cuts off one step early"),
    _ENDS("truncation-ends", _ENV, "PufferPong.step_env",
          "(state.observation, state, out.reward, out.terminated, truncated, info)",
          "(state.observation, state, out.reward, out.terminated | truncated, truncated & False, info)",
          "truncation is reported as termination"),
    _ENDS("last-point-for-nothing", _ENV, "PufferPong.step_env",
          "(state.observation, state, out.reward, out.terminated, truncated, info)",
          "(state.observation, state, out.reward * ~out.terminated, out.terminated, truncated, info)",
          "the point that ends a game is not paid for"),
    _AUTORESET("final-observation-next", old=_INFO, new=_INFO.replace('"final_observation": obs', _OF_NEXT),
               changes="final_observation is of the next game", why="after an end by the rules strict Pong's is, too"),
    _AUTORESET("final-mask-empty", old="env.legal_actions(env_state, params)",
               new="jnp.zeros_like(env.legal_actions(env_state, params))", changes="the last mask allows nothing"),
    _AUTORESET("return-without-the-last", old="state.episode_return + reward",
               new="state.episode_return + jnp.where(terminated | truncated, 0.0, reward)",
               changes="an episode's return lacks its last reward"),
    _AUTORESET("length-without-the-last", old="state.episode_length + 1", new="state.episode_length",
               changes="an episode's length lacks its last step"),
    _AUTORESET("no-reset-when-cut-off", old="maybe(ended, begin, env_state)", new="maybe(terminated, begin, env_state)",
               changes="a game that is cut off goes on"),
    _AUTORESET("old-observation-goes-on", old="env.observe(env_state, params)",
               new="env.observe(state.env_state, params)", changes="step returns the observation of before it"),
    _CHANCE("chance-higher", new=_ABOVE.format("2**31 - 2**24"),
            changes="a serve is level with a chance 1/256 too high", why="statistics need a million serves to see it"),
    _CHANCE("chance-lower", new=_ABOVE.format("2**31 + 2**24"),
            changes="a serve is level with a chance 1/256 too low", why="as above"),
)  # fmt: skip

DRAWS: tuple[Mutant, ...] = (
    _RANDOM("G4", function="draw_serve_bit", old=_BIT, new="jnp.uint32(0)", changes="every serve is the same"),
    _RANDOM("X2", function="PufferPong.step_env", old="draw_serve_bit(key)", new="draw_serve_bit(jax.random.key(0))",
            changes="all lanes and steps serve from one key"),
    _RANDOM("reset-serves-level", function="PufferPong.reset_env", old="draw_serve_bit(key)", new="jnp.uint32(1)",
            changes="the first serve of a game is always level"),
    _RANDOM("three-serves", function="draw_serve_bit", old=_BIT, new="jax.random.bits(key, (), jnp.uint32) % 3",
            changes="serves are down, level or up"),
    _RANDOM("serve-uneven", function="draw_serve_bit", old=_BIT,
            new="(jax.random.bits(key, (), jnp.uint32) > 2**30).astype(jnp.uint32)",
            changes="three serves of four are level"),
    _RANDOM("serve-of-the-state", function="PufferPong.step_env", old="draw_serve_bit(key)",
            new="draw_serve_bit(jax.random.fold_in(jax.random.key(0), state.score_l))",
            changes="the serve depends on the score, and not on the key"),
)  # fmt: skip


def mutants(continuous: bool) -> tuple[Mutant, ...]:
    """The catalogue of levels 1 to 3. Number k of the mutation switch is entry k − 1."""
    return (*FRAMES, *GAMES, *OBSERVED, *ENDS, *(CONTINUOUS if continuous else DISCRETE))


SURVIVORS = {
    "2b47d1b0b1be": "before every step both scores are below the last point, and only a point changes them: "
    "`scored &` is true wherever the other term is",
    "score-kept": "auto-reset begins the next game by `reset_env`, so that no step reads what an ended one has kept",
}
"""Mutants, seeded or random, that are no bugs: id → the reason."""
