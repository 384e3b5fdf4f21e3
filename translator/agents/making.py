"""The agent that a command line names."""

from __future__ import annotations

from pathlib import Path

from translator.agents import Agent, bugs, scripted
from translator.agents.commands import CommandAgent
from translator.agents.models import ModelAgent
from translator.agents.replaying import Human, Replay
from translator.errors import AgentError
from translator.project import Project

SHAPES = "scripted:KIND, cli:NAME or cli:'COMMAND LINE', api:MODEL, replay:FOLDER, human"


def make(name: str, project: Project, folder: Path, seed: int) -> Agent:
    """The agent of that name, checked. `AgentError` names what is wrong and what would do."""
    kind, _, words = name.partition(":")
    if not name:
        raise AgentError(f"no agent was named: give --agent ({SHAPES}), or agent.kind in the project")
    if kind == "scripted":
        agent: Agent = scripted.make(words, bugs.material(project, folder), project.simulation.bugs, seed)
    elif kind == "replay":
        agent = Replay(Path(words))
    elif kind == "human":
        agent = Human()
    elif kind == "cli":
        agent = CommandAgent(words, project.agent.model, proxied=project.metering.mode != "off")
        if not agent.proxied and not agent.metered and not project.agent.allow_unmetered:
            raise AgentError(
                f"{name}: it is not known to say what a call has cost; add --allow-unmetered, which charges a call of "
                "unknown cost at budget.per_call_usd and says so in the report"
            )
    elif kind == "api":
        if project.metering.mode == "off":
            raise AgentError(f"{name}: nobody but the proxy counts what it costs; take `--metering off` away")
        agent = ModelAgent(words or project.agent.model, project.agent.turns)
    else:
        raise AgentError(f"no agent {name!r}; write {SHAPES}")
    agent.check()
    return agent
