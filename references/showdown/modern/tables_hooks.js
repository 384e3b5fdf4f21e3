'use strict';
// What the reference answers by functions: the names of an entry's handlers, and when each of them is called.

const PARTS = ['self', 'selfBoost', 'secondary', 'secondaries'];
// Of a function that is there twice: `secondary` is the first of `secondaries`.
const TWICE = new Set(['secondary']);

function functions(value, name) {
  if (typeof value === 'function') return [name];
  if (!value || typeof value !== 'object') return [];
  const list = Array.isArray(value);
  return Object.entries(value).flatMap(([key, part]) => functions(part, list ? name : `${name}.${key}`));
}

/** Names of the functions and constants that are called as events, sorted: "onHit", "self.onHit". */
function handlers(entry) {
  const own = Object.keys(entry).filter(key => typeof entry[key] === 'function' || isEvent(entry, key));
  const parts = PARTS.filter(part => !TWICE.has(part)).flatMap(part => functions(entry[part], part));
  return [...new Set([...own, ...parts])].sort();
}

/** An event that is answered by a constant, as `onLockMove: 'recharge'`. */
function isEvent(entry, key) {
  const time = /(Order|Priority)$/.test(key) && !/FractionalPriority$/.test(key);
  return /^on[A-Z]/.test(key) && key !== 'onPlate' && !time && entry[key] !== undefined;
}

/** [kind, number, event, order, priority, sub-order] of each handler; 0 where the entry does not say it. */
function hooks(kind, entries, numbers) {
  return entries.flatMap(entry => handlers(entry).filter(key => /^on[A-Z]/.test(key)).map(key => [
    kind, numbers[kind].of(entry.id), key.slice(2),
    ...['Order', 'Priority', 'SubOrder'].map(word => entry[`${key}${word}`] || 0),
  ]));
}

module.exports = { handlers, hooks };
