'use strict';
// What a format forbids by name or by a clause for single moves, asked of the reference's own validator.
const { TeamValidator } = require('pokemon-showdown');

/** {species, moves, abilities, items: numbers}. */
function bans(formatid, codes) {
  const validator = new TeamValidator(formatid);
  const { dex } = codes;
  const rules = validator.ruleTable;
  const set = { name: '', species: '', moves: [] };
  const numbers = (table, refused) => codes[table].names.slice(1)
    .map(id => dex[table].get(id)).filter(entry => entry.exists && refused(entry))
    .map(entry => codes[table].of(entry.id)).filter((number, k, all) => all.indexOf(number) === k);
  return {
    species: numbers('species', one => validator.checkSpecies(set, one, one, {})),
    moves: numbers('moves', move => validator.checkMove(set, move, {}) || rules.has('ohkoclause') && move.ohko ||
      rules.has('sleepmovesclause') && move.status === 'slp'),
    abilities: numbers('abilities', ability => validator.checkAbility(set, ability, {})),
    items: numbers('items', item => validator.checkItem(set, item, {})),
  };
}

module.exports = { bans };
