'use strict';
// Battles of chance teams by chance choices, with the record at every decision point. Prints one JSON line a battle.
//
// Usage: node sample.js FORMAT BATTLES SEED TURNS ALLOWED, where ALLOWED is JSON: {moves, abilities, items, mirror,
// generator, views}, the ids that a team may have. "mirror": both sides have the same team, so that their speeds tie.
// "generator": a random format whose own teams are taken instead. "views": also what each player is sent; every Pokémon
// then has a nickname of its own. "fields" and "names" print what numbers mean.
const { Teams } = require('pokemon-showdown');
const { startBattle } = require('../battle');
const { ChoiceRandom } = require('../gen1/policy');
const { codesOf } = require('./codes');
const { fieldNames, record } = require('./record');
const { Views } = require('../views');

const GEN = 4;
const NAMES = fieldNames(GEN);
const STATS = ['hp', 'atk', 'def', 'spa', 'spd', 'spe'];
const [SWITCHES, NO_OP, MOST_TRIES] = [6, 10, 200];

class Dice extends ChoiceRandom {
  of(list) { return list[this.below(list.length)]; }
}

function team(dice, codes, allowed) {
  const { dex } = codes;
  const taken = codes.species.names.slice(1).filter(id => {
    const one = dex.species.get(id);
    return !one.battleOnly && !one.forme && !['arceus', 'shaymin', 'giratina', 'castform', 'cherrim', 'ditto'].includes(id);
  });
  return Array.from({ length: 6 }, (_, place) => {
    const species = dex.species.get(dice.of(taken));
    const chosen = new Set();
    for (let tries = 0; chosen.size < Math.min(4, allowed.moves.length) && tries < MOST_TRIES; tries++) {
      chosen.add(dice.of(allowed.moves));
    }
    const spread = most => Object.fromEntries(STATS.map(stat => [stat, dice.below(most)]));
    return {
      name: allowed.views ? `mon${place}` : species.name, species: species.name, moves: [...chosen], level: 50 + dice.below(51),
      ability: dex.abilities.get(dice.of(allowed.abilities)).name, item: dice.below(8) ? dice.of(allowed.items) : '',
      nature: dice.of(dex.natures.all()).name, gender: species.gender || dice.of(['M', 'F']),
      evs: spread(253), ivs: spread(32), happiness: dice.below(256),
    };
  });
}

/** A team of Showdown's own generator, its genders drawn here. */
function generated(dice, codes, { generator, views }) {
  const seed = Array.from({ length: 4 }, () => dice.below(65536));
  return Teams.getGenerator(generator, seed.join(',')).getTeam().map((set, place) => ({
    ...set, name: views ? `mon${place}` : set.name, gender: set.gender || codes.dex.species.get(set.species).gender || dice.of(['M', 'F']),
  }));
}

/** What a record does not hold of a team, and the engine reads. */
function told(parties, codes) {
  return parties.map(party => party.map(mon => ({
    species: codes.species.of(mon.baseSpecies.id), level: mon.level, happiness: mon.happiness, max_hp: mon.maxhp,
    gender: codes.genders.of(mon.gender), item: codes.items.of(mon.item), ability: codes.abilities.of(mon.ability),
    stats: STATS.slice(1).map(stat => mon.baseStoredStats[stat]), moves: mon.baseMoveSlots.map(one => codes.moves.of(one.id)),
    max_pp: mon.baseMoveSlots.map(one => one.maxpp), hidden_power_type: codes.types.of(mon.hpType),
    hidden_power: mon.hpPower,
  })));
}

/** Actions that a request allows: 0-5 a place of the team, 6-9 a move of the request. */
function allowedActions(side, party) {
  const request = side.activeRequest;
  if (!request || request.wait) return [NO_OP];
  const bench = side.pokemon.slice(1).filter(mon => !mon.fainted).map(mon => party.indexOf(mon));
  if (request.forceSwitch) return request.forceSwitch[0] ? bench : [NO_OP];
  const [active] = request.active;
  const [mon] = side.active;
  const shown = active.moves.flatMap((move, k) => (move.disabled ? [] : [k]));
  // By the truth: what an Imprison bars is no choice though its player is not told. If it bars everything, any choice is
  // Struggle; and a trapped Pokémon stays.
  const open = active.maybeDisabled ? shown.filter(k => mon.moveSlots[k].disabled !== 'hidden') : shown;
  const moves = (open.length ? open : [0]).map(k => SWITCHES + k);
  return mon.trapped ? moves : [...moves, ...bench];
}

function choose(battle, parties, actions) {
  battle.sides.forEach((side, n) => {
    if (actions[n] === NO_OP) return;
    const text = actions[n] < SWITCHES
      ? `switch ${1 + side.pokemon.indexOf(parties[n][actions[n]])}` : `move ${actions[n] - SWITCHES + 1}`;
    if (!side.choose(text)) throw new Error(`${side.id} may not choose ${text}: ${side.choice.error}`);
  });
  battle.commitChoices();
}

function forget(battle) {
  battle.log = [];
  battle.sentLogPos = 0;
}

/** Names in the order of their numbers, and what a reader of messages must know of moves and species. */
function names({ dex, moves, species, abilities, items, types }) {
  const move = id => {
    const { pp, noPPBoosts, target, flags } = dex.moves.get(id);
    return { plain: pp, pp: noPPBoosts || id === 'trumpcard' ? pp : pp * 8 / 5, target, pressure: Boolean(flags?.mustpressure) };
  };
  return {
    moves: moves.names, species: species.names, abilities: abilities.names, items: items.names, types: types.names,
    of_moves: Object.fromEntries(moves.names.filter(Boolean).map(id => [id, move(id)])),
    of_species: Object.fromEntries(species.names.filter(Boolean).map(id => [id, dex.species.get(id).types])),
  };
}

function main(format, battles, seed, turns, allowed) {
  const dice = new Dice(seed);
  const codes = codesOf(GEN);
  for (let played = 0; played < battles; played++) {
    const make = () => (allowed.generator ? generated(dice, codes, allowed) : team(dice, codes, allowed));
    const first = make();
    const teams = [first, allowed.mirror ? structuredClone(first) : make()];
    const { battle, parties } = startBattle(format, [played, seed], structuredClone(teams), allowed.views);
    const views = new Views(allowed.views ? battle : null);
    const rows = [];
    const actions = [];
    const masks = [];
    const start = told(parties, codes);
    const keep = () => {
      const row = new Int32Array(NAMES.length);
      record(battle, parties, row);
      rows.push([...row]);
      views.take();
      if (!allowed.views) forget(battle);
    };
    keep();
    while (!battle.ended && battle.turn < turns) {
      const may = battle.sides.map((side, n) => allowedActions(side, parties[n]));
      // A move twice as often as each switch.
      const picks = may.map(list => dice.of(list.flatMap(one => (one >= SWITCHES ? [one, one] : [one]))));
      masks.push(may.map(list => list.reduce((bits, one) => bits | (1 << one), 0)));
      choose(battle, parties, picks);
      actions.push(picks);
      keep();
    }
    process.stdout.write(`${JSON.stringify({ seed: [played, seed], parties: start, rows, actions, masks, views: views.taken })}\n`);
  }
}

const [format, battles, seed, turns, allowed] = process.argv.slice(2);
if (format === 'names') process.stdout.write(JSON.stringify(names(codesOf(GEN))));
else if (format === 'fields') process.stdout.write(JSON.stringify(NAMES));
else main(format, Number(battles), Number(seed), Number(turns), JSON.parse(allowed));
