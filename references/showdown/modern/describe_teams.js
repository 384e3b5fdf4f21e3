'use strict';
// Reads a JSON list of teams (lists of sets, or texts) on stdin; prints for each what the reference makes of it.
//
//   node describe_teams.js GEN FORMAT
//
// {problems: those of the format's validator, rows: the Pokémon that a battle starts with, pp, packed, exported}. A
// text goes the way that it takes into a battle: read by Teams.import, packed as a client does, unpacked, judged, and
// changed by the judge. Sets are played as they are. A text that is no team gets null.
const fs = require('fs');
const { Battle, Teams, TeamValidator } = require('pokemon-showdown');
const { codesOf } = require('./codes');

const FREE = { 4: 'gen4anythinggoes' };
const STATS = ['atk', 'def', 'spa', 'spd', 'spe'];

/** Numbers of each Pokémon as a battle starts: BATTLE_COLUMNS of pokejax/modern/teams.py; 0 for a drawn gender. */
function rows(team, gen, codes) {
  const copy = () => structuredClone(team);
  const battle = new Battle({ formatid: FREE[gen], seed: '1,2,3,4', p1: { team: copy() }, p2: { team: copy() } });
  const found = battle.sides[0].pokemon.map((mon, k) => {
    const { set, baseSpecies } = mon;
    const drawn = !['M', 'F', 'N'].includes(team[k].gender) && !baseSpecies.gender;
    const moves = mon.baseMoveSlots.map(slot => codes.moves.of(slot.id));
    while (moves.length < 4) moves.push(0);
    const spread = ['hp', ...STATS].map(stat => set.ivs[stat] + Math.floor(set.evs[stat] / 4));
    return [
      codes.species.of(baseSpecies.id), mon.level, codes.items.of(mon.item), codes.abilities.of(mon.baseAbility),
      drawn ? 0 : codes.genders.of(mon.gender || 'N'), 0, mon.happiness, codes.types.of(mon.hpType), mon.hpPower,
      ...moves, ...spread, mon.maxhp, ...STATS.map(stat => mon.baseStoredStats[stat]),
    ];
  });
  const pp = battle.sides[0].pokemon.map(mon => mon.baseMoveSlots.map(slot => slot.pp));
  battle.destroy();
  return { rows: found, pp };
}

function describe(source, gen, codes, validator) {
  const text = typeof source === 'string';
  const team = text ? Teams.unpack(Teams.pack(Teams.import(source))) : source;
  if (!team) return null;
  // Validators and battles change the sets they get.
  const judged = structuredClone(team);
  const problems = validator.validateTeam(judged) ?? [];
  const start = text && problems.length ? {} : rows(text ? judged : team, gen, codes);
  return { problems, ...start, packed: Teams.pack(team), exported: Teams.export(structuredClone(team)) };
}

function main(gen, formatid) {
  const [codes, validator] = [codesOf(gen), new TeamValidator(formatid)];
  const teams = JSON.parse(fs.readFileSync(0, 'utf8'));
  process.stdout.write(JSON.stringify(teams.map(team => describe(team, gen, codes, validator))));
}

main(Number(process.argv[2]), process.argv[3]);
