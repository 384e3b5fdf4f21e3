'use strict';
// Proof that a record holds all that the rules read: battles are made anew from their records, then play on beside the
// first ones by the same choices. Prints JSON. Usage: node rebuild.js TEAMS BATTLES SEED EVERY
//
// TEAMS: "random" (Showdown's generator), "any" (any species, moves, items and abilities), "own" (own abilities).
const { Teams } = require('pokemon-showdown/dist/sim/teams');
const { startBattle } = require('../battle');
const { ChoiceRandom } = require('../gen1/policy');
const { codesOf } = require('./codes');
const { fieldNames, record } = require('./record');
const { restore } = require('./restore');

const GEN = 4;
const MOST_TURNS = 300;
const STATS = ['hp', 'atk', 'def', 'spa', 'spd', 'spe'];
const NAMES = fieldNames(GEN);

/** Draws below a bound, and from lists. */
class Dice extends ChoiceRandom {
  of(list) { return list[this.below(list.length)]; }
}

function team(kind, dice, codes) {
  const { dex } = codes;
  const taken = codes.species.names.slice(1).filter(id => !dex.species.get(id).battleOnly);
  const moves = codes.moves.names.slice(1).filter(id => !['struggle', 'recharge'].includes(id));
  return Array.from({ length: 6 }, () => {
    const species = dex.species.get(dice.of(taken));
    const chosen = new Set();
    while (chosen.size < 4) chosen.add(dice.of(moves));
    const spread = most => Object.fromEntries(STATS.map(stat => [stat, dice.below(most)]));
    const own = Object.values(species.abilities);
    return {
      name: species.name, species: species.name, moves: [...chosen], level: 50 + dice.below(51),
      ability: kind === 'own' ? dice.of(own) : dex.abilities.get(dice.of(codes.abilities.names.slice(1, -1))).name,
      item: dice.below(8) ? dice.of(codes.items.names.slice(1)) : '', nature: dice.of(dex.natures.all()).name,
      evs: spread(253), ivs: spread(32), happiness: dice.below(256),
    };
  });
}

/** Choices that a request allows, moves twice as often as each switch. */
function allowed(request) {
  if (!request || request.wait) return [];
  const bench = request.side.pokemon.map((mon, k) => [mon, k]).slice(1)
    .filter(([mon]) => !mon.condition.endsWith(' fnt')).map(([, k]) => `switch ${k + 1}`);
  if (request.forceSwitch) return bench.length ? bench : ['pass'];
  const [active] = request.active;
  const moves = active.moves.flatMap((move, k) => (move.disabled ? [] : [`move ${k + 1}`, `move ${k + 1}`]));
  return active.trapped ? moves : [...moves, ...bench];
}

function choose(battle, choices) {
  battle.sides.forEach((side, n) => {
    if (choices[n] && !side.choose(choices[n])) {
      side.clearChoice();
      side.autoChoose();
    }
  });
  battle.commitChoices();
  battle.log = [];
  battle.sentLogPos = 0;
}

const numbers = ({ battle, parties }) => {
  const row = new Int32Array(NAMES.length);
  const end = record(battle, parties, row);
  if (end !== NAMES.length) throw new Error(`a record has ${end} numbers, ${NAMES.length} are named`);
  return row;
};
const requests = ({ battle }) => JSON.stringify(battle.sides.map(side => side.activeRequest));

function different(one, two) {
  const [a, b] = [numbers(one), numbers(two)];
  const names = NAMES.flatMap((name, k) => (a[k] === b[k] ? [] : [`${name}: ${a[k]}, ${b[k]}`]));
  const [told, again] = [requests(one), requests(two)];
  if (names.length || told === again) return names;
  const at = [...told].findIndex((letter, k) => letter !== again[k]);
  return [told, again].map(text => `request: ${text.slice(Math.max(at - 60, 0), at + 40)}`);
}

function main(kind, battles, seed, every) {
  const dice = new Dice(seed);
  const codes = codesOf(GEN);
  const formatid = kind === 'random' ? 'gen4randombattle' : 'gen4anythinggoes';
  const found = { battles: 0, steps: 0, rebuilt: 0, between: 0, queued: 0, fields: NAMES.length, different: [] };
  const generator = Teams.getGenerator('gen4randombattle', `${seed},1,2,3`);
  for (let played = 0; played < battles; played++) {
    const teams = [0, 1].map(() => (kind === 'random' ? generator.getTeam() : team(kind, dice, codes)));
    const first = startBattle(formatid, [played, seed], structuredClone(teams), true);
    const { battle } = first;
    let second = null;
    const differ = (when, names) => {
      found.different.push({ battle: played, turn: battle.turn, when, names: names.slice(0, 8) });
      second = null;
    };
    for (let step = 0; !battle.ended && battle.turn < MOST_TURNS; step++) {
      if (step && dice.below(every) === 0) {
        second = restore(formatid, structuredClone(teams), numbers(first));
        found.rebuilt++;
        found.between += battle.requestState === 'switch' ? 1 : 0;
        found.queued += battle.queue.list.length ? 1 : 0;
        const names = different(first, second);
        if (names.length) differ('rebuilt', names);
      }
      const choices = battle.sides.map(side => {
        const list = allowed(side.activeRequest);
        return list.length ? dice.of(list) : '';
      });
      choose(battle, choices);
      if (!second) continue;
      choose(second.battle, choices);
      found.steps++;
      const names = different(first, second);
      if (names.length) differ(choices.join(' and '), names);
    }
    found.battles++;
  }
  process.stdout.write(`${JSON.stringify(found)}\n`);
}

const [kind, battles, seed, every] = process.argv.slice(2);
main(kind, Number(battles), Number(seed), Number(every));
