'use strict';
// OU teams of Generation 4, for which Showdown has no generator: six different species that OU allows, most of them
// from the OU and UU tiers, with the sets of its random-battle data at level 100. A set gets a nature and effort values
// by its role; what OU forbids (sleep moves) is changed for something else that the species can know, and in one set of
// four one more move is. Showdown's own TeamValidator judges every set and every team; what it refuses is dropped and
// counted.
const { Teams, TeamValidator } = require('pokemon-showdown');

const SIZE = 6;
const FAST = new Set(['Fast Attacker', 'Setup Sweeper', 'Wallbreaker', 'Fast Support']);
const SUPPORT = new Set(['Bulky Support', 'Staller']);
const STATS = ['hp', 'atk', 'def', 'spa', 'spd', 'spe'];
const spread = values => Object.fromEntries(STATS.map(stat => [stat, values[stat] ?? 0]));

/** Nature and effort values: a choice of two for each role and kind of attack. */
function build(role, kinds, generator) {
  const { Physical: physical, Special: special } = kinds;
  const mixed = physical > 0 && special > 0;
  const attack = physical >= special ? 'atk' : 'spa';
  const choose = list => generator.sample(list);
  if (SUPPORT.has(role)) {
    return attack === 'atk' && physical
      ? choose([['Impish', { hp: 252, def: 252, spd: 4 }], ['Careful', { hp: 252, def: 4, spd: 252 }]])
      : choose([['Bold', { hp: 252, def: 252, spd: 4 }], ['Calm', { hp: 252, def: 4, spd: 252 }]]);
  }
  if (FAST.has(role)) {
    if (mixed) return [choose(['Naive', 'Hasty']), { [attack]: 252, [attack === 'atk' ? 'spa' : 'atk']: 4, spe: 252 }];
    const natures = attack === 'atk' ? ['Jolly', 'Adamant'] : ['Timid', 'Modest'];
    return [choose(natures), { hp: 4, [attack]: 252, spe: 252 }];
  }
  const natures = mixed ? ['Quiet', 'Brave'] : attack === 'atk' ? ['Adamant', 'Careful'] : ['Modest', 'Calm'];
  return [choose(natures), choose([{ hp: 252, [attack]: 252, def: 4 }, { hp: 252, [attack]: 56, spd: 200 }])];
}

class Maker {
  constructor(format, seed, codes) {
    this.dex = codes.dex;
    this.generator = Teams.getGenerator('gen4randombattle', seed);
    this.generator.adjustLevel = 100;
    this.validator = new TeamValidator(format);
    const all = Object.keys(this.generator.randomSets).map(id => this.dex.species.get(id));
    const allowed = all.filter(one => !this.validator.checkSpecies({ name: '', moves: [] }, one, one, {}));
    this.tiers = {
      ou: allowed.filter(one => ['OU', '(OU)'].includes(one.tier)),
      uu: allowed.filter(one => ['UU', 'UUBL'].includes(one.tier)),
      lower: allowed.filter(one => !['OU', '(OU)', 'UU', 'UUBL'].includes(one.tier)),
    };
    this.refused = 0;
  }

  forbidden(id) {
    const move = this.dex.moves.get(id);
    return move.ohko || move.status === 'slp' || !!this.validator.checkMove({ name: '' }, move, {});
  }

  exchange(set, place, species) {
    const known = set.moves.map(id => this.dex.moves.get(id).id);
    const others = [...this.dex.species.getMovePool(species.id)]
      .filter(id => !known.includes(this.dex.moves.get(id).id) && id !== 'hiddenpower' && !this.forbidden(id));
    if (others.length) set.moves[place] = this.generator.sample(others);
  }

  set(species) {
    const { generator } = this;
    const made = generator.randomSet(species);
    const set = { ...made, moves: [...made.moves], ivs: { ...made.ivs } };
    set.moves.forEach((id, place) => { if (this.forbidden(id)) this.exchange(set, place, species); });
    if (generator.randomChance(1, 4)) this.exchange(set, generator.random(set.moves.length), species);
    const kinds = { Physical: 0, Special: 0, Status: 0 };
    for (const id of set.moves) kinds[this.dex.moves.get(id).category]++;
    const [nature, evs] = build(made.role, kinds, generator);
    const power = set.moves.map(id => this.dex.moves.get(id)).find(move => move.id === 'hiddenpower');
    const full = Object.fromEntries(STATS.map(stat => [stat, 31]));
    const ivs = { ...full, ...(power && this.dex.types.get(power.type).HPivs) };
    const { name, species: forme, gender, ability, item } = made;
    return { name, species: forme, gender, level: 100, moves: set.moves, ability, item, nature, evs: spread(evs), ivs,
      happiness: 255 };
  }

  /** A set that the validator takes alone, or null. */
  legal(species) {
    const set = this.set(species);
    // The validator gets a copy, since it changes what it judges.
    if (!this.validator.validateTeam([structuredClone(set)])) return set;
    this.refused++;
    return null;
  }

  team() {
    const { generator, tiers } = this;
    const members = new Map();
    while (members.size < SIZE) {
      const roll = generator.random(20);
      const species = generator.sample(roll < 12 ? tiers.ou : roll < 18 ? tiers.uu : tiers.lower);
      if (members.has(species.num)) continue;
      const set = this.legal(species);
      if (set) members.set(species.num, set);
    }
    return [...members.values()];
  }
}

/** {teams: lists of sets, refused: how many sets and teams the validator did not take}. */
function ouTeams(format, wanted, seed, codes) {
  const maker = new Maker(format, seed, codes);
  const teams = [];
  while (teams.length < wanted) {
    const team = maker.team();
    if (maker.validator.validateTeam(structuredClone(team))) maker.refused++;
    else teams.push(team);
  }
  return { teams, refused: maker.refused };
}

module.exports = { ouTeams };
