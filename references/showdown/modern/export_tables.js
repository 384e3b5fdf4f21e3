'use strict';
// Prints the tables of one generation of the installed package as one JSON object. Usage: node export_tables.js GEN
//
// Raw values by the numbers of codes.js, row 0 of each table left out. Array layouts are given by
// pokejax/modern/tables.py and the generator of its file. A property that is neither exported nor known to be inert
// stops the export.
const { codesOf } = require('./codes');
const { conditionRows, conditionIds } = require('./tables_conditions');
const { hooks, handlers } = require('./tables_hooks');
const { itemRow } = require('./tables_items');
const { metronome, moveRow } = require('./tables_moves');
const { bans } = require('./tables_bans');
const { speciesRow } = require('./tables_species');
const { hiddenPowers, spellings } = require('./tables_spellings');
const { NATURES } = require('./wire');

const FORMATS = { 4: ['gen4ou'] }; // whose bans the tables hold

function abilityRow(ability) {
  const { id, name, num, flags, suppressWeather } = ability;
  return { id, name: name ?? '', num: num ?? 0, flags: Object.keys(flags ?? {}), suppressWeather: !!suppressWeather };
}

function natureRows(dex) {
  const all = dex.natures.all();
  const ids = NATURES.slice(1);
  if (all.length !== ids.length) throw new Error(`${all.length} natures, not ${ids.length}`);
  return ids.map(id => {
    const { name, plus, minus } = dex.natures.get(id);
    return { id, name, plus: plus ?? '', minus: minus ?? '' };
  });
}

/** Type chart by the codes of types: what an attack does, and what conditions a type is safe from. */
function typeRows(dex, types) {
  const names = types.slice(1);
  const known = name => dex.types.get(name).exists;
  const safe = new Set(names.filter(known).flatMap(name => Object.keys(dex.types.get(name).damageTaken)));
  const conditions = [...safe].filter(key => !names.includes(key)).sort();
  return {
    conditions,
    rows: names.map(name => ({
      name,
      effectiveness: names.map(defend => (known(defend) ? dex.getEffectiveness(name, [defend]) : 0)),
      immune: names.map(defend => known(defend) && !dex.getImmunity(name, [defend])),
      safe: conditions.map(key => known(name) && !dex.getImmunity(key, [name])),
      hiddenPowerIVs: known(name) ? dex.types.get(name).HPivs : {},
    })),
  };
}

function main(gen) {
  const codes = codesOf(gen);
  const { dex } = codes;
  const entries = (kind, table) => codes[kind].names.slice(1).map(id => table.get(id));
  const moves = entries('moves', dex.moves).slice(0, -1);
  const abilities = entries('abilities', dex.abilities).slice(0, -1);
  const items = entries('items', dex.items);
  const species = entries('species', dex.species);
  const conditions = conditionIds(codes, { moves, abilities, items }).map(id => dex.conditions.get(id));
  const number = { move: codes.moves, ability: codes.abilities, item: codes.items, species: codes.species };
  return {
    version: require('pokemon-showdown/package.json').version,
    gen,
    codes: Object.fromEntries(['types', 'statuses', 'weathers', 'genders'].map(kind => [kind, codes[kind].names])),
    moves: [...moves.map(move => moveRow(move, gen)), { id: 'recharge' }],
    hiddenPower: codes.moves.of('hiddenpower'),
    metronome: metronome(dex).map(id => codes.moves.of(id)),
    abilities: [...abilities.map(abilityRow), { id: 'noability', name: 'No Ability', num: 0, flags: [] }],
    items: items.map(item => itemRow(item, codes)),
    species: species.map(one => speciesRow(one, codes)),
    conditions: conditionRows(conditions),
    natures: natureRows(dex),
    spellings: { ...spellings(codes), hidden_power: hiddenPowers(codes) },
    bans: Object.fromEntries(FORMATS[gen].map(id => [id, bans(id, codes)])),
    types: typeRows(dex, codes.types.names),
    hooks: [
      ...hooks('move', moves, number), ...hooks('ability', abilities, number), ...hooks('item', items, number),
      ...hooks('species', species, number),
      ...hooks('condition', conditions, { condition: { of: id => 1 + conditions.findIndex(one => one.id === id) } }),
    ],
    handlers: { moves: moves.map(handlers), abilities: abilities.map(handlers), items: items.map(handlers),
      species: species.map(handlers), conditions: conditions.map(handlers) },
  };
}

process.stdout.write(JSON.stringify(main(Number(process.argv[2]))));
