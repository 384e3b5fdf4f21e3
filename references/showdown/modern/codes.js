'use strict';
// The numbers that stand for a generation's names in a record: 0 is none, then the dex's entries by number and id.
const { Dex } = require('pokemon-showdown/dist/sim/dex');

const CHOICES = ['', 'residual', 'move', 'event'];
const STATUSES = ['', 'brn', 'par', 'slp', 'frz', 'psn', 'tox', 'fnt'];
const WEATHERS = ['', 'raindance', 'sunnyday', 'sandstorm', 'hail'];
const GENDERS = ['', 'M', 'F', 'N'];
const REQUESTS = ['', 'move', 'switch'];

/** Names with their numbers, and back. Asking for a name that has none throws: no record is written that lies. */
class Codes {
  constructor(kind, names) {
    this.kind = kind;
    this.names = names;
    this.numbers = new Map(names.map((name, number) => [name, number]));
  }

  of(name) {
    const number = this.numbers.get(name || '');
    if (number === undefined) throw new Error(`${this.kind} ${JSON.stringify(name)} has no number in records`);
    return number;
  }

  name(number) {
    const name = this.names[number];
    if (name === undefined) throw new RangeError(`${this.kind} ${number} is none; there are ${this.names.length}`);
    return name;
  }
}

/** What exists in the generation, the unobtainable too. */
function entries(table, gen) {
  const there = table.all().filter(
    one => one.gen <= gen && (!one.isNonstandard || one.isNonstandard === 'Unobtainable'),
  );
  return there.sort((a, b) => a.num - b.num || (a.id < b.id ? -1 : 1));
}

const known = new Map();

/** The tables of generation `gen`, a number; made once. */
function codesOf(gen) {
  if (!known.has(gen)) {
    const dex = Dex.mod(`gen${gen}`);
    const ids = table => ['', ...entries(table, gen).map(one => one.id)];
    known.set(gen, {
      dex,
      moves: new Codes('move', [...ids(dex.moves), 'recharge']),
      species: new Codes('species', ids(dex.species)),
      abilities: new Codes('ability', [...ids(dex.abilities), 'noability']),
      items: new Codes('item', ids(dex.items)),
      types: new Codes('type', ['', ...dex.types.names(), '???']),
      choices: new Codes('queued choice', CHOICES),
      statuses: new Codes('status', STATUSES),
      weathers: new Codes('weather', WEATHERS),
      genders: new Codes('gender', GENDERS),
      requests: new Codes('request', REQUESTS),
    });
  }
  return known.get(gen);
}

module.exports = { codesOf };
