'use strict';
// Ways to choose among the legal actions, so that a sweep reaches what uniform play seldom does.
const { dex, TYPE_CODE } = require('../dex');
const { MOVE, NO_OP } = require('./legal');

/** xorshift32: choices must not touch the battle's own generator. */
class ChoiceRandom {
  constructor(seed) {
    // Two rounds of an integer hash, so that neighbouring seeds do not give neighbouring streams.
    let x = seed >>> 0;
    for (let i = 0; i < 2; i++) x = Math.imul(x ^ (x >>> 16), 0x45d9f3b) >>> 0;
    this.state = x || 1;
    this.visits = new Map(); // what the guided policy chose so far, by move id; switches under ''
  }

  below(n) {
    let x = this.state;
    x ^= x << 13;
    x >>>= 0;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x >>> 0;
    return this.state % n;
  }
}

const GREED = 8; // of 10 choices; the rest are uniform, so that every policy can leave a loop

function legalActions(mask) {
  const actions = [];
  for (let action = 0; action <= NO_OP; action++) if (mask & (1 << action)) actions.push(action);
  return actions;
}

function moveOf(side, action) {
  const entry = side.activeRequest.active[0].moves[action - MOVE];
  return dex.moves.get(entry.id);
}

function expectedDamage(side, move) {
  const foe = side.foe.active[0];
  if (!move.basePower || TYPE_CODE[move.type] === undefined) return move.basePower || 0;
  if (!dex.getImmunity(move.type, foe)) return 0;
  const stab = side.active[0].hasType(move.type) ? 1.5 : 1;
  return move.basePower * stab * 2 ** dex.getEffectiveness(move.type, foe);
}

const SCORES = {
  'max-damage': (side, action) => (action < MOVE ? -1 : expectedDamage(side, moveOf(side, action))),
  'status-first': (side, action) => (action < MOVE ? 0 : moveOf(side, action).category === 'Status' ? 2 : 1),
  'switch-averse': (side, action) => (action < MOVE ? 0 : 1),
  'stalling': (side, action) => (action < MOVE ? 1 : 0),
  'guided': (side, action, random) => -(random.visits.get(visited(side, action)) || 0),
};

const visited = (side, action) => (action < MOVE ? '' : moveOf(side, action).id);

/** One legal action of `side` under `policy`: uniform, or uniform among the best-scored ones most of the time. */
function choosePolicy(policy, side, mask, random) {
  const actions = legalActions(mask);
  if (actions.length === 1) return actions[0];
  if (policy === 'uniform' || side.activeRequest.forceSwitch || random.below(10) >= GREED) {
    return actions[random.below(actions.length)];
  }
  const score = SCORES[policy];
  if (!score) throw new Error(`unknown policy '${policy}'; known: uniform, ${Object.keys(SCORES).join(', ')}`);
  const scores = actions.map(action => score(side, action, random));
  const best = Math.max(...scores);
  const among = actions.filter((_, i) => scores[i] === best);
  const choice = among[random.below(among.length)];
  if (policy === 'guided') random.visits.set(visited(side, choice), (random.visits.get(visited(side, choice)) || 0) + 1);
  return choice;
}

module.exports = { ChoiceRandom, choosePolicy };
