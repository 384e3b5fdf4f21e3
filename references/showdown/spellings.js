// Every spelling by which the reference knows a Gen 1 species, move or item: ids, aliases (data/aliases.js), formes that its validator
// replaces. Found by sending each through its own import and validator.
'use strict';

const {Dex, Teams, TeamValidator} = require('pokemon-showdown');

// Obtainable alone: no clause of a ladder refuses a species here.
const validator = new TeamValidator('gen1customgame@@@Obtainable');

/** The set that a text becomes on its way into a battle. */
const read = text => Teams.unpack(Teams.pack(Teams.import(text)))[0];

/** [id, number] of those `ids` that `find` gives a number, but for the names proper, which other tables hold. */
function others(ids, find, proper) {
  const rows = [...ids].filter(id => !proper.has(id)).map(id => [id, find(id)]);
  return rows.filter(([, num]) => num).sort((a, b) => (a[0] < b[0] ? -1 : 1));
}

function speciesNumber(dex, id) {
  const base = dex.species.get(dex.species.get(id).baseSpecies);
  if (!base.exists || base.num < 1 || base.num > 151) return 0;
  const move = [...dex.species.getMovePool(base.id)].find(known => {
    return !validator.validateTeam([{name: '', species: base.name, item: '', ability: '', moves: [known]}]);
  });
  const set = read(`${id}\n- ${move}`);
  return validator.validateTeam([set]) ? 0 : dex.species.get(set.species).num;
}

function moveNumber(dex, id) {
  const move = dex.moves.get(read(`Mew\n- ${id}`).moves[0]);
  return move.exists && !move.isNonstandard && move.num >= 1 && move.num <= 165 ? move.num : 0;
}

/** Items that exist in Gen 1: the validator takes them off a Pokemon without a word, all others it refuses. */
function accepted(id) {
  return validator.validateTeam([{name: '', species: 'Mew', item: Dex.items.get(id).name, ability: '', moves: ['pound']}]) ? 0 : 1;
}

/** [lower-case name, Gen 1 number or 0] of every species of any generation: what a nickname may not be. */
function speciesNames(dex) {
  const names = new Map();
  for (const {name, cosmeticFormes} of Dex.species.all()) {
    for (const text of [name, ...(cosmeticFormes || [])]) {
      const species = dex.species.get(text);
      if (!species.exists || species.name.toLowerCase() !== text.toLowerCase()) continue;
      const base = dex.species.get(species.baseSpecies);
      names.set(text.toLowerCase(), base.num >= 1 && base.num <= 151 ? base.num : 0);
    }
  }
  return [...names].sort((a, b) => (a[0] < b[0] ? -1 : 1));
}

function spellings(dex) {
  const aliases = [...Dex.loadAliases().keys()];
  const ids = table => new Set([...aliases, ...Object.keys(Dex.data[table])]);
  const proper = (table, last) => new Set(table.all().filter(e => e.num >= 1 && e.num <= last && !e.isNonstandard && !e.forme).map(e => e.id));
  return {
    species: others(ids('Pokedex'), id => speciesNumber(dex, id), proper(dex.species, 151)),
    moves: others(ids('Moves'), id => moveNumber(dex, id), proper(dex.moves, 165)),
    items: [...ids('Items')].filter(id => Dex.items.get(id).exists && accepted(id)).sort(),
    names: speciesNames(dex),
  };
}

module.exports = {spellings};
