'use strict';
// Spellings beside the ids of a generation's entries: the reference's aliases (data/aliases.js), and formes of another
// look alone that have no entry.
const { Dex } = require('pokemon-showdown/dist/sim/dex');

const KINDS = { species: 'species', move: 'moves', ability: 'abilities', item: 'items' };

/** {kind: [[id, number], ...]} sorted by id. */
function spellings(codes) {
  const { dex } = codes;
  const looks = codes.species.names.slice(1).flatMap(id => dex.species.get(id).cosmeticFormes ?? []);
  const others = new Set([...Dex.loadAliases().keys(), ...looks.map(name => dex.toID(name))]);
  return Object.fromEntries(Object.entries(KINDS).map(([kind, table]) => {
    const known = codes[table].numbers;
    const find = id => {
      const entry = dex[table].get(id);
      if (!entry.exists || kind === 'move' && entry.type !== dex[table].get(entry.id).type) return 0;
      return known.get(entry.id) ?? (kind === 'species' && entry.isCosmeticForme
        ? known.get(dex.species.get(entry.baseSpecies).id) : 0) ?? 0;
    };
    const rows = [...others].filter(id => !known.has(id)).map(id => [id, find(id)]).filter(([, number]) => number);
    return [kind, rows.sort((a, b) => (a[0] < b[0] ? -1 : 1))];
  }));
}

/** [[spelling, type's number], ...] of "Hidden Power Fire" and its like, which are Hidden Power with that type. */
function hiddenPowers(codes) {
  const { dex } = codes;
  const rows = [...Object.keys(dex.data.Moves), ...Dex.loadAliases().keys()].map(id => [id, dex.moves.get(id)])
    .filter(([, move]) => move.id === 'hiddenpower' && move.type !== 'Normal')
    .map(([id, move]) => [id, codes.types.of(move.type)]);
  return rows.sort((a, b) => (a[0] < b[0] ? -1 : 1));
}

module.exports = { hiddenPowers, spellings };
