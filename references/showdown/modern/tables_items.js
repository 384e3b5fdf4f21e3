'use strict';
// Rows of the table of items.

const KNOWN = new Set(['id', 'name', 'num', 'fling', 'naturalGift', 'isBerry', 'isChoice', 'ignoreKlutz', 'isPokeball',
  'forcedForme', 'itemUser', 'onPlate']);
const INERT = new Set(['fullname', 'effectType', 'exists', 'gen', 'shortDesc', 'desc', 'isNonstandard', 'sourceEffect',
  'spritenum', 'condition', 'noCopy']);

function itemRow(item, codes) {
  for (const [key, value] of Object.entries(item)) {
    if (KNOWN.has(key) || INERT.has(key) || typeof value === 'function' || /^on[A-Z]/.test(key)) continue;
    if (value === undefined || value === false || value === '' || value === null) continue;
    throw new Error(`item ${item.id}: ${key} = ${JSON.stringify(value)} is neither exported nor known to be inert`);
  }
  const { dex, species } = codes;
  const numbered = names => names.map(name => dex.species.get(name).id).filter(id => species.numbers.has(id));
  return {
    id: item.id, name: item.name, num: item.num, fling: item.fling ?? null, naturalGift: item.naturalGift ?? null,
    isBerry: !!item.isBerry, isChoice: !!item.isChoice, ignoreKlutz: !!item.ignoreKlutz,
    isPokeball: !!item.isPokeball, plate: item.onPlate ?? '', unobtainable: item.isNonstandard === 'Unobtainable',
    users: numbered(item.itemUser ?? []), forme: item.forcedForme ? numbered([item.forcedForme])[0] : '',
    boost: boost(item, codes), resist: resist(item, codes),
  };
}

const types = codes => codes.types.names.filter(name => name && name !== '???');

/** Called as in a battle, by a holder that is no species in particular: the multipliers that a handler asks for. */
function asked(handler, type, strong) {
  const found = [];
  const holder = { species: { num: 0 }, baseSpecies: { num: 0, baseSpecies: '' }, volatiles: {}, eatItem: () => true,
    getMoveHitData: () => ({ typeMod: strong ? 1 : 0 }), addVolatile() {}, hasType: () => false };
  const battle = { chainModify: factor => { found.push(factor); }, debug() {}, add() {} };
  const move = { type, category: 'Status', infiltrates: true, id: '', flags: {} };
  handler.call(battle, 100, holder, holder, move);
  return found;
}

/** {type, factor} of an item that makes its holder's moves of one type stronger; null for others. */
function boost(item, codes) {
  if (!item.onBasePower) return null;
  const all = types(codes).map(type => [type, asked(item.onBasePower, type, false)]);
  const rows = all.filter(([, found]) => found.length);
  return rows.length === 1 ? { type: rows[0][0], factor: rows[0][1][0] } : null;
}

/** Type that a berry halves the damage of: "Normal" without a condition, others where it is super effective. */
function resist(item, codes) {
  if (!item.onSourceModifyDamage || !item.isBerry) return '';
  const rows = types(codes).filter(type => asked(item.onSourceModifyDamage, type, true).length);
  if (rows.length !== 1) throw new Error(`item ${item.id}: weakens moves of the types ${rows}`);
  return rows[0];
}

module.exports = { itemRow };
