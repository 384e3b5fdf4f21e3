'use strict';
// A battle as the text that Showdown itself saves and replays.
const { Teams } = require('pokemon-showdown/dist/sim/teams');
const { startBattle } = require('./battle');
const { choose } = require('./gen1/legal');

/** Lines of the input log. Throws where the simulator refuses a choice. */
function inputLog(format, seed, names, teams, actions) {
  const words = [seed[0] >>> 16, seed[0] & 0xffff, seed[1] >>> 16, seed[1] & 0xffff].join(',');
  const lines = [`>start ${JSON.stringify({ formatid: format, seed: words })}`];
  names.forEach((name, n) => {
    lines.push(`>player p${n + 1} ${JSON.stringify({ name, team: Teams.pack(teams[n]) })}`);
  });
  const { battle, parties } = startBattle(format, seed, teams);
  for (let step = 0; 2 * step < actions.length; step++) {
    battle.sides.forEach((side, n) => {
      const refusal = choose(side, parties[n], actions[2 * step + n], text => lines.push(`>${side.id} ${text}`));
      if (refusal) throw new Error(`step ${step}: ${refusal}`);
    });
    battle.commitChoices();
  }
  return lines;
}

module.exports = { inputLog };
