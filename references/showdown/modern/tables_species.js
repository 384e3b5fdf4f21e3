'use strict';
// Rows of the table of species and their formes.

const STATS = ['hp', 'atk', 'def', 'spa', 'spd', 'spe'];

function speciesRow(species, codes) {
  const { dex } = codes;
  const number = name => codes.species.of(dex.species.get(name).id);
  const slots = Object.keys(species.abilities);
  if (slots.some(slot => !['0', '1'].includes(slot))) throw new Error(`${species.id}: abilities in slots ${slots}`);
  const items = species.requiredItems ?? (species.requiredItem ? [species.requiredItem] : []);
  return {
    id: species.id, name: species.name, num: species.num, types: species.types, weighthg: species.weighthg,
    baseStats: STATS.map(stat => species.baseStats[stat]), maxHP: species.maxHP ?? 0,
    abilities: ['0', '1'].map(slot => (slots.includes(slot) ? dex.abilities.get(species.abilities[slot]).id : '')),
    gender: species.gender, male: species.genderRatio.M, base: number(species.baseSpecies),
    battleOnly: [species.battleOnly ?? []].flat().map(number),
    changesFrom: species.changesFrom ? number(species.changesFrom) : 0,
    requiredItems: items.map(name => codes.items.of(dex.items.get(name).id)),
    cosmetic: !!species.isCosmeticForme, tier: species.tier, nfe: species.nfe,
    learnset: [...dex.species.getMovePool(species.id)].filter(id => codes.moves.numbers.has(dex.moves.get(id).id))
      .map(id => codes.moves.of(dex.moves.get(id).id)),
  };
}

module.exports = { speciesRow };
