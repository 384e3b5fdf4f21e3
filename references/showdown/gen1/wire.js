'use strict';
// Bytes on the pipes: frames of a little-endian uint32 length and that many bytes, and teams as 6 x 16 uint16.
const fs = require('fs');
const { MOVE_IDS, SPECIES_NAMES, dex } = require('../dex');

const TEAM_SIZE = 6;
const SET_WIDTH = 16; // species, level, 4 moves, 5 IVs, 5 EVs (hp atk def spc spe)
const TEAM_BYTES = TEAM_SIZE * SET_WIDTH * 2;
const STATS = ['hp', 'atk', 'def', 'spc', 'spe'];

function readExactly(length) {
  const buffer = Buffer.allocUnsafe(length);
  let have = 0;
  while (have < length) {
    let got;
    try {
      got = fs.readSync(0, buffer, have, length - have, null);
    } catch (error) {
      if (error.code === 'EAGAIN') continue;
      if (error.code === 'EOF') return null;
      throw error;
    }
    if (got === 0) return null;
    have += got;
  }
  return buffer;
}

/** Next frame from stdin, or null at its end. Blocks: a worker has nothing else to do. */
function readFrame() {
  const head = readExactly(4);
  return head && readExactly(head.readUInt32LE(0));
}

function writeFrame(...parts) {
  const head = Buffer.allocUnsafe(4);
  head.writeUInt32LE(parts.reduce((sum, part) => sum + part.length, 0), 0);
  const frame = Buffer.concat([head, ...parts]);
  for (let sent = 0; sent < frame.length;) {
    try {
      sent += fs.writeSync(1, frame, sent);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}

/** Nickname of a Pokémon of `team`: its species; with a number where that is taken, so that players can tell them apart. */
function nickname(species, team) {
  const before = team.filter(set => set.species === species).length;
  return before ? `${species}-${before + 1}` : species;
}

/** Team from the wire, as the simulator's PokemonSet list (a fresh one: the simulator mutates it). */
function readTeam(buffer, at, player) {
  const team = [];
  for (let i = 0; i < TEAM_SIZE; i++) {
    const value = k => buffer.readUInt16LE(at + (i * SET_WIDTH + k) * 2);
    if (value(0) === 0) continue;
    if (team.length < i) throw new Error(`${player} slot ${i}: a Pokémon after an empty slot`);
    const species = SPECIES_NAMES[value(0)];
    if (!species) throw new Error(`${player} slot ${i}: species ${value(0)}, allowed are 1 to 151`);
    const moves = [];
    for (let k = 0; k < 4; k++) {
      const num = value(2 + k);
      if (num === 0) continue;
      if (!MOVE_IDS[num]) throw new Error(`${player} slot ${i}: move ${num}, allowed are 1 to 165`);
      moves.push(MOVE_IDS[num]);
    }
    const spread = from => {
      const stats = Object.fromEntries(STATS.map((stat, k) => [stat, value(from + k)]));
      const { hp, atk, def, spc, spe } = stats;
      return { hp, atk, def, spa: spc, spd: spc, spe };
    };
    team.push({
      name: nickname(species, team), species, moves, ability: 'No Ability', item: '', nature: '', gender: '', level: value(1),
      ivs: spread(6), evs: spread(11),
    });
  }
  if (!team.length) throw new Error(`${player} has an empty team`);
  return team;
}

/** The inverse of readTeam: 6 x 16 uint16. */
function writeTeam(team) {
  const out = Buffer.alloc(TEAM_BYTES);
  team.forEach((set, i) => {
    const spread = stats => [stats.hp, stats.atk, stats.def, stats.spa, stats.spe];
    const moves = [0, 1, 2, 3].map(k => (set.moves[k] ? dex.moves.get(set.moves[k]).num : 0));
    const row = [dex.species.get(set.species).num, set.level, ...moves, ...spread(set.ivs), ...spread(set.evs)];
    row.forEach((value, k) => out.writeUInt16LE(value, (i * SET_WIDTH + k) * 2));
  });
  return out;
}

module.exports = { TEAM_BYTES, readFrame, writeFrame, readTeam, writeTeam };
