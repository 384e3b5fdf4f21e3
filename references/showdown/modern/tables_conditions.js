'use strict';
// The conditions of a generation: statuses, weathers, and all that moves, abilities and items put on a Pokémon, a side,
// a place or the field.
const { VOLATILES } = require('./volatiles');

const OF_NO_MOVE = ['substitutebroken', 'trapped', 'trapper', 'choicelock', 'futuremove', 'stall', 'lockedmove'];

/** Ids of all conditions, sorted by name. */
function conditionIds(codes, { moves, abilities, items }) {
  const found = new Set([...OF_NO_MOVE, ...Object.keys(VOLATILES), ...codes.weathers.names.slice(1)]);
  for (const id of codes.statuses.names.slice(1)) if (id !== 'fnt') found.add(id);
  for (const entry of [...moves, ...abilities, ...items]) {
    if (entry.condition) found.add(entry.id);
    const named = [entry, entry.self, entry.fling, ...(entry.secondaries ?? [])];
    for (const part of named) {
      for (const key of ['volatileStatus', 'sideCondition', 'slotCondition', 'pseudoWeather']) {
        if (part?.[key]) found.add(codes.dex.toID(part[key]));
      }
    }
  }
  return [...found].sort();
}

function conditionRows(conditions) {
  return conditions.map(one => ({
    id: one.id, duration: one.duration ?? 0, noCopy: !!one.noCopy, counterMax: one.counterMax ?? 0,
    kind: one.effectType,
  }));
}

module.exports = { conditionIds, conditionRows };
