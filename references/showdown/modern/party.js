'use strict';
// A team's Pokémon: what each keeps on the bench.
const { Namer, TEAM, Visit, Writer } = require('./visit');

const MOVES = 4;

function party(visit, name, n) {
  const { io, parties } = visit;
  const side = () => visit.battle.sides[n];
  io.number(`${name}.active`, () => parties[n].indexOf(side().active[0]), v => { side().active = [parties[n][v]]; });
  for (let k = 0; k < TEAM; k++) {
    // A team of fewer than six: its other members are all zeros.
    if (!(io instanceof Namer) && !parties[n][k]) {
      for (let skipped = 0; skipped < memberWidth(visit); skipped++) io.number(name, () => 0, () => {});
    } else member(visit, `${name}.team.${k}`, parties[n][k]);
  }
  // Before Transform changes the species: what players are told is the Pokémon's own.
  if (io instanceof Writer) for (const mon of parties[n]) mon.details = mon.getUpdatedDetails();
}

function memberWidth(visit) {
  const namer = new Namer();
  new Visit(namer, visit.battle, visit.parties, visit.battle.gen).member('', null);
  return namer.names.length;
}

function member(visit, name, mon) {
  const { io, codes } = visit;
  const number = (key, field) => io.number(`${name}.${key}`, () => mon[field], v => { mon[field] = v; });
  io.number(`${name}.position`, () => mon.position, v => { mon.position = v; mon.side.pokemon[v] = mon; });
  visit.code(`${name}.gender`, codes.genders, () => mon.gender, v => { mon.gender = v; });
  visit.code(`${name}.species`, codes.species, () => mon.baseSpecies.id, v => takeSpecies(mon, v));
  number('max_hp', 'maxhp');
  number('hp', 'hp');
  // One that fell keeps neither its condition nor its source; of one that stands on the field, requests ask.
  visit.code(`${name}.status`, codes.statuses, () => (mon.fainted ? '' : mon.status), v => takeStatus(mon, v));
  const now = () => (mon.status && !mon.fainted ? mon.statusState : {});
  io.number(`${name}.sleep_time`, () => now().time, v => { if (mon.status === 'slp') mon.statusState.time = v; });
  io.number(`${name}.toxic_stage`, () => now().stage, v => { if (mon.status === 'tox') mon.statusState.stage = v; });
  io.number(`${name}.status_source`, () => sideOf(now().source, mon), v => { statusSource(visit, mon, v); });
  visit.code(`${name}.item`, codes.items, () => mon.item, v => { mon.item = v; });
  visit.code(`${name}.last_item`, codes.items, () => mon.lastItem, v => { mon.lastItem = v; });
  visit.flag(`${name}.knocked_off`, () => mon.itemKnockedOff, v => { mon.itemKnockedOff = v; });
  visit.code(`${name}.ability`, codes.abilities, () => mon.baseAbility, v => { mon.ability = mon.baseAbility = v; });
  visit.flag(`${name}.forme_regresses`, () => mon.formeRegression, v => { mon.formeRegression = v; });
  for (let k = 0; k < MOVES; k++) {
    visit.move(`${name}.move${k}`, () => mon.baseMoveSlots[k]?.id, v => takeMove(mon, k, v));
    io.number(`${name}.pp${k}`, () => mon.baseMoveSlots[k]?.pp, v => {
      if (mon.baseMoveSlots[k]) mon.baseMoveSlots[k].pp = v;
    });
  }
}

function statusSource(visit, mon, code) {
  if (!mon.status) return;
  const foe = visit.parties[1 - mon.side.n][0];
  mon.statusState.source = [undefined, mon, foe][code];
}

const sideOf = (source, mon) => (!source ? 0 : source.side === mon.side ? 1 : 2);

function takeSpecies(mon, id) {
  const { battle, set } = mon;
  mon.baseSpecies = battle.dex.species.get(id);
  mon.baseStoredStats = battle.spreadModify(mon.baseSpecies.baseStats, set);
  mon.setSpecies(mon.baseSpecies);
  mon.baseMaxhp = mon.baseSpecies.maxHP || battle.statModify(mon.baseSpecies.baseStats, set, 'hp');
}

/** Called with its hit points in place. The one that stands has "fnt" while a replacement is asked for. */
function takeStatus(mon, status) {
  mon.fainted = mon.faintQueued = mon.hp === 0;
  const first = mon.side.active[0] === mon;
  mon.isActive = first && !mon.fainted;
  mon.status = mon.fainted && first && mon.battle.requestState === 'switch' ? 'fnt' : status;
  mon.statusState = { id: mon.status, target: mon, effectOrder: 1 };
}

function takeMove(mon, k, id) {
  if (id && mon.baseMoveSlots[k]?.id !== id) {
    const move = mon.battle.dex.moves.get(id);
    const maxpp = mon.battle.calculatePP(move, mon.ppUps[k] || 0);
    // Sketch leaves it without a target, which requests show.
    mon.baseMoveSlots[k] = { move: move.name, id, pp: maxpp, maxpp, disabled: false, used: false };
  }
  mon.moveSlots = mon.baseMoveSlots.slice();
}

module.exports = { party };
