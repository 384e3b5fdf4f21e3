'use strict';
// The reference's own Battle, with its text output switched off where nobody reads it. Nothing else is patched.
const { Battle } = require('pokemon-showdown/dist/sim/battle');

class QuietBattle extends Battle {
  // With an empty log, Haze's `this.log[this.log.length - 1] += ...` only grows an unused property of the array.
  add() {}
  addMove() {}
  addSplit() {}
  attrLastMove() {}
  retargetLastMove() {}
  hint() {}
  debug() {}
  sendUpdates() {}
}

/**
 * Starts a battle. `seed`: [high, low] uint32 of the 64-bit state. The simulator mutates the teams given to it.
 * `texts`: with Showdown's text output, which takes a while.
 */
function startBattle(format, [high, low], teams, texts = false) {
  const seed = [high >>> 16, high & 0xffff, low >>> 16, low & 0xffff].join(',');
  const battle = new (texts ? Battle : QuietBattle)({
    formatid: format, seed, p1: { name: 'p1', team: teams[0] }, p2: { name: 'p2', team: teams[1] },
  });
  const parties = battle.sides.map(
    side => [...side.pokemon].sort((a, b) => side.team.indexOf(a.set) - side.team.indexOf(b.set)),
  );
  return { battle, parties };
}

module.exports = { startBattle };
