'use strict';
// One way through a battle for three uses: the names of its numbers, reading them, and writing them.
const { codesOf } = require('./codes');

const TEAM = 6;

/** The names alone. */
class Namer {
  constructor() { this.names = []; }
  number(name) { this.names.push(name); }
}

/** The numbers of a battle. */
class Reader {
  constructor(out, at) { Object.assign(this, { out, at }); }
  number(name, read) {
    const value = Number(read() ?? 0);
    if (!Number.isInteger(value)) throw new Error(`${name} is ${value}, no whole number`);
    this.out[this.at++] = value;
  }
}

/** The numbers put into a battle. */
class Writer {
  constructor(row) { Object.assign(this, { row, at: 0 }); }
  number(name, read, write) { write(this.row[this.at++]); }
}

/** One battle and the description's way through it. `parties`: both sides' Pokémon in the order of their teams. */
class Visit {
  constructor(io, battle, parties, gen) {
    Object.assign(this, { io, battle, parties, codes: codesOf(gen) });
  }

  flag(name, read, write) { this.io.number(name, () => (read() ? 1 : 0), v => write(v === 1)); }
  code(name, codes, read, write) { this.io.number(name, () => codes.of(read()), v => write(codes.name(v))); }
  one(name, values, read, write) { this.io.number(name, () => index(name, values, read()), v => write(values[v])); }
  move(name, read, write) { this.code(name, this.codes.moves, read, write); }

  /** A Pokémon: 0 for none, then p1's team, then p2's. */
  pokemon(name, read, write) {
    const place = mon => (mon ? 1 + mon.side.n * TEAM + this.parties[mon.side.n].indexOf(mon) : 0);
    const at = code => (code ? this.parties[Math.floor((code - 1) / TEAM)][(code - 1) % TEAM] : null);
    this.io.number(name, () => place(read()), v => write(at(v)));
  }

  activeMove(id) { return id ? this.battle.dex.getActiveMove(id) : null; }

  state(id, target) { return { id, target, effectOrder: 0 }; }

  effect(id) { return this.battle.dex.conditions.get(id); }
}

function index(name, values, value) {
  const found = values.indexOf(value);
  if (found < 0) throw new Error(`${name} is ${value}; a record knows ${values.map(String).join(', ')}`);
  return found;
}

module.exports = { Namer, Reader, TEAM, Visit, Writer };
