'use strict';
// Everything that the rules of a single battle read at a decision point, as numbers; and a battle from such numbers.
const { active } = require('./active');
const { conditions, field, queue } = require('./conditions');
const { party } = require('./party');
const { Namer, Reader, Visit, Writer } = require('./visit');

function whole(visit) {
  const { io, battle } = visit;
  const seed = () => battle.prng.rng.seed;
  ['prng_hi', 'prng_lo'].forEach((name, k) => io.number(
    name, () => (seed()[2 * k] << 16) | seed()[2 * k + 1],
    v => seed().splice(2 * k, 2, v >>> 16, v & 0xffff),
  ));
  io.number('turn', () => battle.turn, v => { battle.turn = v; });
  visit.code('request', visit.codes.requests, () => battle.requestState, v => { battle.requestState = v; });
  visit.flag('ended', () => battle.ended, v => { battle.ended = v; });
  io.number('winner', () => 1 + battle.sides.findIndex(side => battle.winner && side.name === battle.winner),
    v => { battle.winner = v ? battle.sides[v - 1].name : undefined; });
  visit.move('last_move', () => battle.lastMove?.id, v => { battle.lastMove = visit.activeMove(v); });
  for (const n of [0, 1]) party(visit, `p${n + 1}`, n);
  for (const n of [0, 1]) active(visit, `p${n + 1}.active`, n);
  for (const n of [0, 1]) conditions(visit, `p${n + 1}`, n);
  field(visit);
  queue(visit);
}

/** Names of a record's numbers in generation `gen`. */
function fieldNames(gen) {
  const namer = new Namer();
  whole(new Visit(namer, { gen, queue: { list: [] }, sides: [] }, [[], []], gen));
  const twice = namer.names.filter((name, k) => namer.names.indexOf(name) !== k);
  if (twice.length) throw new Error(`named twice: ${twice.join(', ')}`);
  return namer.names;
}

/** Writes the numbers of `battle` into `out` (Int32Array) from `at`; returns where they end. */
function record(battle, parties, out, at = 0) {
  const reader = new Reader(out, at);
  whole(new Visit(reader, battle, parties, battle.gen));
  return reader.at;
}

/** Puts the numbers `row` into a battle that has just been made (see restore.js). */
function write(battle, parties, row) {
  whole(new Visit(new Writer(row), battle, parties, battle.gen));
}

module.exports = { fieldNames, record, write };
