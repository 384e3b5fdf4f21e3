'use strict';
// One decision point of a battle as int32 numbers, in the order of fields.json.
const fs = require('fs');
const path = require('path');
const { STATUS_CODE, TYPE_CODE, moveCode } = require('../dex');
const { legalMask, requestCode } = require('./legal');

const FIELDS = JSON.parse(fs.readFileSync(path.join(__dirname, 'fields.json'), 'utf8'));
const WIDTH = FIELDS.length;
const STATS = ['atk', 'def', 'spa', 'spd', 'spe'];
const VOLATILES = [
  'bide', 'confusion', 'disable', 'fakepartiallytrapped', 'flinch', 'focusenergy', 'invulnerability', 'leechseed',
  'lightscreen', 'lockedmove', 'mist', 'mustrecharge', 'partiallytrapped', 'partialtrappinglock', 'rage', 'reflect',
  'residualdmg', 'substitute', 'twoturnmove',
];
// Rage and Thrash carry a hit chance of 1..255, or `true` when the move cannot miss.
const accuracy = value => (value === true ? 256 : value || 0);

/** Writes the WIDTH fields of `battle` into `out` from `at`. `parties`: both sides' Pokémon in team order. */
function record(battle, parties, out, at) {
  const start = at;
  const seed = battle.prng.rng.seed;
  out[at++] = (seed[0] << 16) | seed[1];
  out[at++] = (seed[2] << 16) | seed[3];
  out[at++] = battle.turn;
  out[at++] = battle.lastDamage;
  out[at++] = battle.ended ? 1 : 0;
  out[at++] = !battle.winner ? 0 : battle.winner === battle.sides[0].name ? 1 : 2;
  for (let n = 0; n < 2; n++) at = recordSide(battle, battle.sides[n], parties[n], out, at);
  if (at - start !== WIDTH) throw new Error(`record.js wrote ${at - start} fields, fields.json names ${WIDTH}`);
  return at;
}

function recordSide(battle, side, party, out, at) {
  const active = side.active[0];
  out[at++] = requestCode(side);
  out[at++] = moveCode(side.lastSelectedMove);
  out[at++] = side.lastSelectedMoveSlot;
  out[at++] = moveCode(side.lastEnemySelectedMove);
  for (const move of [side.lastMove, side.lastEnemyMove]) {
    out[at++] = move ? moveCode(move.id) : 0;
    out[at++] = move ? move.basePower : -1;
    out[at++] = move ? TYPE_CODE[move.type] ?? 0 : -1;
  }
  out[at++] = side.faintedThisTurn ? 1 : 0;
  out[at++] = party.indexOf(active);
  out[at++] = legalMask(battle, side, party);
  for (let i = 0; i < 6; i++) {
    const member = party[i];
    if (!member) {
      for (let k = 0; k < 10; k++) out[at++] = 0;
      continue;
    }
    // What Showdown leaves in statusState once the Pokémon is awake (or never slept) is read by nobody.
    const sleep = member.status === 'slp' ? member.statusState : {};
    out[at++] = member.hp;
    out[at++] = STATUS_CODE[member.status];
    out[at++] = sleep.time || 0;
    out[at++] = !sleep.source ? 0 : sleep.source.side === side ? 1 : 2;
    for (let k = 0; k < 4; k++) out[at++] = member.baseMoveSlots[k] ? member.baseMoveSlots[k].pp : 0;
    out[at++] = member.position;
    out[at++] = member.subFainted ? 1 : 0;
  }
  return recordActive(active, battle.requestState === 'move', out, at);
}

/** `asked`: a move request is open. Between turns, `disabled`, `trapped` and `maybeLocked` are leftovers: emitted as 0. */
function recordActive(active, asked, out, at) {
  for (let k = 0; k < 4; k++) {
    const slot = active.moveSlots[k];
    out[at++] = slot ? moveCode(slot.id) : 0;
    out[at++] = slot ? slot.pp : 0;
    out[at++] = asked && slot && slot.disabled ? 1 : 0;
    out[at++] = slot && slot.virtual ? 1 : 0;
  }
  for (const stat of STATS) {
    out[at++] = active.boosts[stat];
    out[at++] = active.storedStats[stat];
    out[at++] = active.modifiedStats[stat];
  }
  out[at++] = active.boosts.accuracy;
  out[at++] = active.boosts.evasion;
  out[at++] = TYPE_CODE[active.types[0]] ?? 0;
  out[at++] = TYPE_CODE[active.types[1] || ''] ?? 0;
  out[at++] = active.transformed ? 1 : 0;
  out[at++] = active.species.num;
  out[at++] = active.subFainted ? 1 : 0;
  out[at++] = asked && active.trapped ? 1 : 0;
  out[at++] = asked && active.maybeLocked ? 1 : 0;
  out[at++] = active.lastMove ? moveCode(active.lastMove.id) : 0;
  const v = active.volatiles;
  for (const name of VOLATILES) out[at++] = v[name] ? 1 : 0;
  out[at++] = v.bide?.damage || 0;
  out[at++] = v.bide?.time || 0;
  out[at++] = v.confusion?.time || 0;
  out[at++] = moveCode(v.disable?.move || '');
  out[at++] = v.disable?.slotIndex ?? -1;
  out[at++] = v.disable?.time || 0;
  out[at++] = moveCode(v.lockedmove?.move || '');
  out[at++] = v.lockedmove?.time || 0;
  out[at++] = accuracy(v.lockedmove?.accuracy);
  out[at++] = accuracy(v.rage?.accuracy);
  out[at++] = v.substitute?.hp || 0;
  out[at++] = v.residualdmg?.counter || 0;
  out[at++] = moveCode(v.partialtrappinglock?.move || '');
  out[at++] = v.partialtrappinglock?.duration || 0;
  out[at++] = v.partialtrappinglock?.totalDuration || 0;
  out[at++] = v.partialtrappinglock?.damage || 0;
  out[at++] = v.partiallytrapped?.duration || 0;
  out[at++] = v.partiallytrapped?.maybeLocked ? 1 : 0;
  out[at++] = v.fakepartiallytrapped?.duration || 0;
  out[at++] = moveCode(v.twoturnmove?.move || '');
  return at;
}

module.exports = { FIELDS, STATS, VOLATILES, WIDTH, record };
