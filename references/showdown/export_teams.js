// Prints Gen 1 teams as wire rows (pokejax/gen1/teams.py, WIRE_COLUMNS), one JSON object on stdout.
//
//   node export_teams.js <gen1randombattle|gen1ou> <number of teams> <seed: four 16-bit numbers, comma-separated>
//
// gen1randombattle: Showdown's own generator, as is.
// gen1ou: Showdown has no OU generator. Six different species that OU allows, most of them from the OU and UU tiers, with
// the sets of its random-battle data at level 100; one set in four has one move changed for another that the species can
// know. Showdown's own TeamValidator judges every team, and those it refuses are dropped and counted.
'use strict';

const {Dex, Teams, TeamValidator} = require('pokemon-showdown');

const [format, count, seed] = process.argv.slice(2);
const dex = Dex.mod('gen1');

function wireRow(set) {
  for (const spread of [set.ivs, set.evs]) {
    if (spread.spa !== spread.spd) throw new Error(`${set.species}: Special is split in two: ${JSON.stringify(spread)}`);
  }
  const moves = set.moves.map(id => dex.moves.get(id).num);
  while (moves.length < 4) moves.push(0);
  const five = (spread, mask) => ['hp', 'atk', 'def', 'spa', 'spe'].map(stat => spread[stat] & mask);
  // The mask 30 is what Pokemon's constructor (sim/pokemon.js) makes of IVs in Gens 1 and 2.
  return [dex.species.get(set.species).num, set.level, ...moves, ...five(set.ivs, 30), ...five(set.evs, 255)];
}

function randomBattleTeams(wanted) {
  const generator = Teams.getGenerator(format, seed);
  return {teams: Array.from({length: wanted}, () => generator.getTeam().map(wireRow)), refused: 0};
}

function ouTeams(wanted) {
  const generator = Teams.getGenerator(format, seed);
  generator.adjustLevel = 100;
  const rules = Dex.formats.getRuleTable(Dex.formats.get(format));
  const validator = new TeamValidator(format);
  const allowed = Object.keys(generator.randomData).map(id => dex.species.get(id)).filter(s => !rules.isBannedSpecies(s));
  const tiers = {
    ou: allowed.filter(s => s.tier === 'OU'),
    uu: allowed.filter(s => s.tier === 'UU'),
    lower: allowed.filter(s => s.tier !== 'OU' && s.tier !== 'UU'),
  };
  const legalMoves = species => [...dex.species.getMovePool(species.id)].filter(id => {
    const move = dex.moves.get(id);
    return !rules.isBanned(`move:${id}`) && !move.ohko;
  });

  function team() {
    const members = new Set();
    while (members.size < 6) {
      const roll = generator.random(20);
      members.add(generator.sample(roll < 12 ? tiers.ou : roll < 18 ? tiers.uu : tiers.lower));
    }
    return [...members].map(species => {
      const set = generator.randomSet(species);
      if (generator.randomChance(1, 4)) {
        const others = legalMoves(species).filter(id => !set.moves.includes(id));
        if (others.length) set.moves[generator.random(set.moves.length)] = generator.sample(others);
      }
      return set;
    });
  }

  const teams = [];
  let refused = 0;
  while (teams.length < wanted) {
    const candidate = team();
    const row = candidate.map(wireRow);
    // The validator gets a copy, since it changes what it judges.
    if (validator.validateTeam(structuredClone(candidate))) refused++;
    else teams.push(row);
  }
  return {teams, refused};
}

const makers = {gen1randombattle: randomBattleTeams, gen1ou: ouTeams};
if (!makers[format]) throw new Error(`unknown format ${format}; known are ${Object.keys(makers).join(', ')}`);
process.stdout.write(JSON.stringify({
  version: require('pokemon-showdown/package.json').version,
  ...makers[format](Number(count)),
}));
