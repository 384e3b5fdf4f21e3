'use strict';
// Prints teams as wire rows (wire.js), one JSON object on stdout.
//
//   node export_teams.js <gen4randombattle|gen4ou> <number of teams> <seed: four 16-bit numbers, comma-separated>
//
// gen4randombattle: Showdown's own generator, as is. gen4ou: see ou_teams.js.
const { Teams } = require('pokemon-showdown');
const { codesOf } = require('./codes');
const { ouTeams } = require('./ou_teams');
const { toRow } = require('./wire');

const [format, count, seed] = process.argv.slice(2);

function randomBattleTeams(wanted, codes) {
  const generator = Teams.getGenerator(format, seed);
  return { teams: Array.from({ length: wanted }, () => generator.getTeam().map(set => toRow(set, codes))), refused: 0 };
}

const MAKERS = {
  gen4randombattle: randomBattleTeams,
  gen4ou: (wanted, codes) => {
    const { teams, refused } = ouTeams(format, wanted, seed, codes);
    return { teams: teams.map(team => team.map(set => toRow(set, codes))), refused };
  },
};

if (!MAKERS[format]) throw new Error(`unknown format ${format}; known are ${Object.keys(MAKERS).join(', ')}`);
const version = require('pokemon-showdown/package.json').version;
process.stdout.write(JSON.stringify({ version, ...MAKERS[format](Number(count), codesOf(4)) }));
