'use strict';
// Rows of the table of items.

const KNOWN = new Set(['id', 'name', 'num', 'fling', 'naturalGift', 'isBerry', 'isChoice', 'ignoreKlutz', 'isPokeball',
  'forcedForme', 'itemUser']);
const INERT = new Set(['fullname', 'effectType', 'exists', 'gen', 'shortDesc', 'desc', 'isNonstandard', 'sourceEffect',
  'spritenum', 'condition', 'noCopy']);

function itemRow(item, codes) {
  for (const [key, value] of Object.entries(item)) {
    if (KNOWN.has(key) || INERT.has(key) || typeof value === 'function' || /^on[A-Z]/.test(key)) continue;
    if (value === undefined || value === false || value === '' || value === null) continue;
    throw new Error(`item ${item.id}: ${key} = ${JSON.stringify(value)} is neither exported nor known to be inert`);
  }
  const species = names => names.map(name => codes.dex.species.get(name).id).filter(id => codes.species.numbers.has(id));
  return {
    id: item.id, name: item.name, num: item.num, fling: item.fling ?? null, naturalGift: item.naturalGift ?? null,
    isBerry: !!item.isBerry, isChoice: !!item.isChoice, ignoreKlutz: !!item.ignoreKlutz, isPokeball: !!item.isPokeball,
    plate: item.onPlate ?? '', unobtainable: item.isNonstandard === 'Unobtainable',
    users: species(item.itemUser ?? []), forme: item.forcedForme ? species([item.forcedForme])[0] : '',
  };
}

module.exports = { itemRow };
