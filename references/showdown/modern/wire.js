'use strict';
// Sets as rows of numbers and back: WIRE_COLUMNS of pokejax/modern/teams.py.

const STATS = ['hp', 'atk', 'def', 'spa', 'spd', 'spe'];
const GENDERS = ['', 'M', 'F', 'N'];
const NATURES = [
  '', 'hardy', 'lonely', 'brave', 'adamant', 'naughty', 'bold', 'docile', 'relaxed', 'impish', 'lax', 'timid', 'hasty',
  'serious', 'jolly', 'naive', 'modest', 'mild', 'quiet', 'bashful', 'rash', 'calm', 'gentle', 'sassy', 'careful',
  'quirky',
]; // the cartridge's order

/** A row of a set as a battle takes it: what it leaves out is what the constructor of sim/pokemon.js puts there. */
function toRow(set, codes) {
  const { dex } = codes;
  const species = dex.species.get(set.species || set.name);
  const known = codes.species.numbers.has(species.id) ? species : dex.species.get(species.baseSpecies);
  const ivs = STATS.map(stat => set.ivs?.[stat] ?? 31);
  const moves = set.moves.map(id => dex.moves.get(id));
  const power = moves.find(move => move.id === 'hiddenpower' && move.type !== 'Normal');
  const spread = Object.fromEntries(STATS.map((stat, k) => [stat, ivs[k]]));
  const type = set.hpType || power?.type || dex.getHiddenPower(spread).type;
  const numbers = moves.map(move => codes.moves.of(move.id));
  while (numbers.length < 4) numbers.push(0);
  const gender = GENDERS.includes(set.gender) && set.gender ? set.gender : known.gender;
  return [
    codes.species.of(known.id), set.level || 100, codes.items.of(dex.items.get(set.item).id),
    codes.abilities.of(dex.toID(set.ability)), GENDERS.indexOf(gender), NATURES.indexOf(dex.toID(set.nature)),
    set.happiness ?? 255, codes.types.of(type), ...numbers, ...ivs, ...STATS.map(stat => set.evs?.[stat] ?? 0),
  ];
}

/** Sets of a team's rows. */
function toTeam(rows, codes) {
  const { dex } = codes;
  const name = (table, code) => (code ? dex[table].get(codes[table].name(code)).name : '');
  const six = values => Object.fromEntries(STATS.map((stat, k) => [stat, values[k]]));
  return rows.filter(row => row[0]).map(row => {
    const [species, level, item, ability, gender, nature, happiness, type] = row;
    const given = name('species', species);
    return {
      name: dex.species.get(given).baseSpecies, species: given, level, item: name('items', item),
      ability: ability ? dex.abilities.get(codes.abilities.name(ability)).name || 'No Ability' : '',
      gender: GENDERS[gender], nature: nature ? dex.natures.get(NATURES[nature]).name : '', happiness,
      hpType: codes.types.name(type), moves: row.slice(8, 12).filter(Boolean).map(code => codes.moves.name(code)),
      ivs: six(row.slice(12, 18)), evs: six(row.slice(18, 24)),
    };
  });
}

module.exports = { NATURES, STATS, toRow, toTeam };
