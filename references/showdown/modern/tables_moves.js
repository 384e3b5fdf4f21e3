'use strict';
// Rows of the table of moves, and the moves that Metronome draws from.
const { Battle } = require('pokemon-showdown/dist/sim/battle');

const PLAIN = [
  'id', 'name', 'num', 'type', 'basePower', 'accuracy', 'pp', 'priority', 'category', 'critRatio', 'target', 'multihit',
  'recoil', 'drain', 'heal', 'secondaries', 'status', 'volatileStatus', 'sideCondition', 'slotCondition',
  'pseudoWeather', 'weather', 'boosts', 'self', 'selfSwitch', 'selfdestruct', 'damage', 'ignoreImmunity',
  'nonGhostTarget',
];
const YES_NO = ['ohko', 'forceSwitch', 'breaksProtect', 'stallingMove', 'sleepUsable', 'hasCrashDamage', 'callsMove',
  'multiaccuracy', 'struggleRecoil', 'noPPBoosts'];
// Said elsewhere, without meaning in this generation, or text.
const INERT = new Set(['fullname', 'effectType', 'exists', 'gen', 'shortDesc', 'desc', 'isNonstandard', 'sourceEffect',
  'baseMoveType', 'maxMove', 'zMove', 'contestType', 'placeholderFor', 'secondary', 'flags', 'condition', 'noCopy']);
const SECONDARY = new Set(['chance', 'status', 'volatileStatus', 'boosts', 'self', 'onHit']);
const SELF = new Set(['volatileStatus', 'boosts', 'onHit']);

function checkCovered(move) {
  const known = key => PLAIN.includes(key) || YES_NO.includes(key) || INERT.has(key);
  for (const [key, value] of Object.entries(move)) {
    if (known(key) || typeof value === 'function' || /^on[A-Z]/.test(key)) continue;
    if (value === undefined || value === false || value === '' || value === null) continue;
    throw new Error(`move ${move.id}: ${key} = ${JSON.stringify(value)} is neither exported nor known to be inert`);
  }
  const parts = [['self', move.self, SELF], ...(move.secondaries ?? []).map(part => ['secondary', part, SECONDARY])];
  for (const [name, part, keys] of parts) {
    for (const key of Object.keys(part ?? {})) if (!keys.has(key)) throw new Error(`move ${move.id}: ${name}.${key}`);
  }
}

function moveRow(move, gen) {
  checkCovered(move);
  const row = { maxPP: Battle.prototype.calculatePP.call({ gen }, move, takesPPUps(move) ? 3 : 0) };
  for (const key of PLAIN) row[key] = move[key] ?? null;
  for (const key of YES_NO) row[key] = !!move[key];
  row.flags = Object.keys(move.flags);
  return row;
}

/** As in the constructor of sim/pokemon.js. */
const takesPPUps = move => !move.noPPBoosts && move.id !== 'trumpcard';

/** The moves that Metronome samples from, in its order, where nothing bars one: run it with a stand-in battle. */
function metronome(dex) {
  let found = null;
  const battle = { dex, gen: dex.gen, field: { pseudoWeather: {} }, sample: list => { found = list; return list[0]; },
    actions: { useMove() {} } };
  dex.moves.get('metronome').onHit.call(battle, { moves: [], volatiles: {} });
  return found.map(move => move.id);
}

module.exports = { metronome, moveRow };
