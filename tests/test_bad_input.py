"""Bad input of every kind gets a message that names the value, the place and the remedy, and no traceback."""

from __future__ import annotations

import collections
import sys
from pathlib import Path

import pytest

_HERE = Path(__file__).parent
sys.path.extend(str(_HERE / folder) for folder in ("reliability", "verification", "jaxenv", "baselines"))

from bad_input import actions, checkpoints, files, ids, options, results, teams  # noqa: E402
from bad_input.case import Case  # noqa: E402

KINDS = {
    "teams": teams.CASES,
    "ids": ids.CASES,
    "options": options.CASES,
    "files": files.CASES,
    "results": results.CASES,
    "checkpoints": checkpoints.CASES,
    "actions": actions.CASES,
}
ALL = [pytest.param(case, id=f"{kind}: {case.name}") for kind, cases in KINDS.items() for case in cases]


def test_there_are_many_of_every_kind() -> None:
    assert len(ALL) >= 200 and all(len(cases) >= 20 for cases in KINDS.values())
    names = collections.Counter(param.id for param in ALL)
    assert not [name for name, count in names.items() if count > 1]


@pytest.mark.parametrize("case", ALL)
def test_it_names_value_place_and_remedy(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    capfd.readouterr()
    try:
        status = case.call(tmp_path)
    except Exception as error:
        said = str(error.args[0] if isinstance(error, LookupError) and error.args else error)
    else:
        shown = capfd.readouterr()
        said = " ".join((shown.err + shown.out).split())
        assert isinstance(status, int) and status not in (0, 130), f"it was taken: {status!r}\n{said}"
    assert "Traceback" not in said, said
    wanted = {name: getattr(case, name).replace("{folder}", str(tmp_path)) for name in ("value", "place", "remedy")}
    lacking = {name: text for name, text in wanted.items() if text not in said}
    assert not lacking, f"lacks {lacking}:\n{said}"
