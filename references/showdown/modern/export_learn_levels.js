'use strict';
// Prints from which level on each species can know each move, as the reference's validator judges sets of one move.
//
//   node export_learn_levels.js GEN FIRST STEP      for the species FIRST, FIRST + STEP, ... by the numbers of codes.js
//
// {species: {levels: [[ability slot, move, level], ...], natures: [[ability slot, move, nature], ...]}}: where a move
// comes from an event alone, the natures that the event allows, if it does not allow all.
const { TeamValidator } = require('pokemon-showdown');
const { codesOf } = require('./codes');

const FORMATS = { 4: 'gen4anythinggoes' }; // all that players can have, nothing banned
const MOST = 100;
const EVS = 10; // some events give Pokémon whose effort values are multiples of ten

class Judge {
  constructor(gen) {
    this.codes = codesOf(gen);
    this.validator = new TeamValidator(FORMATS[gen]);
    this.natures = this.codes.dex.natures.all().map(nature => nature.name);
  }

  accepts(species, ability, move, level, nature = 'Serious') {
    const item = (species.requiredItems ?? [species.requiredItem])[0] ?? '';
    const evs = { hp: EVS, atk: 0, def: 0, spa: 0, spd: 0, spe: 0 };
    if (level === 50 && EVS % 4 === 0) throw new Error(`level 50 with ${EVS} effort values is refused`);
    const set = { name: '', species: species.name, item, ability, moves: [move], evs, level, nature };
    return !this.validator.validateTeam([set]);
  }

  /** Lowest level from `from` on at which the set is accepted, known to be so at the highest. */
  lowest(species, ability, move, from, nature) {
    if (this.accepts(species, ability, move, from, nature)) return from;
    let [low, high] = [from, MOST];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.accepts(species, ability, move, middle, nature)) high = middle;
      else low = middle;
    }
    return high;
  }

  row(species) {
    const { dex, moves } = this.codes;
    const ids = [...dex.species.getMovePool(species.id)].map(id => dex.moves.get(id).id);
    const pool = ids.filter(id => moves.numbers.has(id));
    const found = { levels: [], natures: [] };
    const from = 1;
    ['0', '1'].forEach((slot, place) => {
      const ability = species.abilities[slot];
      if (!ability) return;
      for (const move of new Set(pool)) {
        let allowed = ['Serious'];
        if (!this.accepts(species, ability, move, MOST)) {
          allowed = this.natures.filter(nature => this.accepts(species, ability, move, MOST, nature));
          if (!allowed.length) continue;
          for (const nature of allowed) found.natures.push([place, moves.of(move), dex.toID(nature)]);
        }
        found.levels.push([place, moves.of(move), this.lowest(species, ability, move, from, allowed[0])]);
      }
    });
    return found;
  }
}

function main(gen, first, step) {
  const judge = new Judge(gen);
  const { dex, species } = judge.codes;
  const answer = {};
  for (let number = first; number < species.names.length; number += step) {
    const one = dex.species.get(species.names[number]);
    if (!one.battleOnly) answer[number] = judge.row(one);
  }
  return answer;
}

process.stdout.write(JSON.stringify(main(...process.argv.slice(2).map(Number))));
