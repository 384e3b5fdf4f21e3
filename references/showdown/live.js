'use strict';
// Battles in which somebody else chooses both sides' actions, one joint step at a time; many are under way at once.
const { startBattle } = require('./battle');
const { choose } = require('./gen1/legal');
const { WIDTH, record } = require('./gen1/record');

/** Battles by slot number. A slot keeps its battle until another is opened in it. */
class LiveBattles {
  constructor() {
    this.slots = new Map();
  }

  /** Starts a battle in `slot`; see startBattle. The teams must be its own. */
  open(slot, format, seed, teams) {
    this.slots.set(slot, startBattle(format, seed, teams));
  }

  /** Gives both actions (legal.js says what they mean). Returns '' or why the simulator would not take one. */
  advance(slot, actions) {
    const { battle, parties } = this.at(slot);
    if (battle.ended) return 'the battle is over';
    for (let n = 0; n < 2; n++) {
      const refusal = choose(battle.sides[n], parties[n], actions[n]);
      if (refusal) return refusal;
    }
    battle.commitChoices();
    return '';
  }

  /** Writes the slot's record into `out`, row `row`. */
  record(slot, out, row) {
    const { battle, parties } = this.at(slot);
    record(battle, parties, out, row * WIDTH);
  }

  /** Forgets a battle that the simulator could not go on with. */
  drop(slot) {
    this.slots.delete(slot);
  }

  at(slot) {
    const found = this.slots.get(slot);
    if (!found) throw new Error(`no battle is open in slot ${slot}`);
    return found;
  }
}

module.exports = { LiveBattles };
