/* Plays PufferLib's Pong, its header unmodified, for `library.py`: single steps from given states, and vectors of live
 * games. Serves are drawn from a generator of each game's own instead of the C library's one for the whole process. */
#include <float.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* 16: only half-precision numbers are computed wider. */
_Static_assert(FLT_EVAL_METHOD == 0 || FLT_EVAL_METHOD == 16, "float expressions must be computed as float");

#define EXPORTED __attribute__((visibility("default")))

typedef struct Pong Pong;
static int draw_serve(Pong *env);

/* pong.h calls rand() in one place, where the game is in scope under the name `env`. */
#define rand() draw_serve(env)
#include "pong.h"
#undef rand

/* A game and the generator of its serves. */
typedef struct {
    Pong pong; /* first, so that a pointer to it is one to the whole */
    uint32_t serve;
    unsigned char terminal;
} Game;

static int draw_serve(Pong *env) {
    Game *game = (Game *)env;
    game->serve = game->serve * 1664525u + 1013904223u;
    return (int)(game->serve >> 31);
}

/* All that a step depends on, and what it gives out. One list makes the struct and the layout that Python checks. */
#define PARAMS(FLOAT, INT) \
    FLOAT(width) FLOAT(height) FLOAT(paddle_width) FLOAT(paddle_height) FLOAT(ball_width) FLOAT(ball_height) \
    FLOAT(paddle_speed) FLOAT(ball_initial_speed_x) FLOAT(ball_initial_speed_y) FLOAT(ball_max_speed_y) \
    FLOAT(ball_speed_y_increment) INT(max_score) INT(frameskip) INT(continuous)
#define STATE(FLOAT, INT) \
    FLOAT(paddle_yl) FLOAT(paddle_yr) FLOAT(ball_x) FLOAT(ball_y) FLOAT(ball_vx) FLOAT(ball_vy) \
    INT(score_l) INT(score_r) INT(tick) INT(n_bounces)

typedef struct {
#define FLOAT(name) float name;
#define INT(name) int32_t name;
    STATE(FLOAT, INT)
    float observation[8];
    uint32_t serve;
    PARAMS(FLOAT, INT)
#undef FLOAT
#undef INT
    float action;
    float reward;
    int32_t terminal;
    float log[5];
} Case;

_Static_assert(sizeof(Log) == sizeof(((Case *)0)->log), "Log has five floats");

#define FIELDS(FIELD) \
    STATE(FIELD, FIELD) FIELD(observation) FIELD(serve) PARAMS(FIELD, FIELD) \
    FIELD(action) FIELD(reward) FIELD(terminal) FIELD(log)

/* Names of Case's fields in their order, a space after each. */
EXPORTED const char *field_names(void) {
#define NAME(name) #name " "
    return FIELDS(NAME);
#undef NAME
}

/* Offsets of Case's fields in their order, then its size, then that of a Game; returns how many numbers that is. */
EXPORTED int64_t layout(int64_t *out) {
    int64_t count = 0;
#define OFFSET(name) out[count++] = (int64_t)offsetof(Case, name);
    FIELDS(OFFSET)
#undef OFFSET
    out[count++] = (int64_t)sizeof(Case);
    out[count++] = (int64_t)sizeof(Game);
    return count;
}

/* Everything but the buffers, the observation among them. */
static void load(Game *game, const Case *from) {
    memset(game, 0, sizeof *game);
    Pong *pong = &game->pong;
#define COPY(name) pong->name = from->name;
    PARAMS(COPY, COPY)
    init(pong); /* sets counters of the state to 0 */
    STATE(COPY, COPY)
#undef COPY
    game->serve = from->serve;
}

static void store(const Game *game, Case *to) {
    const Pong *pong = &game->pong;
#define COPY(name) to->name = pong->name;
    STATE(COPY, COPY)
#undef COPY
    to->serve = game->serve;
    memcpy(to->log, &pong->log, sizeof to->log);
}

static void load_in_place(Game *game, Case *at) {
    load(game, at);
    game->pong.observations = at->observation;
    game->pong.actions = &at->action;
    game->pong.rewards = &at->reward;
    game->pong.terminals = &game->terminal;
}

/* A new game in each case: only its parameters and its serve generator matter. Outcomes become 0. */
EXPORTED void reset_cases(Case *cases, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        Game game;
        load_in_place(&game, &cases[i]);
        c_reset(&game.pong);
        store(&game, &cases[i]);
        cases[i].reward = 0;
        cases[i].terminal = 0;
    }
}

/* One step from the state of each case with its action; `log` becomes what the step added to PufferLib's Log. */
EXPORTED void step_cases(Case *cases, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        Game game;
        load_in_place(&game, &cases[i]);
        c_step(&game.pong);
        store(&game, &cases[i]);
        cases[i].terminal = game.terminal;
    }
}

/* Live games in the states of `cases`, on PufferLib's four buffers: [count, 8], and [count] each. Logs become 0. */
EXPORTED void load_games(
    Game *games, int64_t count, const Case *cases, float *observations, float *actions, float *rewards,
    unsigned char *terminals
) {
    for (int64_t i = 0; i < count; i++) {
        load(&games[i], &cases[i]);
        games[i].pong.observations = observations + 8 * i;
        games[i].pong.actions = actions + i;
        games[i].pong.rewards = rewards + i;
        games[i].pong.terminals = terminals + i;
        memcpy(games[i].pong.observations, cases[i].observation, sizeof cases[i].observation);
    }
}

/* The games' states, and in `log` the sums since they were loaded. Parameters and the action stay as they are. */
EXPORTED void store_games(const Game *games, int64_t count, Case *cases) {
    for (int64_t i = 0; i < count; i++) {
        store(&games[i], &cases[i]);
        memcpy(cases[i].observation, games[i].pong.observations, sizeof cases[i].observation);
        cases[i].reward = *games[i].pong.rewards;
        cases[i].terminal = *games[i].pong.terminals;
    }
}

EXPORTED void reset_games(Game *games, int64_t count) {
    for (int64_t i = 0; i < count; i++) c_reset(&games[i].pong);
}

EXPORTED void step_games(Game *games, int64_t count) {
    for (int64_t i = 0; i < count; i++) c_step(&games[i].pong);
}

/* Marsaglia's xorshift; its upper half. */
static inline uint32_t next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 32);
}

/* `steps` steps of every game with uniformly random actions; `random` is a state of xorshift, not 0. */
EXPORTED void play_randomly(Game *games, int64_t count, int64_t steps, int32_t continuous, uint64_t *random) {
    uint64_t state = *random;
    for (int64_t step = 0; step < steps; step++) {
        for (int64_t i = 0; i < count; i++) {
            uint32_t drawn = next_random(&state);
            games[i].pong.actions[0] =
                continuous ? (float)(int32_t)drawn * 0x1p-31f : (float)(((uint64_t)drawn * 3) >> 32);
            c_step(&games[i].pong);
        }
    }
    *random = state;
}
