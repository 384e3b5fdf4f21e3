// Reads a JSON list of Gen 1 teams (lists of Showdown sets) on stdin; prints for each what the reference makes of it:
// the stats and PP its battle starts with, its packed and export text, and its validator's problems in gen1ou.
'use strict';

const fs = require('fs');
const {Battle, Teams, TeamValidator} = require('pokemon-showdown');

const validator = new TeamValidator('gen1ou');

function describe(team) {
  // Battles and validators change the sets they get.
  const copy = () => structuredClone(team);
  const battle = new Battle({formatid: 'gen1customgame', seed: '1,2,3,4', p1: {team: copy()}, p2: {team: copy()}});
  const pokemon = battle.sides[0].pokemon;
  const result = {
    stats: pokemon.map(({maxhp, baseStoredStats: s}) => ({hp: maxhp, atk: s.atk, def: s.def, spa: s.spa, spd: s.spd, spe: s.spe})),
    pp: pokemon.map(p => p.moveSlots.map(slot => slot.pp)),
    packed: Teams.pack(team),
    exported: Teams.export(team),
    problems: validator.validateTeam(copy()) || [],
  };
  battle.destroy();
  return result;
}

const teams = JSON.parse(fs.readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify(teams.map(describe)));
