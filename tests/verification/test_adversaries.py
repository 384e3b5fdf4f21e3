"""Every adversary is rejected, and by the mechanism that is meant to catch it; the honest candidate passes."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from adversaries.dice import AGENTS, PLUGIN, Dice

from references.protocol import Actions, Draw, Tape
from verification.levels.context import Plan
from verification.plugin import Draws
from verification.remote import guard, scan
from verification.remote.recordings import Player, Recording, record
from verification.remote.sandbox import Confinement, Sandbox, SandboxError, bwrap_works
from verification.remote.untrusted import parse, verify_untrusted
from verification.results import CheckResult, worst

FOLDER = Path(__file__).parent / "adversaries"
SEED, EPISODES = 5, 6
KINDS = ["process only", "bwrap"]

#: Adversary → class or function, and which check must have found what (a part of a finding's words).
ADVERSARIES = {
    "imports_the_reference": (
        "make",
        {
            "L0/sandbox": ["imports the reference: adversaries", "imports the reference: gymnasium", "reads: "],
            "L0/guard": ["imports: imports_the_reference.py:3", "calls: imports_the_reference.py:17"],
            "L3/held-out": ["generator"],
        },
    ),
    "memoises_episodes": ("Memory", {"L0/guard": ["knows the public seeds only"], "L3/held-out": ["generator"]}),
    "swallows_exceptions": (
        "Zeros",
        {"L0/guard": ["swallows exceptions: swallows_exceptions.py:16"], "L3/held-out": [""], "L1/injected": [""]},
    ),
    "edits_tests": (
        "Editor",
        {"L0/sandbox": ["writes: PROTECTED/test_dice.py"], "L0/guard": ["calls: edits_tests.py:26 (open())"]},
    ),
    "monkeypatches_comparator": (
        "Patched",
        {
            "L0/sandbox": ["imports the reference: verification"],
            "L0/guard": ["patches a module: monkeypatches_comparator.py:6 (numpy.array_equal)"],
            "L3/held-out": ["face"],
            "L1/injected": ["face"],
        },
    ),
    "forges_report": (
        "Forger",
        {
            "L0/sandbox": ["writes: PROTECTED/report.json"],
            "L0/guard": ["calls: forges_report.py:25 (open())"],
            "L3/public": ["answers no question"],
            "L3/held-out": ["answers no question"],
        },
    ),
    "reads_the_seeds": (
        "Thief",
        {
            "L0/sandbox": ["reads: PROTECTED/seeds.json", "/environ", "/mem"],
            "L0/guard": ["leaves its rules: reads_the_seeds.py:12 (os.environ)"],
            "L3/public": ["generator"],
            "L3/held-out": ["generator"],
        },
    ),
    "sleeps_forever": ("Sleeper", {"L3/public": ["answered nothing"], "L3/held-out": ["within 1 s"]}),
    "crashes_midway": ("Crasher", {"L3/public": ["SIGABRT", "LAST WORDS"], "L3/held-out": ["SIGABRT"]}),
    "wrong_shapes": ("Shaped", {"L3/public": ["generator"], "L3/held-out": [""], "L1/injected": ["shape"]}),
    "exits_zero_silently": ("Leaver", {"L3/public": ["exited with status 0"], "L3/held-out": ["exited with status 0"]}),
    "ignores_actions": ("Deaf", {"L3/actions": [""], "L0/guard": ["ignores actions"], "L3/held-out": [""]}),
    "depends_on_history": ("Drifter", {"L0/repeat": ["other answers"], "L3/held-out": ["generator"]}),
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    if request.param == "bwrap" and not bwrap_works():
        pytest.skip("bubblewrap is not installed, or may not make namespaces here")
    return request.param


@pytest.fixture
def protected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A protected tree with a test and a list of seeds; the word in it stands in the environment too."""
    folder = tmp_path / "protected"
    folder.mkdir()
    (folder / "test_dice.py").write_text("def test_dice():\n    assert 1 == 1\n")
    (folder / "seeds.json").write_text('["SEEDS-OF-THE-TEST", 1, 2, 3]')
    monkeypatch.setenv("VERIFICATION_SEEDS", "SEEDS-OF-THE-TEST")
    return folder


@pytest.fixture
def judge(tmp_path: Path, protected: Path) -> Callable[..., dict[str, CheckResult]]:
    def judged(name: str, made_by: str, kind: str) -> dict[str, CheckResult]:
        source = tmp_path / "source"
        source.mkdir()
        shutil.copyfile(FOLDER / "honest.py", source / "honest.py")
        text = (FOLDER / f"{name}.py").read_text()
        text = text.replace("@PROTECTED@", str(protected)).replace("@FOLDER@", str(FOLDER))
        (source / f"{name}.py").write_text(text)
        if name == "memoises_episodes":
            (source / "golden.py").write_text(golden())
        plan = Plan(episodes=EPISODES, seed=SEED, injected=32, lanes=32, shrink=0, failures=tmp_path / "failures")
        found = verify_untrusted(
            PLUGIN,
            source,
            f"{name}:{made_by}",
            plan,
            confinement=Confinement(kind=kind, timeout=1.0 if name == "sleeps_forever" else 30.0),
            protected=[protected],
            secret=b"the same in every run of this test",
        )
        return {result.id: result for result in found}

    return judged


def golden() -> str:
    """The public episodes as Python source: what somebody with the seeds could have recorded beforehand."""
    rng = np.random.default_rng([SEED, 7])
    seeds = np.random.default_rng([SEED, 1]).integers(2**31, size=EPISODES).tolist()
    keys, states, legal = {}, [], []
    for number, seed in enumerate(seeds):
        episode: Recording = record(PLUGIN, Dice(), rng, seed, number)
        for step, snapshot in enumerate(episode.snapshots):
            played = (seed, *(int(joint[agent]) for joint in episode.actions[:step] for agent in AGENTS))
            keys[played] = len(states)
            states.append({path: (str(value.dtype), value.tolist()) for path, value in snapshot.items()})
            legal.append({agent: mask.tolist() for agent, mask in episode.legal[step].items()})
    return f"EPISODES = {keys!r}\nSTATES = {states!r}\nLEGAL = {legal!r}\n"


def words(result: CheckResult) -> str:
    return "\n".join(f"{finding.first_field} {finding.message} {finding.differences}" for finding in result.findings)


def test_the_honest_candidate_passes_with_no_violation(kind: str, judge: Callable[..., dict[str, CheckResult]]) -> None:
    found = judge("honest", "Honest", kind)
    assert {name: (result.verdict, words(result)) for name, result in found.items()} == {
        name: ("pass", "") for name in found
    }
    assert list(found) == [
        "L0/guard",
        "L0/sandbox",
        "L0/repeat",
        "L1/injected",
        "L3/public",
        "L3/held-out",
        "L3/actions",
    ]
    assert found["L0/sandbox"].stats["sandbox"] == kind
    assert found["L3/held-out"].cases == EPISODES and found["L1/injected"].cases == 32
    assert found["L0/sandbox"].cases == 2 and found["L3/actions"].cases


@pytest.mark.parametrize("name", ADVERSARIES)
def test_an_adversary_is_rejected(
    name: str, kind: str, judge: Callable[..., dict[str, CheckResult]], protected: Path
) -> None:
    made_by, expected = ADVERSARIES[name]
    before = guard.protected_hash([protected])
    found = judge(name, made_by, kind)
    assert worst(result.verdict for result in found.values()) == "fail"
    for check, parts in expected.items():
        assert found[check].verdict == "fail", f"{check}: {found[check].verdict}"
        for part in parts:
            assert part.replace("PROTECTED", str(protected)) in words(found[check]), f"{check} does not say {part!r}"
    assert guard.protected_hash([protected]) == before


def test_a_memory_of_public_episodes_is_perfect_on_them(judge: Callable[..., dict[str, CheckResult]]) -> None:
    found = judge("memoises_episodes", "Memory", "process only")
    assert found["L3/public"].verdict == "pass" and found["L3/held-out"].divergences == EPISODES
    assert found["L1/injected"].verdict == "not_run" and "Restorable candidate" in found["L1/injected"].reason


def test_an_edit_that_got_through_is_named(tmp_path: Path, protected: Path) -> None:
    """As machine code could make it where nothing but a process holds the candidate."""

    def edit(result: CheckResult) -> None:
        (protected / "test_dice.py").write_text("def test_dice():\n    pass\n")
        (protected / "seeds.json").unlink(missing_ok=True)
        (protected / "conftest.py").touch()

    found = verify_untrusted(
        PLUGIN,
        FOLDER / "honest.py",
        "honest:Honest",
        Plan(levels=("L0",), episodes=1),
        confinement=Confinement(kind="process only"),
        protected=[protected],
        on_result=edit,
    )
    (checked,) = [result for result in found if result.id == "L0/guard"]
    assert [finding.message for finding in checked.findings] == [
        f"added a protected file: {protected}/conftest.py",
        f"removed a protected file: {protected}/seeds.json",
        f"edited a protected file: {protected}/test_dice.py",
    ]
    assert [result.id for result in found] == ["L0/guard", "L0/sandbox", "L0/repeat"]


def test_a_candidate_that_does_not_start_is_rejected(tmp_path: Path, kind: str) -> None:
    source = tmp_path / "broken.py"
    source.write_text("raise RuntimeError('no game today')\n")
    plan = Plan(episodes=2, failures=tmp_path)
    found = verify_untrusted(PLUGIN, source, "broken:make", plan, confinement=Confinement(kind=kind), protected=[])
    verdicts = {result.id: result.verdict for result in found}
    assert verdicts.pop("L0/guard") == "pass" and verdicts.pop("L0/sandbox") == "fail"
    assert set(verdicts.values()) == {"not_run"}
    assert "no game today" in words(found[1])


def test_nothing_can_be_written_inside_bubblewrap(tmp_path: Path) -> None:
    if not bwrap_works():
        pytest.skip("bubblewrap is not installed, or may not make namespaces here")
    # The walls must hold where the audit hook sees nothing: here it is told to allow everything.
    source = tmp_path / "walls.py"
    source.write_text(
        "import gc, os\nfrom honest import Honest\n"
        "from environment_server.remote import confine\n"
        "for watch in gc.get_objects():\n"
        "    if type(watch) is confine.Watch:\n"
        "        watch._readable = watch._writable = ('',)\n"
        "def found():\n"
        "    yield '' if len([p for p in os.listdir('/proc') if p.isdigit()]) <= 2 else 'processes'\n"
        f"    for path in ({str(FOLDER)!r}, '/home', '/work', '/usr/bin', '/usr/lib/node_modules'):\n"
        "        try: yield path if os.listdir(path) else ''\n"
        "        except OSError: yield ''\n"
        "    for path in ('x', '/x', '/tmp/x', '/source/x', '/dev/shm/x', '/site/x', '/usr/x'):\n"
        "        try: open(path, 'w').close(); yield 'wrote ' + path\n"
        "        except OSError: yield ''\n"
        "class Walls(Honest):\n"
        "    def snapshot(self):\n"
        "        import numpy as np\n"
        "        return {'found': np.array('|'.join(found()).strip('|') or 'nothing')}\n"
    )
    folder = tmp_path / "folder"
    folder.mkdir()
    shutil.copyfile(FOLDER / "honest.py", folder / "honest.py")
    shutil.copyfile(source, folder / "walls.py")
    with Sandbox(folder, "walls:Walls", Confinement(kind="bwrap")) as sandbox:
        env = sandbox.start()
        env.reset(1)
        assert str(env.snapshot()["found"]) == "nothing"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("import gymnasium", "imports the reference: x.py:1 (gymnasium)"),
        ("from gymnasium.envs import registry", "imports the reference: x.py:1 (gymnasium.envs)"),
        ("import subprocess as s", "imports: x.py:1 (subprocess, which no environment needs)"),
        ("from os import environ", "leaves its rules: x.py:1 (os.environ)"),
        ("import os as o; o.getenv('SEED')", "leaves its rules: x.py:1 (os.getenv)"),
        ("open('x')", "calls: x.py:1 (open())"),
        ("__import__('os')", "calls: x.py:1 (__import__())"),
        ("import jax; jax.pure_callback(f, 1)", "calls back into Python: x.py:1 (pure_callback)"),
        ("from jax.experimental import io_callback", "calls back into Python: x.py:1 (io_callback)"),
        ("import numpy as np; np.allclose = None", "patches a module: x.py:1 (numpy.allclose)"),
        ("import numpy; setattr(numpy, 'equal', 1)", "patches a module: x.py:1 (setattr(numpy, 'equal', 1))"),
        ("().__class__.__base__.__subclasses__()", "reaches into the interpreter: x.py:1 (.__subclasses__)"),
        ("path = '/proc/self/environ'", "leaves its rules: x.py:1 (/proc/self/environ)"),
        ("def step():\n  try: f()\n  except: pass", "swallows exceptions: x.py:3 (in step)"),
        ("def step(:", "does not parse: x.py (invalid syntax"),
    ],
)
def test_the_scan_names_rule_and_line(line: str, told: str) -> None:
    found = [str(violation) for violation in scan.scan_text(line.encode(), "x.py", ["gymnasium"]) if violation.severe]
    assert any(text.startswith(told) for text in found), found


@pytest.mark.parametrize(
    "line",
    [
        "def step():\n  try: f()\n  except Exception as e: raise ValueError from e",
        "def table():\n  try: f()\n  except KeyError: pass",
        f"TEXT = '{'x' * 5000}'",
        f"TABLE = {list(range(2000))}",
        "import os; os.path.join('a', 'b')",
        "self.modules = 1",
    ],
)
def test_what_may_have_a_reason_is_remarked_on_only(line: str) -> None:
    assert [found for found in scan.scan_text(line.encode(), "x.py") if found.severe] == []


def test_files_that_run_by_themselves_and_links_are_violations(tmp_path: Path) -> None:
    for name in ("conftest.py", "evil.pth", "fast.so", "table.pkl"):
        (tmp_path / name).touch()
    (tmp_path / "link.py").symlink_to(FOLDER / "dice.py")
    (tmp_path / "data.json").write_text("{}")
    found = scan.scan(tmp_path)
    assert sorted(f"{violation.rule}: {violation.where}" for violation in found if violation.severe) == [
        "links: link.py",
        "machine code or pickle: fast.so",
        "machine code or pickle: table.pkl",
        "runs by itself: conftest.py",
        "runs by itself: evil.pth",
    ]
    assert [name for name, _ in guard.tree_files(tmp_path)] == [
        "conftest.py",
        "data.json",
        "evil.pth",
        "fast.so",
        "table.pkl",
    ]


def test_held_out_seeds_depend_on_every_byte_and_on_the_secret(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    first = guard.tree_hash(tmp_path)
    seeds = guard.held_out_seeds(b"secret", first, 50)
    assert seeds == guard.held_out_seeds(b"secret", first, 50) and len(set(seeds)) == 50
    assert all(0 <= seed < 2**31 for seed in seeds)
    (tmp_path / "a.py").write_text("x = 2\n")
    assert not set(seeds) & set(guard.held_out_seeds(b"secret", guard.tree_hash(tmp_path), 50))
    assert not set(seeds) & set(guard.held_out_seeds(b"other", first, 50))


def test_what_cannot_be_sandboxed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SandboxError, match="no such file"):
        Sandbox(tmp_path / "none.py", "none:make")
    with pytest.raises(SandboxError, match="module:callable"):
        Sandbox(FOLDER / "honest.py", "Honest")
    with pytest.raises(SandboxError, match="'no-such-thing' is not installed"):
        Sandbox(FOLDER / "honest.py", "honest:Honest", Confinement(packages=["no-such-thing"]))
    monkeypatch.setattr("verification.remote.sandbox.bwrap_works", lambda: False)
    with pytest.raises(SandboxError, match="bubblewrap is not installed"):
        Sandbox(FOLDER / "honest.py", "honest:Honest", Confinement(kind="bwrap"))
    with Sandbox(FOLDER / "honest.py", "honest:Honest") as sandbox:
        assert sandbox.kind == "process only"


def test_parse_names_source_and_entry() -> None:
    assert parse(f"{FOLDER}/honest.py:Honest") == (FOLDER / "honest.py", "honest:Honest")
    assert parse(f"{FOLDER}:honest:Honest") == (FOLDER, "honest:Honest")
    with pytest.raises(SandboxError, match="name the module too"):
        parse(f"{FOLDER}:Honest")
    with pytest.raises(SandboxError, match="no such file"):
        parse("nowhere.py:make")
    with pytest.raises(SandboxError, match=r"expected FILE\.py:callable"):
        parse("nowhere.py")


class TapedDice(Dice):
    """The reference with dice of its own, or from a tape; `late`: it rolls once more in turn two."""

    def __init__(self, late: bool = False) -> None:
        self.late, self.tape, self.made = late, None, []

    def reset(self, seed: int, options: Any = None) -> None:
        super().reset(seed, options)
        self.rng, self.made = np.random.default_rng(), []

    def _roll(self) -> int:
        if self.tape is None:
            value = int(self.rng.integers(1, 7))
            self.made.append(Draw("face", len(self.made), value))
            return value
        return int(self.tape.take("face"))

    def step(self, actions: Actions) -> None:
        self.made = []
        super().step(actions)
        if self.late and self.turn == 2:
            self._roll()
        self.tape = None

    def use_tape(self, tape: Tape) -> None:
        self.tape = tape

    def draws(self) -> list[Draw]:
        return self.made


def test_draws_from_a_tape_and_starts_from_the_reference() -> None:
    plugin = dataclasses.replace(
        PLUGIN,
        sides=dataclasses.replace(PLUGIN.sides, reference=TapedDice, same_start=False),
        draws=Draws(noise="tape"),
    )
    player = Player(plugin, plugin.table())
    episode = record(plugin, TapedDice(), np.random.default_rng(0), 3, 0)
    played = player.play(TapedDice(), episode)
    assert played.equal and played.steps == len(episode.actions)
    late = player.play(TapedDice(late=True), episode)
    assert (late.steps, late.differences[0].name) == (2, "noise.tape")
    assert "was never made by the reference" in late.differences[0].candidate
    unable = player.play(Dice(), episode)
    assert "must be Taped" in unable.trouble and not unable.equal


def test_a_float_never_stands_for_a_whole_number() -> None:
    """numpy compares 2⁵³ + 1 with the nearest float as equal."""
    env = Dice()
    env.reset(1)
    reference = dict(env.snapshot())
    (wrong,) = Player(PLUGIN, PLUGIN.table()).compare(reference, {**reference, "turn": np.float64(0)})
    assert (wrong.name, wrong.candidate, wrong.reference) == ("turn", "float64 ()", "int32 ()")
