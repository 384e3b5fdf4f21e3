"""Real agent programs against the proxy's script, without a model and without the network.

`uv run pytest -m sweep tests/translator/test_real_programs.py -rs` with the programs on PATH, as after
`npm install @openai/codex opencode-ai @google/gemini-cli` and `export PATH=$PWD/node_modules/.bin:$PATH`.
"""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
import toy_translation as toy

from translator import states
from translator.project import Metering

_MODELS = {"codex": "gpt-5-mini", "gemini": "gemini-2.5-flash", "opencode": "openai/gpt-5-mini"}
_SETTINGS = {
    ".gemini/settings.json": {
        "security": {"auth": {"selectedType": "gemini-api-key"}},
        "privacy": {"usageStatisticsEnabled": False},
        "general": {"disableAutoUpdate": True},
    },
}


@pytest.mark.sweep
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", list(_MODELS))
def test_a_real_program_translates_by_a_script(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not on PATH; install it as the head of this file says")
    home = tmp_path / "home"
    for place, settings in _SETTINGS.items():
        (home / place).parent.mkdir(parents=True, exist_ok=True)
        (home / place).write_text(json.dumps(settings))
    monkeypatch.setenv("HOME", str(home))
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "CODEX_HOME"):
        monkeypatch.delenv(variable, raising=False)
    wanted = tmp_path / "wanted.py"
    wanted.write_text(toy.RULES)
    steps = [{"shell": f"cp {wanted} candidate/port/rules.py"}, {"text": "all rules are there"}]
    script = tmp_path / "script.json"
    script.write_text(json.dumps(steps))

    def change(project):
        agent = msgspec.structs.replace(project.agent, model=_MODELS[name], timeout=120.0)
        metering = Metering(mode="script", file=str(script))
        return msgspec.structs.replace(project, agent=agent, metering=metering)

    position, result = toy.finish(toy.begin(tmp_path, f"cli:{name}", change))
    assert (position.state, position.reason) == (states.DONE, "")
    assert Decimal(result["cost_usd"]) > 0 and result["unmetered_calls"] == 0
    assert (tmp_path / "run/tree/candidate/port/rules.py").read_text() == toy.RULES
