'use strict';
// What the simulator says to choices in its own words, at every decision point of a battle.
const { startBattle } = require('./battle');
const { choose } = require('./gen1/legal');

/** '' if the side takes the choice, else its reason. The side is left as it was: nothing is chosen. */
function verdict(side, text) {
  // "testfight" asks for another request, which forgets that the move may be decided.
  const [active] = side.active;
  const { maybeLocked } = active;
  const request = side.activeRequest;
  const before = JSON.stringify(request);
  side.clearChoice();
  const taken = side.choose(text) && side.isChoiceDone();
  const reason = taken ? '' : side.choice.error || 'no reason given';
  side.activeRequest = request && JSON.parse(before);
  active.maybeLocked = maybeLocked;
  side.clearChoice();
  return reason;
}

/** `texts`: for each decision point and each side the choices to try. Returns the verdicts in the same form. */
function verdicts(format, seed, teams, actions, texts) {
  const { battle, parties } = startBattle(format, seed, teams);
  return texts.map((sides, step) => {
    const said = battle.sides.map((side, n) => sides[n].map(text => verdict(side, text)));
    if (2 * step < actions.length) {
      battle.sides.forEach((side, n) => {
        const refusal = choose(side, parties[n], actions[2 * step + n]);
        if (refusal) throw new Error(`step ${step}: ${refusal}`);
      });
      battle.commitChoices();
    }
    return said;
  });
}

module.exports = { verdicts };
