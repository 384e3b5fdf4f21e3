'use strict';
// What a format forbids by name or by a clause for single moves, asked of the reference's own validator.
const { TeamValidator } = require('pokemon-showdown');

/** What no Pokémon may have beside Baton Pass: a team of that alone is shown to the clause. */
function passing(validator, numbers) {
  const clause = 'batonpassstattrapclause';
  const none = { moves: [], item: '', ability: '' };
  if (!validator.ruleTable.has(clause)) return { passing_moves: [], passing_abilities: [], passing_items: [] };
  const judge = validator.dex.formats.get(clause).onValidateTeam;
  const team = set => [{ ...none, name: 'x', ...set, moves: ['batonpass', ...(set.moves ?? [])] }];
  const refused = set => judge.call(validator, team(set));
  return {
    passing_moves: numbers('moves', move => refused({ moves: [move.id] })),
    passing_abilities: numbers('abilities', ability => refused({ ability: ability.id })),
    passing_items: numbers('items', item => refused({ item: item.id })),
  };
}

/** {species, moves, abilities, items, passing_moves, ...: numbers}. */
function bans(formatid, codes) {
  const validator = new TeamValidator(formatid);
  const { dex } = codes;
  const rules = validator.ruleTable;
  const set = { name: '', species: '', moves: [] };
  const numbers = (table, refused) => {
    const entries = codes[table].names.slice(1).map(id => dex[table].get(id)).filter(entry => entry.exists);
    return [...new Set(entries.filter(refused).map(entry => codes[table].of(entry.id)))];
  };
  return {
    species: numbers('species', one => validator.checkSpecies(set, one, one, {})),
    moves: numbers('moves', move => validator.checkMove(set, move, {}) || rules.has('ohkoclause') && move.ohko ||
      rules.has('sleepmovesclause') && move.status === 'slp'),
    abilities: numbers('abilities', ability => validator.checkAbility(set, ability, {})),
    items: numbers('items', item => validator.checkItem(set, item, {})),
    ...passing(validator, numbers),
  };
}

module.exports = { bans };
