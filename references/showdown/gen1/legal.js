'use strict';
// What a side may choose, and how an action number becomes the simulator's own choice text.
//
// Actions: 0-5 switch to the Pokémon with that team index (the order of the team as given, not the current order);
// 6-9 the entry 0-3 of the request's move list, so a lone forced entry (recharge, fight, Struggle, a locked move) is 6;
// 10 NO_OP, the side waits; 11 DEFAULT, Showdown's own choice for a player who gives none that is legal.
const MOVE = 6;
const NO_OP = 10;
const DEFAULT = 11;
const EVERYTHING = (1 << 11) - 1;

/** 0 the side waits, 1 it must choose a move or a switch, 2 it must replace a fainted Pokémon. */
function requestCode(side) {
  const request = side.activeRequest;
  if (!request || request.wait) return 0;
  return request.forceSwitch ? 2 : 1;
}

/** Bits 0-10: action legal in the true state. Hidden `maybeLocked` restricts nothing; a finished battle allows all. */
function legalMask(battle, side, party) {
  if (battle.ended) return EVERYTHING;
  const code = requestCode(side);
  if (code === 0) return 1 << NO_OP;
  const active = side.active[0];
  let mask = 0;
  if (code === 1) {
    const moves = side.activeRequest.active[0].moves;
    for (let k = 0; k < moves.length; k++) {
      const slot = active.moveSlots[k];
      // The request may hide a disabled slot from the player; the slot itself tells the truth.
      const hidden = moves.length > 1 && slot && slot.id === moves[k].id && slot.disabled;
      if (!moves[k].disabled && !hidden) mask |= 1 << (MOVE + k);
    }
  }
  if (code === 2 || !active.trapped) {
    for (let i = 0; i < party.length; i++) {
      if (party[i] !== active && !party[i].fainted) mask |= 1 << i;
    }
  }
  return mask || 1 << NO_OP;
}

/**
 * Gives action number `action` to `side`. Returns '' or the reason why the simulator would not take it.
 * `onText` gets the choice in the simulator's words when it was taken.
 */
function choose(side, party, action, onText) {
  const code = requestCode(side);
  if (code === 0) return action === NO_OP ? '' : `${side.id} waits, so its action must be ${NO_OP} (NO_OP), not ${action}`;
  let text;
  if (action < MOVE) {
    const member = party[action];
    if (!member) return `${side.id} has no team index ${action}`;
    text = `switch ${side.pokemon.indexOf(member) + 1}`;
  } else if (action === DEFAULT) {
    text = 'default';
  } else if (action < NO_OP) {
    text = `move ${action - MOVE + 1}`;
  } else {
    return `${side.id} must answer a ${code === 1 ? 'move' : 'switch'} request, but its action is ${action}`;
  }
  if (side.choose(text)) {
    onText?.(text);
    return '';
  }
  return `${side.id} '${text}' rejected: ${side.choice.error || 'no reason given'}`;
}

module.exports = { MOVE, NO_OP, DEFAULT, requestCode, legalMask, choose };
