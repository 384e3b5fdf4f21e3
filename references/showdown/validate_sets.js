// Reads [[species, level, [move, ...]], ...] on stdin, by Gen 1 names; prints a string of one digit each: 1 where the reference's
// validator lets a player of Gen 1 have such a Pokemon (the rule Obtainable), else 0.
'use strict';

const fs = require('fs');
const {TeamValidator} = require('pokemon-showdown');

const validator = new TeamValidator('gen1customgame@@@Obtainable');
const verdict = ([species, level, moves]) => {
  return validator.validateTeam([{name: '', species, item: '', ability: '', level, moves}]) ? 0 : 1;
};
process.stdout.write(JSON.parse(fs.readFileSync(0, 'utf8')).map(verdict).join(''));
