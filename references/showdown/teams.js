'use strict';
// Teams to play with: Showdown's own generator, and all-move teams for what the generator never gives.
const { Teams } = require('pokemon-showdown/dist/sim/teams');
const { dex, MOVE_IDS, SPECIES_NAMES } = require('./dex');

const EVEN = [...Array(16).keys()].map(i => 2 * i);

function seedText([high, low]) {
  return [high >>> 16, high & 0xffff, low >>> 16, low & 0xffff].join(',');
}

/** Any six species with any four of the 165 moves; levels and spreads vary so that stats and ties do. */
function allMovesTeam(random) {
  const pick = list => list[random.below(list.length)];
  const perfect = random.below(2) === 0;
  const species = new Set();
  while (species.size < 6) species.add(1 + random.below(151));
  return [...species].map(num => {
    const moves = new Set();
    while (moves.size < 4) moves.add(1 + random.below(164)); // Struggle, 165, is nobody's
    const spread = values => {
      const [hp, atk, def, spc, spe] = [0, 0, 0, 0, 0].map(() => pick(values));
      return { hp, atk, def, spa: spc, spd: spc, spe };
    };
    return {
      species: SPECIES_NAMES[num], level: perfect ? 100 : 1 + random.below(100), moves: [...moves].map(m => MOVE_IDS[m]),
      ivs: spread(perfect ? [30] : EVEN), evs: spread(perfect ? [255] : [0, 63, 128, 252, 255]),
    };
  });
}

/** Six species of the OU tier at level 100, four moves each from what the species can learn in the generation. */
function ouTeam(random) {
  const pool = ouPool();
  const species = new Set();
  while (species.size < 6) species.add(random.below(pool.length));
  return [...species].map(index => {
    const { name, learnable } = pool[index];
    const moves = new Set();
    while (moves.size < Math.min(4, learnable.length)) moves.add(learnable[random.below(learnable.length)]);
    const spread = value => ({ hp: value, atk: value, def: value, spa: value, spd: value, spe: value });
    return { species: name, level: 100, moves: [...moves], ivs: spread(30), evs: spread(255) };
  });
}

let ouPoolCache;
function ouPool() {
  if (ouPoolCache) return ouPoolCache;
  // Moves that the OU rules forbid to choose; Metronome and Mirror Move may still call them.
  const banned = new Set(['dig', 'fly', 'fissure', 'guillotine', 'horndrill', 'doubleteam', 'minimize']);
  ouPoolCache = SPECIES_NAMES.filter(Boolean).map(name => dex.species.get(name))
    .filter(species => ['OU', 'UUBL', 'UU'].includes(species.tier))
    .map(species => {
      const learnable = new Set();
      for (const { learnset } of dex.species.getFullLearnset(species.id)) {
        for (const [id, sources] of Object.entries(learnset || {})) {
          const legal = sources.some(source => source.startsWith('1')) && MOVE_IDS.includes(id);
          if (legal && !banned.has(id)) learnable.add(id);
        }
      }
      return { name: species.name, learnable: [...learnable].sort() };
    })
    .filter(({ learnable }) => learnable.length > 0);
  return ouPoolCache;
}

/** Function that makes the next pair of teams of a kind: randbats, allmoves, ou or mirror (both sides the same). */
function pairMaker(kind, seed, random) {
  if (kind === 'allmoves') return () => [allMovesTeam(random), allMovesTeam(random)];
  if (kind === 'ou') return () => [ouTeam(random), ouTeam(random)];
  if (kind !== 'randbats' && kind !== 'mirror') {
    throw new Error(`unknown teams '${kind}'; known: randbats, allmoves, ou, mirror`);
  }
  const generator = Teams.getGenerator('gen1randombattle', seedText(seed));
  return () => {
    const first = generator.getTeam();
    return [first, kind === 'mirror' ? first : generator.getTeam()];
  };
}

module.exports = { pairMaker };
