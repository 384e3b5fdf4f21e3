'use strict';
// A battle put into the state that a record describes: the inverse of record.js.
const { startBattle } = require('../battle');
const { STATUS_CODE, TYPE_CODE, MOVE_IDS, SPECIES_NAMES } = require('../dex');
const { FIELDS, STATS, VOLATILES } = require('./record');

const STATUS_NAMES = Object.fromEntries(Object.entries(STATUS_CODE).map(([name, code]) => [code, name]));
const TYPE_NAMES = Object.fromEntries(Object.entries(TYPE_CODE).map(([name, code]) => [code, name]));
TYPE_NAMES[TYPE_CODE['???']] = '???'; // a second name of that code is of no species in play
const MOVE_NAMES = [...MOVE_IDS, 'cannotmove', 'nomove', 'fight'];
const MOVE_REQUEST = 1;
const SWITCH_REQUEST = 2;

/** The record cannot be restored; the message names the field. */
class RestoreError extends Error {}

/** Columns by name, nested at the dots; a name that is also a prefix (`p1.active`) keeps its column under `self`. */
function nest(names) {
  const root = {};
  names.forEach((name, column) => {
    const parts = name.split('.');
    const last = parts.pop();
    let node = root;
    for (const part of parts) {
      if (typeof node[part] === 'number') node[part] = { self: node[part] };
      node = node[part] ??= {};
    }
    node[last] = column;
  });
  return root;
}
const COLUMNS = nest(FIELDS.map(field => field.name));

/** Two teams, and one Battle that is put into one state after another. */
class Restorer {
  constructor(format, teams, texts = false) {
    Object.assign(this, startBattle(format, [0, 0], teams, texts));
    this.restore = this.restore.bind(this);
  }

  /** Puts the battle into the state of `row` (Int32Array). What no record holds is as in a fresh battle. */
  restore(row) {
    const { battle } = this;
    const requests = ['p1', 'p2'].map(side => row[COLUMNS[side].request]);
    const type = requests.every(request => request === MOVE_REQUEST) ? 'move' : 'switch';
    if (row[COLUMNS.ended]) throw new RestoreError('ended is 1: a battle that is over has no choice left to make');
    if (type === 'switch' && (requests.includes(MOVE_REQUEST) || !requests.includes(SWITCH_REQUEST))) {
      throw new RestoreError(`p1.request and p2.request are ${requests.join(' and ')}; allowed: 1 1, 2 0, 0 2, 2 2`);
    }
    resetBattle(battle, row, type);
    battle.sides.forEach((side, n) => this.placeParty(side, n, row, requests[n]));
    // Conditions point at the foe's active Pokémon, so both must stand before either gets them.
    battle.sides.forEach(side => restoreActive(battle, side.active[0], row, COLUMNS[side.id].active));
    battle.makeRequest(type);
  }

  placeParty(side, n, row, request) {
    const columns = COLUMNS[side.id];
    const party = this.parties[n];
    const active = party[row[columns.active.self]];
    if (!active) throw new RestoreError(`${side.id}.active is ${row[columns.active.self]}, of ${party.length} Pokémon`);
    side.active[0] = active;
    party.forEach((member, i) => {
      const own = columns.team[i];
      member.position = row[own.position];
      side.pokemon[member.position] = member;
      restoreMember(member, row, own, member === active, this.battle);
    });
    if (side.pokemon[0] !== active) throw new RestoreError(`${side.id}: the active Pokémon's position is not 0`);
    active.switchFlag = request === SWITCH_REQUEST;
    side.pokemonLeft = party.filter(member => !member.fainted).length;
    side.totalFainted = party.length - side.pokemonLeft;
    side.lastSelectedMove = MOVE_NAMES[row[columns.last_selected_move]];
    side.lastSelectedMoveSlot = row[columns.last_selected_move_slot];
    side.lastEnemySelectedMove = MOVE_NAMES[row[columns.last_enemy_selected_move]];
    side.lastMove = rememberedMove(this.battle, row, columns, 'last_move');
    side.lastEnemyMove = rememberedMove(this.battle, row, columns, 'last_enemy_move');
    side.faintedLastTurn = null;
    side.faintedThisTurn = row[columns.fainted_this_turn] ? active : null; // only whether there is one matters
  }
}

function resetBattle(battle, row, type) {
  const words = [row[COLUMNS.prng_hi], row[COLUMNS.prng_lo]];
  battle.prng.rng.seed = words.flatMap(word => [word >>> 16, word & 0xffff]);
  battle.turn = row[COLUMNS.turn];
  battle.lastDamage = row[COLUMNS.last_damage];
  battle.ended = false;
  battle.winner = undefined;
  battle.midTurn = type === 'switch';
  battle.queue.clear();
  battle.faintQueue = [];
  battle.activeMove = battle.activePokemon = battle.activeTarget = battle.lastMove = null;
  battle.effectOrder = 0;
  battle.inputLog = [];
  battle.log = [];
  battle.hints.clear();
}

/** A remembered move is read for its id, power and type; the nameless move differs from Fissure, whose id it has. */
function rememberedMove(battle, row, columns, name) {
  if (!row[columns[name]]) return null;
  const move = battle.dex.moves.get(MOVE_NAMES[row[columns[name]]]);
  const basePower = row[columns[`${name}_base_power`]];
  const type = row[columns[`${name}_type`]];
  if (move.basePower === basePower && TYPE_CODE[move.type] === type) return move;
  return { ...move, basePower, type: TYPE_NAMES[type] };
}

function restoreMember(member, row, columns, isActive, battle) {
  member.hp = row[columns.hp];
  member.fainted = member.faintQueued = member.hp === 0;
  member.isActive = isActive && !member.fainted;
  member.subFainted = row[columns.sub_fainted] ? true : null;
  member.status = STATUS_NAMES[row[columns.status]];
  member.baseMoveSlots.forEach((slot, k) => {
    slot.pp = row[columns[`pp${k}`]];
    slot.disabled = false;
  });
  // After its status is set: a burnt or paralysed Pokémon's modified stats are lowered here.
  member.clearVolatile();
  member.trapped = member.maybeLocked = false;
  member.statusState = battle.initEffectState({ id: member.status, target: member });
  const source = row[columns.status_source];
  member.statusState.source = source === 1 ? member : member.side.foe.pokemon[0];
  if (member.status === 'slp') member.statusState.time = row[columns.status_time];
}

function restoreActive(battle, active, row, columns) {
  active.transformed = row[columns.transformed] === 1;
  active.species = battle.dex.species.get(SPECIES_NAMES[row[columns.species]]);
  active.types = [row[columns.type1], row[columns.type2]].filter(code => code !== 0).map(code => TYPE_NAMES[code]);
  for (const stat of STATS) {
    active.boosts[stat] = row[columns[stat].boost];
    active.storedStats[stat] = row[columns[stat].stored_stat];
    active.modifiedStats[stat] = row[columns[stat].modified_stat];
  }
  active.boosts.accuracy = row[columns.accuracy_boost];
  active.boosts.evasion = row[columns.evasion_boost];
  active.trapped = row[columns.trapped] === 1;
  active.maybeLocked = row[columns.maybe_locked] === 1;
  active.lastMove = row[columns.last_move] ? battle.dex.moves.get(MOVE_NAMES[row[columns.last_move]]) : null;
  active.moveSlots = restoreSlots(battle, active, row, columns);
  restoreVolatiles(battle, active, row, columns);
}

/** A slot that is no copy is the Pokémon's own: it shares its PP. */
function restoreSlots(battle, active, row, columns) {
  const slots = [];
  for (let k = 0; k < 4; k++) {
    const code = row[columns[`move${k}`].move];
    if (code === 0) continue;
    const name = `${active.side.id}.active.move${k}`;
    let slot = active.baseMoveSlots[k];
    if (row[columns[`move${k}`].virtual]) {
      const move = battle.dex.moves.get(MOVE_NAMES[code]);
      const { id, target } = move;
      slot = { move: move.name, id, pp: 0, maxpp: battle.calculatePP(move), target, used: false, virtual: true };
    } else if (slot?.id !== MOVE_NAMES[code]) {
      throw new RestoreError(`${name}.move is ${MOVE_NAMES[code]}, not the Pokémon's own ${slot?.id}: set ${name}.virtual`);
    }
    slot.pp = row[columns[`move${k}`].pp];
    slot.disabled = row[columns[`move${k}`].disabled] === 1;
    slots.push(slot);
  }
  return slots;
}

function restoreVolatiles(battle, active, row, columns) {
  const foe = active.side.foe.active[0];
  const value = name => row[columns[name]];
  // A carried hit chance of 256 stands for a move that cannot miss.
  const accuracy = name => (value(name) === 256 ? true : value(name));
  const move = name => MOVE_NAMES[value(name)];
  const contents = {
    bide: () => ({ damage: value('bide_damage'), time: value('bide_time') }),
    confusion: () => ({ time: value('confusion_time') }),
    disable: () => ({ move: move('disable_move'), slotIndex: value('disable_slot'), time: value('disable_time') }),
    fakepartiallytrapped: () => ({ duration: value('fake_trapped_duration'), counterpart: foe }),
    flinch: () => ({ duration: 1 }),
    lockedmove: () => ({
      move: move('locked_move'), time: value('locked_time'), accuracy: accuracy('locked_accuracy'),
    }),
    mustrecharge: () => ({ duration: 0 }),
    partiallytrapped: () => ({
      duration: value('partially_trapped_duration'), maybeLocked: value('partially_trapped_maybe_locked') === 1,
      source: foe, sourceEffect: battle.dex.moves.get('wrap'),
    }),
    partialtrappinglock: () => ({
      move: move('trapping_move'), duration: value('trapping_duration'), totalDuration: value('trapping_total'),
      damage: value('trapping_damage'), locked: foe,
    }),
    rage: () => ({ move: 'rage', accuracy: accuracy('rage_accuracy') }),
    residualdmg: () => ({ counter: value('residual_counter') }),
    substitute: () => ({ hp: value('substitute_hp') }),
    twoturnmove: () => ({ move: move('two_turn_move') }),
    leechseed: () => ({ source: foe, sourceSlot: `${foe.side.id}a` }),
  };
  for (const id of VOLATILES) {
    if (!row[columns.volatile[id]]) continue;
    const { name } = battle.dex.conditions.get(id);
    const state = { id, name, target: active, source: active, ...contents[id]?.() };
    active.volatiles[id] = battle.initEffectState(state);
  }
}

module.exports = { RestoreError, Restorer };
