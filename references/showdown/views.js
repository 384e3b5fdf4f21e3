'use strict';
// What each player of a battle is sent: the lines of the protocol log that are meant for it, and its request.
const { extractChannelMessages } = require('pokemon-showdown/dist/sim/battle');

const PLAYERS = [1, 2];

/** The views of one battle (which must have its text output), or none at all: then every method does nothing. */
class Views {
  constructor(battle) {
    this.battle = battle;
    this.sent = 0;
    this.taken = [];
  }

  /** Notes what both players were sent since the last call, and what they are asked now (null when it is over). */
  take() {
    if (this.battle) this.taken.push(this.since());
  }

  /** As `take`, for a state that nobody has seen before: with the most HP of each Pokémon, in the request's order. */
  takeFirst() {
    if (!this.battle) return;
    const most = this.battle.sides.map(side => side.pokemon.map(member => member.maxhp));
    this.taken.push(this.since().map((view, n) => [...view, most[n]]));
  }

  since() {
    const { battle } = this;
    const lines = extractChannelMessages(battle.log.slice(this.sent).join('\n'), PLAYERS);
    this.sent = battle.log.length;
    return PLAYERS.map(player => {
      const request = battle.sides[player - 1].activeRequest;
      return [lines[player].filter(line => !line.startsWith('|t:|')), request];
    });
  }

  /** The bytes behind an answer: JSON of what was taken, then its length. Nothing where there are no views. */
  bytes() {
    return this.battle ? viewBytes(this.taken) : [];
  }
}

/** JSON and its length, u32. */
function viewBytes(taken) {
  const text = Buffer.from(JSON.stringify(taken), 'utf8');
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32LE(text.length, 0);
  return [text, length];
}

module.exports = { Views, viewBytes };
