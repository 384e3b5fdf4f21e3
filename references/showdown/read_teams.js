// Reads a JSON list of texts of teams on stdin; prints for each what the reference makes of it.
//
// A text goes the way that it takes into a battle: Teams.import, packed as a client sends it, unpacked, judged by the validator. Answers
// {imported, packed}: `imported` is judged as Teams.import gives it, `packed` as it arrives. Either is null where there is no team, else
// {gen1ou, obtainable: the problems in each, sets: what a battle starts with}. Sets are left out where a battle cannot be had.
'use strict';

const fs = require('fs');
const {Battle, Dex, Teams, TeamValidator} = require('pokemon-showdown');

const dex = Dex.mod('gen1');
const validators = {
  gen1ou: new TeamValidator('gen1ou'),
  // Obtainable and nothing else. Sizes and levels are Custom Game's, which go beyond those of a game.
  obtainable: new TeamValidator('gen1customgame@@@Obtainable'),
};

/** [species, level, moves, stats] of each Pokemon of a judged team at the start of its battle. */
function start(team) {
  const copy = () => structuredClone(team);
  const battle = new Battle({formatid: 'gen1ou', seed: '1,2,3,4', p1: {team: copy()}, p2: {team: copy()}});
  const rows = battle.sides[0].pokemon.map(pokemon => {
    const {atk, def, spa, spd, spe} = pokemon.baseStoredStats;
    if (spa !== spd) throw new Error(`${pokemon.name}: Special is split in two`);
    const moves = pokemon.baseMoveSlots.map(slot => dex.moves.get(slot.id).num);
    return [pokemon.baseSpecies.num, pokemon.level, moves, [pokemon.maxhp, atk, def, spa, spe]];
  });
  battle.destroy();
  return rows;
}

function judge(team) {
  if (!team) return null;
  const answer = {};
  let judged = null;
  for (const [name, validator] of Object.entries(validators)) {
    // Validators change the sets that they judge, into what the battle gets.
    const copy = structuredClone(team);
    answer[name] = validator.validateTeam(copy) || [];
    if (!answer[name].length) judged = copy;
  }
  if (judged) answer.sets = start(judged);
  return answer;
}

function read(text) {
  const team = Teams.import(text);
  return {imported: judge(team), packed: judge(team && Teams.unpack(Teams.pack(team)))};
}

process.stdout.write(JSON.stringify(JSON.parse(fs.readFileSync(0, 'utf8')).map(read)));
