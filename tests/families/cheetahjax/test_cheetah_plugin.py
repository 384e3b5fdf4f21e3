"""The plugins of the planar MuJoCo tasks: what they inject, and the laws that the reference itself keeps."""

import mujoco
import numpy as np
import pytest

from families.cheetahjax.verify import laws, sides
from families.cheetahjax.verify.behaviours import behaviours
from families.cheetahjax.verify.cases import inject, wild
from families.cheetahjax.verify.draws import coordinate
from families.cheetahjax.verify.draws import laws as draw_laws
from families.cheetahjax.verify.plugin import make
from families.cheetahjax.verify.poses import model_of, poses
from families.cheetahjax.verify.still import stands_still
from families.cheetahjax.verify.tasks import TASKS, compiled
from references.protocol import UNDEFINED
from verification.batches import stack
from verification.levels.context import Context, Plan
from verification.registry import load_plugin
from verification.statistics.laws import check_draws

CASES = 800


@pytest.fixture(scope="module", params=sorted(TASKS))
def injected(request):
    """(task, plugin, reference, injected cases, what the reference makes of them)."""
    task, plugin = TASKS[request.param], make(request.param)
    rng = np.random.default_rng(0)
    pool = plugin.play.mine(rng, 64)
    cases = plugin.injection.inject(rng, pool, CASES)
    reference = plugin.sides.reference()
    return task, plugin, reference, cases, reference.step_many(cases.snapshots, cases.actions)


def test_plugins_are_registered_and_sound(injected):
    task, plugin, *_ = injected
    loaded = load_plugin(task.env_id)
    assert loaded.env == plugin.env == task.env_id
    loaded.check()
    assert all(spec.why for spec in loaded.state.fields if spec.tolerant)
    assert loaded.play.horizon == (50 if task.name == "Reacher-v5" else 1000)


def test_injected_states_are_what_float32_holds(injected):
    _, plugin, _, cases, _ = injected
    for path in ("state.qpos", "state.qvel", "state.warmstart"):
        values = cases.snapshots[path]
        assert np.array_equal(values, values.astype(np.float32), equal_nan=True)
    assert plugin.state.valid(cases.snapshots).all()
    assert len(cases.labels) == CASES


def test_injected_states_reach_every_edge(injected):
    task, _, _, cases, after = injected
    shown = behaviours(cases.snapshots, cases.actions, after, task)
    assert not [name for name, present in shown.items() if not present.any() and name != "sticks"]
    qpos = np.where(stands_still(cases.snapshots)[:, None], compiled(task.name).qpos0, cases.snapshots["state.qpos"])
    known, pose = model_of(task.name), poses(task, qpos)
    edges = {"contact edge": pose.heights, "limit edge": np.concatenate([pose.above, pose.below], axis=1)}
    for name, distances in edges.items():
        if not (known.ends if name == "contact edge" else known.joints):
            continue
        nearest = np.abs(distances[[name in label for label in cases.labels]]).min(axis=1)
        assert (nearest < 2e-3).mean() > 0.95 and (nearest > 1e-7).mean() > 0.95
    names = {name for label in cases.labels for name in label.split("+")}
    assert {"wild", "upside down", "fast", "at rest", "another warm start", "last steps", "no control"} <= names


def test_the_reference_keeps_the_laws(injected):
    _, plugin, _, cases, after = injected
    for law in plugin.laws.properties:
        if law.name.startswith(("the observation", "time")):
            continue  # exact in float32; the clock is the wrapper's
        broken = np.flatnonzero(~law.holds(cases.snapshots, cases.actions, after))
        assert not len(broken), (law.name, [cases.labels[k] for k in broken[:5]])


def test_the_reference_keeps_the_relations(injected):
    task, plugin, reference, cases, after = injected
    table = plugin.table()
    for relation in plugin.laws.relations:
        applies = np.ones(CASES, bool)
        if relation.applies is not None:
            applies = relation.applies(cases.snapshots, cases.actions)
        applies = applies & ~after[UNDEFINED]  # a rounding anywhere decides these, of MuJoCo's own too
        chosen = np.flatnonzero(applies)[:200]
        assert len(chosen) > 20, relation.name
        pick = lambda batch, chosen=chosen: {path: np.asarray(v)[chosen] for path, v in batch.items()}  # noqa: E731
        changed = reference.step_many(*relation.change(pick(cases.snapshots), pick(cases.actions)))
        expected = relation.expect(pick(after))
        wrong = table.compare([path for path in expected if path in changed], expected, changed)
        broken = np.logical_or.reduce([*wrong.values(), np.zeros(len(chosen), bool)])
        odd = [k for k in np.flatnonzero(broken) if not capsules_cross(task.name, cases.snapshots, chosen[k])]
        assert not odd, (relation.name, [cases.labels[chosen[k]] for k in odd])


def capsules_cross(name, snapshots, case):
    """Two capsules' axes meet. MuJoCo's normal of such a contact is what rounding leaves of a distance of 0."""
    model = compiled(name)
    data = mujoco.MjData(model)
    data.qpos[:] = snapshots["state.qpos"][case]
    mujoco.mj_forward(model, data)
    radii = [model.geom_size[contact.geom, 0].sum() for contact in data.contact]
    return any(abs(contact.dist + radius) < 1e-9 for contact, radius in zip(data.contact, radii, strict=True))


def test_wild_states_are_wild():
    task = TASKS["HalfCheetah-v5"]
    states = wild(np.random.default_rng(1), task, 2000)
    known = model_of(task.name)
    beyond = (states["state.qpos"][:, known.limited] > known.high) | (
        states["state.qpos"][:, known.limited] < known.low
    )
    assert 0.1 < beyond.mean() < 0.25
    assert 8 < states["state.qvel"][:, 3:].std() < 12
    assert states["state.qpos"][:, 1].min() > -0.46 and np.abs(states["state.qpos"][:, 2]).max() > 3


def test_the_reference_draws_by_the_declared_laws(injected):
    task, _, reference, *_ = injected
    declared = draw_laws(task)
    starts = []
    for seed in range(2000):
        reference.reset(seed)
        starts.append(reference.snapshot())
    batch = {path: values.reshape(500, 4, *values.shape[1:]) for path, values in stack(starts).items()}
    values = {law.label: coordinate(batch, law.label) for law in declared}
    report = check_draws(declared, values)
    assert not report.alarms, report.alarms[:2]
    assert len(declared) == (6 if task.name == "Reacher-v5" else compiled(task.name).nq * 2)


def test_a_law_that_is_broken_is_told():
    task = TASKS["HalfCheetah-v5"]
    reference = sides.episodes_reference(task)
    cases = inject(np.random.default_rng(2), wild(np.random.default_rng(3), task, 64), 300, task)
    after = reference.step_many(cases.snapshots, cases.actions)
    clamped = {**after, "out.info.reward_ctrl": np.maximum(after["out.info.reward_ctrl"], -0.6)}
    assert not laws.control(0.1).holds(cases.snapshots, cases.actions, clamped).all()
    faster = {**after, "out.info.x_velocity": after["out.info.x_velocity"] * 5}
    assert not laws.speed(0.05).holds(cases.snapshots, cases.actions, faster).all()
    heated = {**after, "state.qvel": after["state.qvel"] * 1.5}
    calm = {path: np.zeros_like(v) for path, v in cases.snapshots.items()}
    calm["state.qpos"][:, 1] = 3.0
    calm["state.qvel"][:, 2] = 2.0
    still = {"agent": np.zeros_like(cases.actions["agent"])}
    heated = {**reference.step_many(calm, still)}
    assert laws.energy_falls(task).holds(calm, still, heated).all()
    heated["state.qvel"] = heated["state.qvel"] * 1.5
    assert not laws.energy_falls(task).holds(calm, still, heated).any()


def test_the_reference_beside_itself_raises_no_alarm():
    plugin = make("Hopper-v5", alone=True)
    plan = Plan(levels=("L1",), injected=128, episodes=8, lanes=128)
    context = Context(plugin, plan)
    from verification.levels.steps import checks

    for check in checks(context):
        if check.id == "L1/injected":
            result = check.start()
            check.run(context, result)
            assert result.verdict == "pass" and result.cases == 128
