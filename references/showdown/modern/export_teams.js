'use strict';
// Prints teams as wire rows (wire.js), one JSON list a line as each is made, then {version, refused} on a line.
//
//   node export_teams.js <gen4randombattle|gen4ou> <number of teams> <seed: four 16-bit numbers, comma-separated>
//
// gen4randombattle: Showdown's own generator, as is. gen4ou: see ou_teams.js. More teams of a seed begin with fewer.
const { Teams } = require('pokemon-showdown');
const { codesOf } = require('./codes');
const { OuTeams } = require('./ou_teams');
const { toRow } = require('./wire');

const MAKERS = {
  gen4randombattle: (format, seed) => {
    const generator = Teams.getGenerator(format, seed);
    return { refused: 0, team: () => generator.getTeam() };
  },
  gen4ou: (format, seed, codes) => new OuTeams(format, seed, codes),
};

function main(format, count, seed) {
  if (!MAKERS[format]) throw new Error(`unknown format ${format}; known are ${Object.keys(MAKERS).join(', ')}`);
  const codes = codesOf(4);
  const maker = MAKERS[format](format, seed, codes);
  const say = value => process.stdout.write(`${JSON.stringify(value)}\n`);
  for (let made = 0; made < Number(count); made++) say(maker.team().map(set => toRow(set, codes)));
  say({ version: require('pokemon-showdown/package.json').version, refused: maker.refused });
}

main(...process.argv.slice(2));
