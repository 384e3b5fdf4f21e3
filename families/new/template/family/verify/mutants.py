"""Seeded bugs: slips that porting this game invites. Killing them measures the verifier."""

from verification.mutants.mutant import Mutant

_RULES, _ENV = "families.new.template.package.rules", "families.new.template.package.env"


def _slip(id: str, function: str, old: str, new: str, changes: str, *owner: str) -> Mutant:
    module = _ENV if function.startswith("Rover.") else _RULES
    return Mutant(id, module, function, old, new, changes, "L1", owner)


MUTANTS = (
    _slip("M1", "move", "action == RIGHT", "action == LEFT", "right is never gone", "rover"),
    _slip("M2", "move", "SIZE - 1", "SIZE - 2", "the last cell is never reached", "rover"),
    _slip("M3", "move", "jnp.clip(place + step, 0, SIZE - 1)", "(place + step) % SIZE", "walls are doors", "rover"),
    _slip("D1", "can_dig", "state.ore[state.place] > 0", "state.ore[state.place] > 1", "the last piece stays", "ore"),
    _slip("D2", "can_dig", "state.cargo < ROOM", "state.cargo <= ROOM", "one piece more than fits", "ore"),
    _slip("C1", "cost", "1 + (state.cargo == ROOM)", "1", "a full load weighs nothing", "rover"),
    _slip("C2", "cost", "state.cargo == ROOM", "state.cargo >= ROOM - 1", "a load weighs one piece early", "rover"),
    _slip("C3", "cost", "[-3, 2]", "[-3, 1]", "digging is as cheap as moving", "rover"),
    _slip("C4", "cost", "[-3, 2]", "[-2, 2]", "the sun is weaker", "rover"),
    _slip("O1", "over", "state.battery == 0", "state.battery <= 1", "stranded one unit early", "outcome"),
    _slip("F1", "finished", "state.cargo == 0", "state.cargo >= 0", "finished with ore on board", "outcome"),
    _slip("A1", "advance", "jnp.clip(state.battery - cost(state, action), 0, BATTERY)",
          "jnp.maximum(state.battery - cost(state, action), 0)", "the battery has no limit", "rover"),
    _slip("A2", "advance", "jnp.clip(state.battery - cost(state, action), 0, BATTERY)",
          "jnp.minimum(state.battery - cost(state, action), BATTERY)", "the battery falls below empty", "rover"),
    _slip("A3", "advance", "place == 0", "state.place == 0", "delivers one step late", "ore"),
    _slip("A4", "advance", "delivered == ROOM", "state.cargo == ROOM", "the bonus is paid for carrying", "outcome"),
    _slip("A5", "advance", "state.ore.at[state.place].add(-dug)", "state.ore", "ore grows back", "ore"),
    _slip("A6", "advance", "state.ore.at[state.place].add(-dug)", "state.ore.at[place - 1].add(-dug)",
          "the neighbour's ore is taken", "ore"),
    _slip("A7", "advance", "jnp.where(finished(after), 5, jnp.where(battery == 0, -3, 0))",
          "jnp.where(battery == 0, -3, jnp.where(finished(after), 5, 0))", "the last piece in vain", "outcome"),
    _slip("A8", "advance", "state.time + 1", "state.time + (action != REST)", "resting takes no time", "clock"),
    _slip("S1", "Rover.step_env", "state.time >= params.max_steps_in_episode",
          "state.time > params.max_steps_in_episode", "cut off one step late", "outcome"),
    _slip("S2", "Rover.step_env", "~terminated", "True",
          "an end by the rules counts as cut off too", "outcome"),
    _slip("S3", "Rover.step_env", "~self.legal_actions(state, params)[action]", "action == DIG",
          "every digging is called illegal", "outcome"),
)  # fmt: skip
"""Id, function, expression, its replacement, what is wrong then, and the module in which it shows first."""
