'use strict';
// A long-lived worker: one request frame in, one answer frame out. workers.py holds the other end.
//
// Request:  u8 operation, then its body (little-endian).
// Answer:   u8 status, u32 text length, text (UTF-8), then the operation's bytes.
const { startBattle } = require('./battle');
const { verdicts } = require('./choices');
const { numbers } = require('./dex');
const { inputLog } = require('./inputlog');
const { choose, legalMask, NO_OP } = require('./gen1/legal');
const { LiveBattles } = require('./live');
const { ChoiceRandom, choosePolicy } = require('./gen1/policy');
const { WIDTH, record } = require('./gen1/record');
const { RestoreError, Restorer } = require('./gen1/restore');
const { pairMaker } = require('./teams');
const { throughput } = require('./throughput');
const { Views, viewBytes } = require('./views');
const { TEAM_BYTES, readFrame, writeFrame, readTeam, writeTeam } = require('./gen1/wire');

const OK = 0;
const REJECTED = 1; // the simulator refused a choice, or wanted none or another
const ENDED_EARLY = 2; // the battle was over with actions left
const REFERENCE_ERROR = 3; // the simulator itself threw
const BAD_REQUEST = 4;

const MAX_STEPS = 10000; // a battle ties at turn 1000, at most a few joint steps a turn

class Reader {
  constructor(buffer, at) {
    this.buffer = buffer;
    this.at = at;
  }
  u32() { return this.buffer.readUInt32LE((this.at += 4) - 4); }
  seed() { return [this.u32(), this.u32()]; }
  text() {
    const length = this.u32();
    return this.buffer.toString('utf8', this.at, (this.at += length));
  }
  teams() {
    const teams = ['p1', 'p2'].map((player, n) => readTeam(this.buffer, this.at + n * TEAM_BYTES, player));
    this.at += 2 * TEAM_BYTES;
    return teams;
  }
  bytes(count) {
    const part = this.buffer.subarray(this.at, this.at + count);
    this.at += count;
    return part;
  }
  rest() { return this.buffer.subarray(this.at); }
}

function answer(status, text, ...parts) {
  const encoded = Buffer.from(text, 'utf8');
  const head = Buffer.allocUnsafe(5);
  head.writeUInt8(status, 0);
  head.writeUInt32LE(encoded.length, 1);
  writeFrame(head, encoded, ...parts);
}

const bytes = (array, count) => Buffer.from(array.buffer, array.byteOffset, count * 4);

/** Whether the simulator's code threw, and not the driver's. */
function thrownBySimulator(error) {
  const innermost = (error.stack || '').split('\n').find(line => /^\s+at /.test(line));
  return /[\\/]pokemon-showdown[\\/]dist[\\/]/.test(innermost || '');
}

/**
 * Body: format text, seed, two teams, actions u8[T, 2]. Answers the records up to where it got, and with `watched` the
 * players' views of these decision points.
 */
function replay(body, watched = false) {
  const format = body.text();
  const seed = body.seed();
  const teams = body.teams();
  const actions = body.rest();
  const steps = actions.length >> 1;
  const out = new Int32Array((steps + 1) * WIDTH);
  let done = 0;
  let views = new Views(null);
  const seen = () => [bytes(out, done * WIDTH), ...views.bytes()];
  try {
    const { battle, parties } = startBattle(format, seed, teams, watched);
    if (watched) views = new Views(battle);
    record(battle, parties, out, 0);
    views.take();
    for (done = 1; done <= steps; done++) {
      const step = done - 1;
      if (battle.ended) return answer(ENDED_EARLY, `over before step ${step} of ${steps}`, ...seen());
      for (let n = 0; n < 2; n++) {
        const refusal = choose(battle.sides[n], parties[n], actions[2 * step + n]);
        if (refusal) return answer(REJECTED, `step ${step}: ${refusal}`, ...seen());
      }
      battle.commitChoices();
      record(battle, parties, out, done * WIDTH);
      views.take();
    }
    return answer(OK, '', ...seen());
  } catch (error) {
    if (!thrownBySimulator(error)) throw error;
    return answer(REFERENCE_ERROR, `step ${done - 1}: ${error.stack}`, ...seen());
  }
}

/** Body: format, policy, seed, choice seed u32, step limit u32, two teams. Answers u32 T, records, actions, views. */
function play(body, watched = false) {
  const format = body.text();
  const policy = body.text();
  const seed = body.seed();
  const random = new ChoiceRandom(body.u32());
  const limit = Math.min(body.u32(), MAX_STEPS);
  const { battle, parties } = startBattle(format, seed, body.teams(), watched);
  const views = new Views(watched ? battle : null);
  const rows = [new Int32Array(WIDTH)];
  const actions = [];
  record(battle, parties, rows[0], 0);
  views.take();
  while (!battle.ended && actions.length < 2 * limit) {
    battle.sides.forEach((side, n) => {
      const mask = legalMask(battle, side, parties[n]);
      const action = mask === 1 << NO_OP ? NO_OP : choosePolicy(policy, side, mask, random);
      const refusal = choose(side, parties[n], action);
      if (refusal) throw new Error(`the legal mask allowed what the simulator refuses: ${refusal}`);
      actions.push(action);
    });
    battle.commitChoices();
    const row = new Int32Array(WIDTH);
    record(battle, parties, row, 0);
    rows.push(row);
    views.take();
  }
  const head = Buffer.allocUnsafe(4);
  head.writeUInt32LE(actions.length / 2, 0);
  answer(OK, '', head, ...rows.map(row => bytes(row, WIDTH)), Buffer.from(actions), ...views.bytes());
}

/** Body: kind text, seed, count u32. Answers count pairs of teams. */
function teams(body) {
  const kind = body.text();
  const seed = body.seed();
  const next = pairMaker(kind, seed, new ChoiceRandom(seed[0] ^ Math.imul(seed[1], 0x9e3779b1)));
  const parts = [];
  for (let left = body.u32(); left > 0; left--) parts.push(...next().map(writeTeam));
  answer(OK, '', ...parts);
}

/** Answers the version and the width of a record. */
function hello() {
  const { version } = require('pokemon-showdown/package.json');
  answer(OK, JSON.stringify({ version, node: process.version, width: WIDTH }));
}

/** Body: format text, seconds u32 in milliseconds, seed u32. Answers JSON {steps, battles, seconds}. */
function measure(body) {
  const format = body.text();
  const milliseconds = body.u32();
  answer(OK, JSON.stringify(throughput(format, milliseconds / 1000, body.u32())));
}

/** Body: format, both names, seed, two teams, actions u8[T, 2]. Answers the input log. */
function write(body) {
  const format = body.text();
  const names = [body.text(), body.text()];
  const seed = body.seed();
  const pair = body.teams();
  answer(OK, inputLog(format, seed, names, pair, body.rest()).join('\n'));
}

/** Body: format, seed, two teams, JSON of choices (see `verdicts`), actions u8[T, 2]. Answers JSON of verdicts. */
function tryChoices(body) {
  const format = body.text();
  const seed = body.seed();
  const pair = body.teams();
  const texts = JSON.parse(body.text());
  answer(OK, JSON.stringify(verdicts(format, seed, pair, body.rest(), texts)));
}

/**
 * One state: restored, recorded into `out` as it is or after both choices. Returns a status and a reason.
 * `views`: what the players see of the state restored, and what they are sent in the step.
 */
function stepOnce({ battle, parties, restore }, row, actions, out, at, views) {
  try {
    restore(row);
    views.takeFirst();
    for (let n = 0; actions && n < 2; n++) {
      const refusal = choose(battle.sides[n], parties[n], actions[n]);
      if (refusal) return [REJECTED, refusal];
    }
    if (actions) {
      battle.commitChoices();
      views.take();
    }
    record(battle, parties, out, at);
    return [OK, ''];
  } catch (error) {
    if (error instanceof RestoreError) return [REJECTED, error.message];
    if (!thrownBySimulator(error)) throw error;
    return [REFERENCE_ERROR, error.stack];
  }
}

/**
 * Body: format, u32 1 to play one joint step or 0 to restore only, u32 M, M pairs of teams, then N rows of int32:
 * which pair, p1's action + 256 * p2's, the record. Rows of one pair stand together. Answers N records, N statuses u8;
 * the text is JSON: [row, reason] of every row that is not fine (its record is all zeros). With `watched` the views of
 * each row follow: of the state restored, then of the step played.
 */
function step(body, watched = false) {
  const format = body.text();
  const plays = body.u32() === 1;
  const pairs = Array.from({ length: body.u32() }, () => body.teams());
  const rest = body.rest();
  const rows = new Int32Array(rest.length >> 2);
  rest.copy(Buffer.from(rows.buffer));
  const count = rows.length / (WIDTH + 2);
  if (!Number.isInteger(count)) throw new Error(`${rest.length} bytes are no whole number of rows of ${WIDTH + 2} int32`);
  const out = new Int32Array(count * WIDTH);
  const statuses = Buffer.alloc(count);
  const reasons = [];
  const taken = [];
  let restorer = null;
  let current = -1;
  for (let i = 0; i < count; i++) {
    const row = rows.subarray(i * (WIDTH + 2), (i + 1) * (WIDTH + 2));
    if (row[0] !== current) {
      current = row[0];
      restorer = null;
    }
    // The simulator takes the teams as its own, so that each Battle needs its own copies.
    restorer ??= new Restorer(format, structuredClone(pairs[current]), watched);
    const actions = plays ? [row[1] & 0xff, row[1] >> 8] : null;
    const views = new Views(watched ? restorer.battle : null);
    const [status, reason] = stepOnce(restorer, row.subarray(2), actions, out, i * WIDTH, views);
    taken.push(views.taken);
    statuses[i] = status;
    if (status !== OK) {
      reasons.push([i, reason]);
      restorer = null; // what was interrupted halfway is not used again
    }
  }
  answer(OK, JSON.stringify(reasons), bytes(out, out.length), statuses, ...(watched ? viewBytes(taken) : []));
}

const live = new LiveBattles();

/**
 * `count` times: `read()` gives a slot and the change to make there, which returns a refusal or ''. Answers `count`
 * records and `count` statuses u8; the text is JSON: [entry, reason] of every one not fine (its record is all zeros).
 */
function each(count, read) {
  const out = new Int32Array(count * WIDTH);
  const statuses = Buffer.alloc(count);
  const reasons = [];
  for (let i = 0; i < count; i++) {
    const [slot, change] = read();
    try {
      const refusal = change();
      if (refusal) {
        statuses[i] = REJECTED;
        reasons.push([i, refusal]);
      } else {
        live.record(slot, out, i);
      }
    } catch (error) {
      if (!thrownBySimulator(error)) throw error;
      live.drop(slot);
      statuses[i] = REFERENCE_ERROR;
      reasons.push([i, error.stack]);
    }
  }
  answer(OK, JSON.stringify(reasons), bytes(out, out.length), statuses);
}

/** Body: format, u32 N, then N times slot u32, seed, two teams, u32 T, actions u8[T, 2] to play at once. See `each`. */
function open(body) {
  const format = body.text();
  each(body.u32(), () => {
    const slot = body.u32();
    const seed = body.seed();
    const pair = body.teams();
    const played = body.bytes(2 * body.u32());
    return [slot, () => {
      live.open(slot, format, seed, pair);
      for (let at = 0; at < played.length; at += 2) {
        const refusal = live.advance(slot, [played[at], played[at + 1]]);
        if (refusal) return `step ${at / 2}: ${refusal}`;
      }
      return '';
    }];
  });
}

/** Body: u32 N, then N times slot u32, p1's action u8, p2's. One joint step of each; see `each`. */
function advance(body) {
  each(body.u32(), () => {
    const slot = body.u32();
    const actions = body.bytes(2);
    return [slot, () => live.advance(slot, actions)];
  });
}

/** Answers JSON: the numbers that stand for the reference's names, and what its dex says of each. */
function names() {
  answer(OK, JSON.stringify(numbers()));
}

const watched = operation => body => operation(body, true);

const OPERATIONS = [
  hello, replay, play, teams, measure, write, step, open, advance, names, watched(replay), watched(play), watched(step),
  tryChoices,
];

for (let frame = readFrame(); frame; frame = readFrame()) {
  try {
    const operation = OPERATIONS[frame[0]];
    if (!operation) throw new Error(`unknown operation ${frame[0]}`);
    operation(new Reader(frame, 1));
  } catch (error) {
    answer(BAD_REQUEST, error.stack);
  }
}
