// What a Gen 1 player can have, read off the data that sim/team-validator.js reads: the lowest level of a species, the lowest level at
// which it knows a move, and moves that shut each other out. A test compares all of it with the validator's own verdicts.
'use strict';

const FIRST = 1; // the generation

/** Events of a species that Gen 1's validator takes: those of Gen 1, not of Japan alone (validateEvent). */
function events(dex, species) {
  const all = dex.species.getLearnsetData(species.id).eventData || [];
  return all.map((event, index) => ({...event, index})).filter(event => {
    if (event.generation !== FIRST) return false;
    for (const key of ['gender', 'ivs', 'perfectIVs', 'shiny', 'nature', 'abilities', 'isHidden']) {
      if (event[key]) throw new Error(`${species.id}: an event of Gen 1 asks for ${key}, which the tables do not hold`);
    }
    return !event.japan;
  });
}

/** [move number, level] of each move that the species can know: checkCanLearn and validateSource. */
function learnLevels(dex, species) {
  const levels = new Map();
  const known = (id, level) => {
    const {num} = dex.moves.get(id);
    if (num >= 1 && num <= 165) levels.set(num, Math.min(level, levels.get(num) ?? Infinity));
  };
  const byEvent = [];
  for (const {species: owner, learnset} of dex.species.getFullLearnset(species.id)) {
    for (const [id, sources] of Object.entries(learnset)) {
      for (const source of sources.filter(text => text.startsWith(FIRST))) {
        const [, how, rest] = source.match(/^\d(.)(.*)$/);
        if (how === 'L') known(id, Math.max(1, Number(rest)));
        else if (how === 'M' || how === 'T') known(id, 1);
        else if (how === 'S') byEvent.push([id, events(dex, owner).find(event => event.index === parseInt(rest))]);
        else throw new Error(`${species.id}: ${id} is learned by ${source}, which the tables do not know`);
      }
    }
  }
  // An event counts where nothing else teaches the move; two such moves would have to come from one event.
  const onlyByEvent = byEvent.filter(([id, event]) => event && !levels.has(dex.moves.get(id).num));
  if (onlyByEvent.length > 1) throw new Error(`${species.id}: several moves from events: ${JSON.stringify(onlyByEvent)}`);
  for (const [id, event] of onlyByEvent) known(id, event.level || 1);
  return [...levels].sort((a, b) => a[0] - b[0]);
}

/** Lowest level: of its encounters where it is found in the wild, else of its evolutions, else of the event that gives it. */
function lowestLevel(dex, species) {
  const {encounters, eventOnly} = dex.species.getLearnsetData(species.id);
  const found = (encounters || []).filter(e => e.generation === FIRST && e.level).map(e => e.level);
  if (found.length) return Math.min(...found);
  let lowest = 1;
  for (let stage = species; stage.prevo; stage = dex.species.get(stage.prevo)) {
    lowest = Math.max(lowest, stage.evoLevel || 0);
    if (events(dex, stage).some(event => (event.level || 1) < (stage.evoLevel || 0))) throw new Error(`${stage.id}: an event may give it below its level of evolution`);
  }
  return eventOnly ? Math.max(lowest, Math.min(...events(dex, species).map(event => event.level || 1))) : lowest;
}

/** [species, move, move]: what a format's rule table bans as impossible to have together. */
function exclusiveMoves(dex, rules) {
  const rows = [];
  for (const [name, source, limit, bans] of rules.complexBans) {
    if (source !== 'Obtainable Moves') continue;
    const parts = bans.map(ban => ban.split(':'));
    const species = parts.filter(([kind]) => kind === 'pokemon' || kind === 'basepokemon').map(([, id]) => dex.species.get(id).num);
    const moves = parts.filter(([kind]) => kind === 'move').map(([, id]) => dex.moves.get(id).num);
    if (limit || species.length !== 1 || moves.length !== 2 || parts.length !== 3) throw new Error(`the ban ${name} is of another kind`);
    rows.push([species[0], ...moves]);
  }
  return rows;
}

module.exports = {exclusiveMoves, learnLevels, lowestLevel};
