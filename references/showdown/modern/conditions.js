'use strict';
// Conditions of a side, of its active Pokémon's place and of the field, and the actions that still wait in a turn.
const { Reader } = require('./visit');

const QUEUED = 3;
const TENTHS = 10;
const SIDE_CONDITIONS = ['reflect', 'lightscreen', 'mist', 'safeguard', 'luckychant', 'tailwind'];
const HAZARDS = ['spikes', 'toxicspikes', 'stealthrock'];

function conditions(visit, name, n) {
  const { io } = visit;
  const side = () => visit.battle.sides[n];
  const put = (id, values) => { side().sideConditions[id] = { ...visit.state(id, side()), ...values }; };
  for (const id of SIDE_CONDITIONS) {
    io.number(`${name}.${id}`, () => side().sideConditions[id]?.duration, v => { if (v) put(id, { duration: v }); });
  }
  const layers = {};
  for (const id of HAZARDS) {
    const count = () => side().sideConditions[id] && (side().sideConditions[id].layers ?? 1);
    io.number(`${name}.${id}`, count, v => { layers[id] = v; });
  }
  const order = [];
  for (const id of HAZARDS) {
    const rank = () => 1 + Object.keys(side().sideConditions).filter(one => HAZARDS.includes(one)).indexOf(id);
    io.number(`${name}.${id}_order`, rank, v => { if (v) order[v - 1] = id; });
  }
  for (const id of order) put(id, id === 'stealthrock' ? {} : { layers: layers[id] });
  slotConditions(visit, `${name}.slot`, side);
}

function slotConditions(visit, name, side) {
  const { io } = visit;
  const get = id => side().slotConditions[0][id];
  const put = (id, values) => {
    side().slotConditions[0][id] = { ...visit.state(id, side()), isSlotCondition: true, ...values };
  };
  io.number(`${name}.wish`, () => get('wish')?.duration, v => { if (v) put('wish', { duration: v }); });
  visit.pokemon(`${name}.wish_source`, () => get('wish')?.source, v => { if (get('wish')) get('wish').source = v; });
  io.number(`${name}.future_move`, () => get('futuremove')?.duration, v => {
    if (v) put('futuremove', { duration: v, targetSlot: side().active[0].getSlot() });
  });
  const future = () => get('futuremove');
  io.number(`${name}.future_move_lands`, () => future()?.endingTurn, v => { if (future()) future().endingTurn = v; });
  visit.pokemon(`${name}.future_move_source`, () => future()?.source, v => { if (future()) future().source = v; });
  visit.move(`${name}.future_move_move`, () => future()?.move, v => {
    if (future()) takeFuture(future(), v, visit.battle);
  });
  io.number(`${name}.future_move_damage`, () => future()?.moveData.damage || 0, v => {
    if (future()) future().moveData.damage = v || false;
  });
  for (const id of ['healingwish', 'lunardance']) {
    io.number(`${name}.${id}`, () => get(id) && (get(id).duration ?? 0) + 1, v => {
      if (v) put(id, { ...(v > 1 ? { duration: v - 1 } : {}), sourceSlot: side().active[0].getSlot() });
    });
  }
}

function field(visit) {
  const { io, codes } = visit;
  const field = () => visit.battle.field;
  visit.code('weather', codes.weathers, () => field().weather, v => {
    field().weather = v;
    field().weatherState = v ? visit.state(v, field()) : { id: '', effectOrder: 0 };
  });
  io.number('weather_duration', () => (field().weather ? field().weatherState.duration : 0), v => {
    if (field().weather) field().weatherState.duration = v;
  });
  for (const id of ['trickroom', 'gravity']) {
    io.number(id, () => field().pseudoWeather[id]?.duration, v => {
      if (v) field().pseudoWeather[id] = { ...visit.state(id, field()), duration: v };
    });
  }
}

function queue(visit) {
  const { io, codes, battle } = visit;
  const list = () => battle.queue.list;
  for (let k = 0; k < QUEUED; k++) {
    const name = `queue${k}`;
    const get = () => list()[k];
    const put = (key, v) => { if (get()) get()[key] = v; };
    visit.code(`${name}.choice`, codes.choices, () => get()?.choice, v => {
      if (v) list().push({ choice: v, fractionalPriority: undefined });
    });
    io.number(`${name}.order`, () => get()?.order, v => put('order', v));
    io.number(`${name}.priority`, () => Math.round((get()?.priority ?? 0) * TENTHS), v => put('priority', v / TENTHS));
    io.number(`${name}.fraction`, () => Math.round((get()?.fractionalPriority ?? 0) * TENTHS),
      v => put('fractionalPriority', v / TENTHS));
    io.number(`${name}.speed`, () => get()?.speed, v => put('speed', v));
    visit.pokemon(`${name}.pokemon`, () => get()?.pokemon, v => {
      if (v && get()) Object.assign(get(), { pokemon: v, side: v.side });
    });
    visit.move(`${name}.move`, () => get()?.move?.id, v => {
      if (v) Object.assign(get(), { move: visit.activeMove(v), moveid: v });
    });
    io.number(`${name}.move_priority`, () => get()?.move?.priority, v => { if (get()?.move) get().move.priority = v; });
    io.number(`${name}.target`, () => get()?.targetLoc, v => { if (v) put('targetLoc', v); });
    visit.pokemon(`${name}.original_target`, () => get()?.originalTarget, v => { if (v) put('originalTarget', v); });
    visit.flag(`${name}.custap`, () => get()?.event === 'Custap', v => { if (v) put('event', 'Custap'); });
  }
  if (io instanceof Reader && list().length > QUEUED) {
    throw new Error(`${list().length} actions are queued, more than ${QUEUED}`);
  }
}

/** Future Sight and Doom Desire leave this behind; only the damage is another each time. */
function takeFuture(state, id, battle) {
  const { name, accuracy } = battle.dex.moves.get(id);
  const flags = { metronome: 1, futuremove: 1 };
  state.move = id;
  const plain = { category: 'Special', effectType: 'Move', type: '???' };
  state.moveData = { id, name, accuracy, basePower: 0, damage: 0, flags, ...plain };
}

module.exports = { conditions, field, queue };
