'use strict';
// How fast the reference plays at its best: random legal play inside Node, text off, nothing recorded.
const { startBattle } = require('./battle');
const { choose, legalMask } = require('./gen1/legal');
const { ChoiceRandom, choosePolicy } = require('./gen1/policy');
const { pairMaker } = require('./teams');

const POOL = 200; // pairs of teams, made before the clock starts
let pool;

const copyTeam = team => team.map(set => ({ ...set, moves: [...set.moves], evs: { ...set.evs }, ivs: { ...set.ivs } }));

/** Plays battles for `seconds`. A step is one commit of both sides' choices. Returns {steps, battles, seconds}. */
function throughput(format, seconds, seed) {
  const random = new ChoiceRandom(seed);
  if (!pool) {
    const next = pairMaker('randbats', [1, 2], random);
    pool = Array.from({ length: POOL }, () => next());
  }
  let steps = 0;
  let battles = 0;
  const begin = process.hrtime.bigint();
  const elapsed = () => Number(process.hrtime.bigint() - begin) / 1e9;
  while (elapsed() < seconds) {
    const pair = pool[random.below(POOL)].map(copyTeam);
    const { battle, parties } = startBattle(format, [random.below(2 ** 32), random.below(2 ** 32)], pair);
    battles++;
    // The clock is read every 16 steps, so a sample overruns by a fraction of a battle, not by a whole one.
    for (let step = 0; !battle.ended && (step % 16 !== 0 || elapsed() < seconds); step++) {
      for (let n = 0; n < 2; n++) {
        const side = battle.sides[n];
        const mask = legalMask(battle, side, parties[n]);
        choose(side, parties[n], choosePolicy('uniform', side, mask, random));
      }
      battle.commitChoices();
      steps++;
    }
  }
  return { steps, battles, seconds: elapsed() };
}

module.exports = { throughput };
