"""Optimizers and schedules beside PyTorch's: states, values, texts."""

from __future__ import annotations

import inspect
import itertools
import warnings

import pytest

torch = pytest.importorskip("torch")

import rushlight  # noqa: E402
from rushlight import optim  # noqa: E402
from rushlight.optim import lr_scheduler  # noqa: E402


def models(dtype="float32"):
    """Two parameters and the same ones for PyTorch, with a loss that moves them."""
    rushlight.manual_seed(0)
    shapes = [(3, 4), (4,), (2, 0), ()]
    ours = [
        rushlight.randn(shape, dtype=getattr(rushlight, dtype)).requires_grad_()
        for shape in shapes
    ]
    other = [torch.from_numpy(p.detach().numpy().copy()).requires_grad_() for p in ours]
    return ours, other


def backward(params, step):
    for i, p in enumerate(params):
        if step == 0 and i == 1:
            continue  # this one gets its first gradient later
        ((p * (i + 1) + 0.1 * step) ** 2).sum().backward()


SGD = [
    {},
    {"momentum": 0.9},
    {"momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1},
    {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
    {"weight_decay": 0.1, "maximize": True},
    {"momentum": 0.5, "maximize": True},
]
ADAM = [
    {},
    {"betas": (0.8, 0.95), "eps": 1e-6},
    {"amsgrad": True, "weight_decay": 0.1},
    {"maximize": True, "weight_decay": 0.01},
]
OPTIMIZERS = (
    [("SGD", {"lr": 0.05, **kw}) for kw in SGD]
    + [("Adam", kw) for kw in ADAM]
    + [("AdamW", {"lr": 0.02, **kw}) for kw in ADAM]
    + [("Adam", {"weight_decay": 0.1, "decoupled_weight_decay": True})]
)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", OPTIMIZERS, ids=str)
def test_optimizer(case, dtype):
    name, kwargs = case
    ours, other = models(dtype)
    a = getattr(optim, name)(ours, **kwargs)
    b = getattr(torch.optim, name)(other, **kwargs)
    assert repr(a) == repr(b)
    for step in range(6):
        a.zero_grad()
        b.zero_grad()
        backward(ours, step)
        backward(other, step)
        a.step()
        b.step()
        for p, q in zip(ours, other):
            tolerance = 1e-6 if dtype == "float32" else 1e-12
            torch.testing.assert_close(
                torch.from_numpy(p.detach().numpy().copy()),
                q.detach(),
                rtol=tolerance,
                atol=tolerance,
            )
        if step == 2:
            # Through a state dict and a new optimizer.
            saved, theirs = a.state_dict(), b.state_dict()
            assert saved["param_groups"] == theirs["param_groups"]
            assert list(saved["state"]) == list(theirs["state"])
            for number, state in theirs["state"].items():
                assert list(saved["state"][number]) == list(state)
                for key, value in state.items():
                    mine = saved["state"][number][key]
                    assert tuple(mine.shape) == tuple(value.shape)
                    if key == "step":
                        assert mine.dtype == rushlight.float32
                        assert float(mine) == float(value)
            a = getattr(optim, name)(ours, lr=9.0)
            a.load_state_dict(saved)


def groups(params):
    return [{"params": params[:1], "lr": 0.2}, {"params": params[1:]}]


def run_schedule(library, make, steps=14, momentum=True, metric=None):
    p = [library.zeros(2, requires_grad=True), library.zeros(1, requires_grad=True)]
    if momentum:
        opt = library.optim.SGD(groups(p), lr=1.0, momentum=0.9)
    else:
        opt = library.optim.Adam(groups(p), lr=1.0)
    schedule = make(library.optim.lr_scheduler, opt)
    seen = []
    for step in range(steps):
        seen.append([g["lr"] for g in opt.param_groups])
        seen.append([g.get("momentum", g.get("betas")) for g in opt.param_groups])
        opt.step()
        if metric is not None:
            schedule.step(metric[step % len(metric)])
        else:
            schedule.step()
        assert schedule.get_last_lr() == [g["lr"] for g in opt.param_groups]
    state = {
        key: value
        for key, value in schedule.state_dict().items()
        if not key.startswith("_scale_fn") and key != "_schedulers" and key != "verbose"
    }
    return seen, state


SCHEDULES = {
    "StepLR": lambda m, o: m.StepLR(o, 3, 0.5),
    "MultiStepLR": lambda m, o: m.MultiStepLR(o, [2, 5, 5], 0.1),
    "ConstantLR": lambda m, o: m.ConstantLR(o, 0.25, 4),
    "LinearLR": lambda m, o: m.LinearLR(o, 0.1, 0.8, 6),
    "ExponentialLR": lambda m, o: m.ExponentialLR(o, 0.9),
    "PolynomialLR": lambda m, o: m.PolynomialLR(o, 7, 2.0),
    "CosineAnnealingLR": lambda m, o: m.CosineAnnealingLR(o, 4, 0.1),
    "LambdaLR": lambda m, o: m.LambdaLR(o, lambda t: t / 10),
    "LambdaLRs": lambda m, o: m.LambdaLR(o, [lambda t: t / 10, lambda t: 0.9**t]),
    "MultiplicativeLR": lambda m, o: m.MultiplicativeLR(o, lambda t: 0.95),
    "WarmRestarts": lambda m, o: m.CosineAnnealingWarmRestarts(o, 3, 2, 0.01),
    "WarmRestarts1": lambda m, o: m.CosineAnnealingWarmRestarts(o, 3),
    "SequentialLR": lambda m, o: m.SequentialLR(
        o, [m.LinearLR(o, 0.1, total_iters=3), m.ExponentialLR(o, 0.9)], [3]
    ),
    "ChainedScheduler": lambda m, o: m.ChainedScheduler(
        [m.ConstantLR(o, 0.1, 4), m.ExponentialLR(o, 0.9)]
    ),
    "OneCycleLR": lambda m, o: m.OneCycleLR(o, [0.5, 2.0], total_steps=15),
    "OneCycleLR3": lambda m, o: m.OneCycleLR(
        o, 1.0, epochs=3, steps_per_epoch=5, three_phase=True, anneal_strategy="linear"
    ),
    "CyclicLR": lambda m, o: m.CyclicLR(o, 0.1, 1.0, 3, 4),
    "CyclicLR2": lambda m, o: m.CyclicLR(o, 0.1, 1.0, 2, mode="triangular2"),
    "CyclicLRExp": lambda m, o: m.CyclicLR(o, 0.1, 1.0, 2, mode="exp_range", gamma=0.9),
}


@pytest.mark.parametrize("momentum", [True, False])
@pytest.mark.parametrize("name", SCHEDULES)
def test_schedule(name, momentum):
    ours, state = run_schedule(rushlight, SCHEDULES[name], momentum=momentum)
    other, their_state = run_schedule(torch, SCHEDULES[name], momentum=momentum)
    for a, b in zip(ours, other):
        for x, y in zip(a, b):
            assert x == pytest.approx(y, rel=1e-12, abs=1e-15)
    assert set(state) == set(their_state)


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("threshold_mode", ["rel", "abs"])
def test_plateau(mode, threshold_mode):
    def make(m, o):
        return m.ReduceLROnPlateau(
            o,
            mode,
            0.5,
            patience=1,
            threshold=0.1,
            threshold_mode=threshold_mode,
            cooldown=1,
            min_lr=[0.01, 0.1],
        )

    metric = [1.0, 0.95, 0.9, 1.0, 1.3, 0.2]
    ours = run_schedule(rushlight, make, 30, metric=metric)
    other = run_schedule(torch, make, 30, metric=metric)
    assert ours == other


@pytest.mark.parametrize(
    "name",
    [
        "StepLR",
        "MultiStepLR",
        "ConstantLR",
        "LinearLR",
        "ExponentialLR",
        "PolynomialLR",
        "CosineAnnealingLR",
    ],
)
def test_closed_form(name):
    def run(library):
        opt = library.optim.SGD([library.zeros(1, requires_grad=True)], lr=1.0)
        schedule = SCHEDULES[name](library.optim.lr_scheduler, opt)
        seen = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for epoch in (3, 1, 6):
                schedule.step(epoch)
                seen.append(schedule.get_last_lr()[0])
        return seen

    assert run(rushlight) == pytest.approx(run(torch), rel=1e-14)


def outcome(action):
    """The type and text of what an action raises or warns about."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            action()
        except Exception as error:
            return type(error).__name__, str(error)
    return [(w.category.__name__, str(w.message)) for w in caught]


def mistakes(lib):
    """Calls that go wrong, for either library."""
    p = lib.zeros(2, requires_grad=True)
    q = lib.zeros(2, requires_grad=True)
    o = lib.optim
    s = o.lr_scheduler

    def sgd(**kw):
        return o.SGD([p], **{"lr": 0.1, **kw})

    def step_first():
        schedule = s.StepLR(sgd(), 2)
        schedule.step()

    def stepped(epoch):
        opt = sgd()
        schedule = s.StepLR(opt, 2)
        opt.step()
        schedule.step(epoch)

    def overridden():
        opt = sgd()
        schedule = s.StepLR(opt, 2)
        opt.step = lambda: None
        schedule.step()

    def loaded(params):
        o.SGD(params, 0.1).load_state_dict(sgd().state_dict())

    def too_long():
        opt = sgd(momentum=0.9)
        schedule = s.OneCycleLR(opt, 1.0, total_steps=2)
        for _ in range(3):
            opt.step()
            schedule.step()

    return [
        lambda: o.SGD([], 0.1),
        lambda: o.SGD(p, 0.1),
        lambda: o.SGD([p * 2], 0.1),
        lambda: o.SGD([p, p], 0.1),
        lambda: o.SGD([1], 0.1),
        lambda: o.SGD([{"params": [p]}, {"params": [p]}], 0.1),
        lambda: o.SGD([{"parameters": [p]}], 0.1),
        lambda: o.SGD([{"params": {p}}], 0.1),
        lambda: o.SGD([("a", p), q], 0.1),
        lambda: sgd().add_param_group([q]),
        lambda: sgd().add_param_group({"params": [("a", q)]}),
        lambda: sgd(lr=-1),
        lambda: sgd(momentum=-1),
        lambda: sgd(weight_decay=-1),
        lambda: sgd(nesterov=True),
        lambda: sgd(fused=True, foreach=True),
        lambda: sgd(lr=lib.zeros(2)),
        lambda: o.Adam([p], -1),
        lambda: o.Adam([p], eps=-1),
        lambda: o.Adam([p], betas=(1.0, 0.9)),
        lambda: o.Adam([p], betas=(0.9, -0.1)),
        lambda: o.Adam([p], betas=(0, 0.9)),
        lambda: o.Adam([p], weight_decay=-1),
        lambda: o.Optimizer([p], {}).step(),
        lambda: loaded([{"params": [p]}, {"params": [q]}]),
        lambda: loaded([p, q]),
        lambda: s.StepLR(object(), 2),
        lambda: s.StepLR(sgd(), 2, last_epoch=3),
        lambda: s.LambdaLR(sgd(), [abs, abs]),
        lambda: s.MultiplicativeLR(sgd(), 3),
        lambda: s.ConstantLR(sgd(), 2.0),
        lambda: s.LinearLR(sgd(), 0.0),
        lambda: s.LinearLR(sgd(), 1.0, 2.0),
        lambda: s.ReduceLROnPlateau(sgd(), factor=1.0),
        lambda: s.ReduceLROnPlateau(sgd(), mode="x"),
        lambda: s.ReduceLROnPlateau(sgd(), threshold_mode="x"),
        lambda: s.ReduceLROnPlateau(sgd(), min_lr=[1, 2]),
        lambda: s.SequentialLR(sgd(), [], []),
        lambda: s.ChainedScheduler([]),
        lambda: s.CosineAnnealingWarmRestarts(sgd(), 0),
        lambda: s.CosineAnnealingWarmRestarts(sgd(), 1, 0),
        lambda: s.OneCycleLR(sgd(), 1.0),
        lambda: s.OneCycleLR(sgd(), 1.0, total_steps=-1),
        lambda: s.OneCycleLR(sgd(), 1.0, 10, pct_start=2),
        lambda: s.OneCycleLR(sgd(), 1.0, 10, anneal_strategy="x"),
        lambda: s.OneCycleLR(sgd(), [1.0, 2.0], 10),
        lambda: s.CyclicLR(sgd(), 0.1, 1.0, mode="x"),
        lambda: s.StepLR(sgd(), 2).get_lr(),
        step_first,
        too_long,
        overridden,
        lambda: stepped(1),
    ]


@pytest.mark.parametrize("index", range(len(mistakes(torch))))
def test_mistake(index):
    ours = outcome(mistakes(rushlight)[index])
    other = outcome(mistakes(torch)[index])
    assert ours
    if isinstance(other, tuple):
        assert ours == other
        return
    assert [w[0] for w in ours] == [w[0] for w in other]
    for mine, their in zip(ours, other):
        assert their[1].startswith(mine[1][:200])


def test_signatures():
    def described(function):
        found = inspect.signature(function).parameters.values()
        return [(p.name, p.kind, str(p.default)) for p in found]

    for name in ("SGD", "Adam", "AdamW"):
        ours = getattr(optim, name).__init__
        assert described(ours) == described(getattr(torch.optim, name).__init__)
    for name, ours in vars(lr_scheduler).items():
        other = getattr(torch.optim.lr_scheduler, name, None)
        if not inspect.isclass(ours) or other is None:
            continue
        mine = [p for p in described(ours.__init__) if p[0] != "verbose"]
        assert mine == described(other.__init__), name
        assert ours.__module__ == "rushlight.optim.lr_scheduler"
    names = [n for n in dir(torch.optim.Optimizer) if not n.startswith("_")]
    aliases = {"OptimizerPreHook", "OptimizerPostHook"}
    assert not [n for n in names if n not in aliases | set(dir(optim.Optimizer))]


def test_schedules_in_turn():
    def run(library):
        opt = library.optim.SGD([library.zeros(1, requires_grad=True)], lr=0.1)
        m = library.optim.lr_scheduler
        both = [m.ExponentialLR(opt, 0.9), m.MultiStepLR(opt, [3, 8], 0.1)]
        seen = []
        for _ in range(10):
            seen.append(both[-1].get_last_lr())
            opt.step()
            for schedule in both:
                schedule.step()
        return list(itertools.chain(*seen))

    assert run(rushlight) == run(torch)
