// Prints the Gen 1 dex of the installed pokemon-showdown package as one JSON object on stdout.
//
// Raw values only: codes and array layouts are given by pokejax/gen1/dex.py and the generator of its tables. Everything a Gen 1 move can carry
// must be named here; a property that this file neither exports nor knows to be inert stops the export (see checkCovered).
'use strict';

const fs = require('fs');
const path = require('path');
const {Dex} = require('pokemon-showdown');
const {BattleActions} = require('pokemon-showdown/dist/sim/battle-actions');
const {exclusiveMoves, learnLevels, lowestLevel} = require('./obtainable');
const {spellings} = require('./spellings');

const root = path.dirname(require.resolve('pokemon-showdown/package.json'));
const version = require('pokemon-showdown/package.json').version;
const dex = Dex.mod('gen1');

// Exported properties: those that Gen 1's pipeline (data/mods/gen1/scripts.js) reads.
const EXPORTED = new Set([
  'num', 'id', 'name', 'type', 'basePower', 'accuracy', 'pp', 'priority', 'category', 'critRatio', 'target', 'multihit', 'recoil', 'drain',
  'secondary', 'secondaries', 'status', 'volatileStatus', 'boosts', 'self', 'selfdestruct', 'ohko', 'damage', 'damageCallback',
  'ignoreImmunity', 'noPPBoosts', 'flags', 'onMoveFail', 'onTry', 'onTryImmunity', 'onTryMove', 'onTryHit', 'onHit',
  'beforeMoveCallback', 'condition',
]);
// Properties that never reach a Gen 1 battle, or that say the same thing as an exported one.
const INERT = new Set([
  'fullname', 'effectType', 'exists', 'gen', 'shortDesc', 'desc', 'isNonstandard', 'sourceEffect', 'baseMoveType', 'maxMove', 'zMove',
  'contestType', 'hasCrashDamage', 'callsMove', 'onPrepareHit', 'onHitField',
  'onModifyMove', // thunder: weather
]);

function checkCovered(move) {
  for (const key of Object.keys(move)) {
    if (EXPORTED.has(key) || INERT.has(key)) continue;
    const value = move[key];
    if (value === undefined || value === false || value === '') continue;
    throw new Error(`move ${move.id}: property ${key} = ${JSON.stringify(value)} is neither exported nor known to be inert`);
  }
  for (const secondary of move.secondaries || []) {
    for (const key of Object.keys(secondary)) {
      if (!['chance', 'status', 'boosts', 'volatileStatus'].includes(key)) throw new Error(`move ${move.id}: secondary.${key}`);
    }
  }
  if ((move.secondaries || []).length > 1) throw new Error(`move ${move.id}: more than one secondary effect`);
  for (const key of Object.keys(move.self || {})) {
    if (key !== 'volatileStatus') throw new Error(`move ${move.id}: self.${key}`);
  }
}

// Sets that scripts.js keeps to itself are read from its text.
const scripts = fs.readFileSync(path.join(root, 'dist', 'data', 'mods', 'gen1', 'scripts.js'), 'utf8');
function privateList(name) {
  const match = scripts.match(new RegExp(`const ${name} = [^[]*\\[([^\\]]*)\\]`));
  if (!match) throw new Error(`${name} not found in data/mods/gen1/scripts.js of pokemon-showdown ${version}`);
  return [...match[1].matchAll(/"(\w+)"/g)].map(m => m[1]);
}

// Battle.calculatePP (sim/battle.js) with the PP Ups that Pokemon's constructor assumes.
function maxPP(move) {
  const ppUps = move.noPPBoosts ? 0 : 3;
  const battle = {gen: 1};
  return require('pokemon-showdown').Battle.prototype.calculatePP.call(battle, move, ppUps);
}

// The move that runMove (data/mods/gen1/scripts.js) makes up for a thawed Pokemon that never selected one: run it with a stand-in battle
// and catch what it hands to useMove.
function noMove() {
  const {Scripts} = require(path.join(root, 'dist', 'data', 'mods', 'gen1', 'scripts.js'));
  let caught = null;
  const battle = {dex, getTarget: () => null, runEvent: () => true, setActiveMove() {}, hint() {}};
  const pokemon = {getLockedMove: () => null, getSemiLockedMove: () => null, getMoveSlot: () => null, volatiles: {}, side: {}};
  Scripts.actions.runMove.call({battle, useMove(move) { caught = move; }}, 'nomove', pokemon, 0);
  return caught;
}

function moveRow(move) {
  const row = {};
  for (const key of ['num', 'id', 'name', 'type', 'basePower', 'accuracy', 'pp', 'priority', 'category', 'critRatio', 'target', 'multihit',
    'recoil', 'drain', 'secondary', 'status', 'volatileStatus', 'boosts', 'selfdestruct', 'ohko', 'damage', 'ignoreImmunity']) {
    row[key] = move[key] === undefined ? null : move[key];
  }
  row.maxPP = maxPP(move);
  row.selfVolatile = move.self ? move.self.volatileStatus : null;
  row.damageCallback = typeof move.damageCallback === 'function';
  row.targetChoosable = BattleActions.prototype.targetTypeChoices(move.target);
  row.crash = typeof move.onMoveFail === 'function';
  row.flags = Object.keys(move.flags);
  return row;
}

const moves = dex.moves.all().filter(m => m.num >= 1 && m.num <= 165).sort((a, b) => a.num - b.num);
const moveRows = moves.map(move => {
  checkCovered(move);
  return moveRow(move);
});

// The pool that Metronome's onHit (data/mods/gen1/moves.js) samples from, in its order.
const metronome = dex.moves.all()
  .filter(m => (!m.isNonstandard || m.isNonstandard === 'Unobtainable') && m.flags['metronome'])
  .sort((a, b) => a.num - b.num).map(m => m.num);

const speciesRows = dex.species.all()
  .filter(s => s.num >= 1 && s.num <= 151 && !s.isNonstandard && !s.forme)
  .sort((a, b) => a.num - b.num)
  .map(s => ({
    num: s.num, id: s.id, name: s.name, types: s.types, baseStats: s.baseStats, tier: s.tier,
    learnset: [...dex.species.getMovePool(s.id)].map(id => dex.moves.get(id).num).sort((a, b) => a - b),
    learnLevels: learnLevels(dex, s), lowestLevel: lowestLevel(dex, s),
  }));

const types = dex.types.names();
const typeRows = types.map(attack => ({
  name: attack,
  effectiveness: Object.fromEntries(types.map(defend => [defend, dex.getEffectiveness(attack, [defend])])),
  immune: types.filter(defend => !dex.getImmunity(attack, [defend])),
}));

// Bans of the OU format as the rule table resolves them.
const ou = Dex.formats.getRuleTable(Dex.formats.get('gen1ou'));
const ouBans = {
  moves: moves.filter(m => ou.isBanned(`move:${m.id}`) || (ou.has('ohkoclause') && m.ohko)).map(m => m.num),
  species: speciesRows.filter(s => ou.isBannedSpecies(dex.species.get(s.id))).map(s => s.num),
};

process.stdout.write(JSON.stringify({
  version, moves: moveRows, noMove: moveRow(noMove()), metronome, species: speciesRows, types: typeRows, ouBans,
  exclusiveMoves: exclusiveMoves(dex, ou), spellings: spellings(dex),
  twoTurnMoves: privateList('TWO_TURN_MOVES'), skipLastDamage: privateList('SKIP_LASTDAMAGE'),
}));
