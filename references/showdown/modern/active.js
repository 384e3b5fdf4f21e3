'use strict';
// A Pokémon on the field: what it loses when it leaves.
const { Reader, Writer } = require('./visit');
const { VOLATILES } = require('./volatiles');

const MOVES = 4;
const ATTACKS = 3;
const STATS = ['atk', 'def', 'spa', 'spd', 'spe'];
const STAGES = [...STATS, 'accuracy', 'evasion'];
const RESULTS = [undefined, null, false, true];
const MAYBE = [undefined, false, true];
const BARRED = [false, true, 'hidden'];

/** Of an effect's state: identity, order, and what no rule reads. */
const IDENTITY = new Set(['id', 'name', 'target', 'effectOrder', 'source', 'sourceSlot', 'sourceEffect', 'targetLoc',
  'typeWas']);

function active(visit, name, n) {
  const { io, codes } = visit;
  const mon = () => visit.battle.sides[n].active[0];
  const asked = () => visit.battle.requestState === 'move';
  const number = (key, field) => io.number(`${name}.${key}`, () => mon()[field], v => { mon()[field] = v; });
  const flag = (key, field) => visit.flag(`${name}.${key}`, () => mon()[field], v => { mon()[field] = v; });
  visit.code(`${name}.species`, codes.species, () => mon().species.id, v => {
    mon().species = visit.battle.dex.species.get(v);
    mon().weighthg = mon().species.weighthg;
  });
  for (const k of [0, 1]) {
    visit.code(`${name}.type${k + 1}`, codes.types, () => mon().types[k], v => {
      mon().types = k ? [...mon().types, ...(v ? [v] : [])] : [v];
    });
  }
  for (const stat of STATS) {
    io.number(`${name}.${stat}`, () => mon().storedStats[stat], v => { mon().storedStats[stat] = v; });
  }
  for (const stat of STAGES) {
    io.number(`${name}.stage.${stat}`, () => mon().boosts[stat], v => { mon().boosts[stat] = v; });
  }
  visit.code(`${name}.ability`, codes.abilities, () => mon().ability, v => {
    mon().ability = v;
    mon().abilityState = visit.state(v, mon());
    mon().itemState = visit.state(mon().item, mon());
    mon().speciesState = visit.state(mon().species.id, mon());
  });
  const own = () => mon().abilityState;
  io.number(`${name}.ability_counter`, () => own().counter, v => { if (v) own().counter = v; });
  for (const key of ['ending', 'seek', 'gluttony']) {
    visit.one(`${name}.ability_${key}`, MAYBE, () => own()[key], v => { if (v !== undefined) own()[key] = v; });
  }
  flag('transformed', 'transformed');
  flag('known_type', 'knownType'); // false of one that became its foe: whether it may be trapped goes by it
  visit.code(`${name}.hidden_power_type`, codes.types, () => mon().hpType, v => { mon().hpType = v; });
  number('hidden_power', 'hpPower');
  const slots = () => mon().moveSlots;
  for (let k = 0; k < MOVES; k++) slot(visit, `${name}.slot${k}`, k, mon, slots, asked);
  visit.move(`${name}.last_move`, () => mon().lastMove?.id, v => { mon().lastMove = visit.activeMove(v); });
  const used = () => mon().lastMoveUsed;
  visit.move(`${name}.last_move_used`, () => used()?.id, v => { mon().lastMoveUsed = visit.activeMove(v); });
  visit.code(`${name}.last_move_used_type`, codes.types, () => mon().lastMoveUsed?.type, v => {
    if (mon().lastMoveUsed) mon().lastMoveUsed.type = v;
  });
  for (const [key, field] of [['this', 'moveThisTurnResult'], ['last', 'moveLastTurnResult']]) {
    visit.one(`${name}.result_${key}_turn`, RESULTS, () => mon()[field], v => { mon()[field] = v; });
  }
  const hurt = () => (mon().hurtThisTurn ?? -1) + 1; // hit points left by the blow, and 1; 0: none
  io.number(`${name}.hurt_this_turn`, hurt, v => { mon().hurtThisTurn = v ? v - 1 : null; });
  visit.flag(`${name}.stayed_a_turn`, () => mon().activeTurns > 0, v => { mon().activeTurns = Number(v); });
  visit.flag(`${name}.has_moved`, () => mon().activeMoveActions > 0, v => { mon().activeMoveActions = Number(v); });
  flag('newly_switched', 'newlySwitched');
  flag('used_item', 'usedItemThisTurn');
  visit.flag(`${name}.dragged_in`, () => mon().draggedIn === visit.battle.turn, v => {
    mon().draggedIn = v ? visit.battle.turn : null;
  });
  visit.one(`${name}.trapped`, BARRED, () => asked() && mon().trapped, v => { mon().trapped = v; });
  visit.flag(`${name}.maybe_trapped`, () => asked() && mon().maybeTrapped, v => { mon().maybeTrapped = v; });
  visit.flag(`${name}.maybe_disabled`, () => asked() && mon().maybeDisabled, v => { mon().maybeDisabled = v; });
  visit.flag(`${name}.maybe_locked`, () => asked() && mon().maybeLocked, v => { mon().maybeLocked = v; });
  io.number(`${name}.switch_flag`, () => switchCode(codes.moves, mon().switchFlag), v => {
    mon().switchFlag = v < 2 ? v === 1 : codes.moves.name(v - 1);
  });
  flag('skips_switch_out', 'skipBeforeSwitchOutEventFlag');
  number('speed', 'speed');
  attacks(visit, name, mon);
  for (const [id, data] of Object.entries(VOLATILES)) volatile(visit, `${name}.volatile.${id}`, id, data, mon);
  if (io instanceof Reader) refuseUnknown(mon());
}

function slot(visit, name, k, mon, slots, asked) {
  const { io } = visit;
  visit.flag(`${name}.virtual`, () => slots()[k]?.virtual, v => { visit.copied = v; });
  visit.move(`${name}.move`, () => slots()[k]?.id, v => { if (v) slots()[k] = moveSlot(visit, mon(), k, v); });
  const put = (key, v) => { if (slots()[k]) slots()[k][key] = v; };
  io.number(`${name}.pp`, () => slots()[k]?.pp, v => put('pp', v));
  io.number(`${name}.max_pp`, () => slots()[k]?.maxpp, v => put('maxpp', v));
  const barred = () => (asked() && slots()[k]?.disabled) || false;
  visit.one(`${name}.disabled`, BARRED, barred, v => put('disabled', v));
  visit.flag(`${name}.used`, () => !mon().fainted && slots()[k]?.used, v => put('used', v));
}

/** A slot that is no copy is the Pokémon's own: it shares its PP. */
function moveSlot(visit, mon, k, id) {
  const own = mon.baseMoveSlots[k];
  if (!visit.copied && own?.id === id) return own;
  const move = visit.battle.dex.moves.get(id);
  const slot = { move: move.name, id, pp: 0, maxpp: 0, target: move.target, disabled: false, used: false };
  if (visit.copied) slot.virtual = true;
  if (visit.copied && !mon.transformed) slot.target = undefined; // Mimic's has none
  return slot;
}

function attacks(visit, name, mon) {
  const { io } = visit;
  const kept = () => {
    const all = mon().attackedBy;
    const wanted = new Set([mon().getLastDamagedBy(true), all[all.length - 1]]);
    const found = all.filter(one => one.thisTurn || wanted.has(one));
    if (found.length > ATTACKS) found.splice(0, found.length - ATTACKS);
    return found;
  };
  let list = [];
  for (let k = 0; k < ATTACKS; k++) {
    const key = `${name}.attack${k}`;
    visit.pokemon(`${key}.source`, () => { list = k ? list : kept(); return list[k]?.source; }, v => {
      if (!k) mon().attackedBy = [];
      if (v) mon().attackedBy.push({ source: v, slot: v.getSlot() });
    });
    const put = (field, v) => { if (mon().attackedBy[k]) mon().attackedBy[k][field] = v; };
    io.number(`${key}.damage`, () => list[k]?.damage, v => put('damage', v));
    visit.move(`${key}.move`, () => list[k]?.move, v => put('move', v));
    visit.flag(`${key}.this_turn`, () => list[k]?.thisTurn, v => put('thisTurn', v));
    visit.flag(`${key}.counts`, () => typeof list[k]?.damageValue === 'number', v => put(
      'damageValue', v ? mon().attackedBy[k]?.damage : undefined,
    ));
  }
}

function volatile(visit, name, id, data, mon) {
  const get = () => mon().volatiles[id];
  visit.flag(name, get, v => {
    if (v) mon().volatiles[id] = { ...visit.state(id, mon()), name: visit.effect(id).name };
  });
  for (const [key, kind] of data) {
    const write = v => { if (get() && v !== undefined) get()[key] = v; };
    datum(visit, `${name}.${key}`, kind, () => get()?.[key], write);
  }
}

function datum(visit, name, kind, read, write) {
  const { io } = visit;
  const [what, text] = kind.split(':');
  if (what === 'number') io.number(name, read, v => write(v || name.endsWith('.duration') === false ? v : undefined));
  else if (what === 'flag') visit.flag(name, read, v => write(v));
  else if (what === 'move') visit.move(name, read, write);
  else if (what === 'effect') visit.move(name, () => read()?.id, v => write(v ? visit.activeMove(v) : undefined));
  else if (what === 'pokemon') visit.pokemon(name, read, v => write(v ?? undefined));
  else if (what === 'linked') visit.pokemon(name, () => read()?.[0], v => write(v ? [v] : undefined));
  else if (what === 'slot') visit.one(name, [undefined, 'p1a', 'p2a'], () => read() ?? undefined, write);
  else if (what === 'text' || what === 'condition') {
    if (io instanceof Writer) write(what === 'text' ? text : visit.effect(text));
  } else throw new Error(`${name}: ${kind} is no kind of data`);
}

const switchCode = (moves, flag) => (typeof flag === 'string' ? 1 + moves.of(flag) : Number(Boolean(flag)));

/** A condition, or something in one, that no field holds would be lost without a word. */
function refuseUnknown(mon) {
  for (const [id, state] of Object.entries(mon.volatiles)) {
    const known = VOLATILES[id];
    if (!known) throw new Error(`volatile condition ${id} of ${mon.fullname} is in no field`);
    for (const key of Object.keys(state)) {
      if (IDENTITY.has(key) || known.some(([name]) => name === key)) continue;
      throw new Error(`${key} of ${id} (${mon.fullname}) is in no field`);
    }
  }
}

module.exports = { active };
