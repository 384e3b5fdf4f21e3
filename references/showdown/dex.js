'use strict';
// The numbers that stand for the reference's names in every record, and the tables to go back.
const { Battle } = require('pokemon-showdown/dist/sim/battle');
const { Dex } = require('pokemon-showdown/dist/sim/dex');

const dex = Dex.mod('gen1');

const STATUS_CODE = { '': 0, brn: 1, par: 2, slp: 3, frz: 4, psn: 5, tox: 6, fnt: 7 };

const TYPE_NAMES = [
  '', 'Normal', 'Fighting', 'Flying', 'Poison', 'Ground', 'Rock', 'Bug', 'Ghost',
  'Fire', 'Water', 'Grass', 'Electric', 'Psychic', 'Ice', 'Dragon', '???',
];
const TYPE_CODE = Object.fromEntries(TYPE_NAMES.map((name, code) => [name, code]));
TYPE_CODE.Bird = TYPE_CODE['???'];

// The simulator's pseudo-moves are no entries of its dex, so they get the codes after Struggle (165).
const MOVE_CODE = { '': 0, cannotmove: 166, nomove: 167, fight: 168 };
const MOVE_IDS = [''];
for (const move of dex.moves.all()) {
  if (move.gen !== 1 || move.isNonstandard) continue;
  MOVE_CODE[move.id] = move.num;
  MOVE_IDS[move.num] = move.id;
}

const SPECIES_NAMES = [''];
for (const species of dex.species.all()) {
  if (species.num >= 1 && species.num <= 151 && !species.isNonstandard) SPECIES_NAMES[species.num] = species.name;
}

/** Code of a move id; 0 for none. */
const moveCode = id => MOVE_CODE[id] ?? 0;

/**
 * The tables as plain values. Moves by id: number, name, and the PP that every Pokémon's moves start with. Species by
 * name: number, types' codes.
 */
function numbers() {
  const pp = move => Battle.prototype.calculatePP.call({ gen: 1 }, move);
  const moves = {};
  for (const [id, num] of Object.entries(MOVE_CODE)) {
    const move = dex.moves.get(id);
    moves[id] = [num, move.exists ? move.name : id, move.exists ? pp(move) : 0];
  }
  const species = {};
  SPECIES_NAMES.forEach((name, num) => {
    if (name) species[name] = [num, dex.species.get(name).types.map(type => TYPE_CODE[type])];
  });
  return { moves, species, types: TYPE_CODE, statuses: STATUS_CODE };
}

module.exports = { dex, STATUS_CODE, TYPE_CODE, MOVE_IDS, SPECIES_NAMES, moveCode, numbers };
