'use strict';
// A new battle that goes on from a record: what no field holds is as in a battle that was just made.
const { Battle } = require('pokemon-showdown/dist/sim/battle');
const { write } = require('./record');

const EFFECTS_BEFORE = 1000; // later effects get a later order than all that the record brings
const SHOWN = new Set(['hppercentagemod', 'cancelmod']);

/** `teams`: as the first battle got them; they become this one's. Returns {battle, parties}. */
function restore(formatid, teams, row) {
  const players = { p1: { name: 'p1', team: teams[0] }, p2: { name: 'p2', team: teams[1] } };
  const battle = new Battle({ formatid, seed: '1,2,3,4', deserialized: true, ...players });
  battle.started = true;
  [battle.sides[0].foe, battle.sides[1].foe] = [battle.sides[1], battle.sides[0]];
  for (const rule of battle.ruleTable.keys()) {
    if (!'+*-!'.includes(rule[0]) && SHOWN.has(battle.dex.formats.get(rule).id)) {
      battle.dex.formats.get(rule).onBegin.call(battle);
    }
  }
  const parties = battle.sides.map(side => side.pokemon.slice());
  write(battle, parties, row);
  for (const side of battle.sides) {
    side.pokemonLeft = side.pokemon.filter(mon => !mon.fainted).length;
    for (const mon of side.pokemon) mon.newlySwitched ||= mon !== side.active[0];
  }
  battle.midTurn = battle.requestState === 'switch';
  battle.effectOrder = EFFECTS_BEFORE;
  battle.log = [];
  battle.sentLogPos = 0;
  if (!battle.ended && battle.requestState) battle.makeRequest(battle.requestState);
  return { battle, parties };
}

module.exports = { restore };
