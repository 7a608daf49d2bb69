"""Schedules: their sequences, warnings about order, states."""

import math

import pytest

import rushlight
from rushlight import optim
from rushlight.optim import lr_scheduler


def optimizer(lr=1.0, **kwargs):
    return optim.SGD([rushlight.zeros(1).requires_grad_()], lr, **kwargs)


def rates(make, steps, lr=1.0, **kwargs):
    opt = optimizer(lr, **kwargs)
    schedule = make(opt)
    seen = []
    for _ in range(steps):
        seen.append(opt.param_groups[0]["lr"])
        assert schedule.get_last_lr() == [seen[-1]]
        opt.step()
        schedule.step()
    return seen


S = lr_scheduler
SEQUENCES = [
    (lambda o: S.StepLR(o, 3), [1, 1, 1, 0.1, 0.1, 0.1, 0.01]),
    (lambda o: S.MultiStepLR(o, [1, 3], 0.5), [1, 0.5, 0.5, 0.25, 0.25]),
    (lambda o: S.ExponentialLR(o, 0.5), [1, 0.5, 0.25, 0.125]),
    (lambda o: S.ConstantLR(o, 0.5, 2), [0.5, 0.5, 1, 1]),
    (lambda o: S.LinearLR(o, 0.25, 1.0, 3), [0.25, 0.5, 0.75, 1, 1]),
    (lambda o: S.PolynomialLR(o, 4, 2), [1, 0.5625, 0.25, 0.0625, 0, 0]),
    (lambda o: S.LambdaLR(o, lambda t: t / 4), [0, 0.25, 0.5, 0.75, 1]),
    (lambda o: S.MultiplicativeLR(o, lambda t: 0.5), [1, 0.5, 0.25]),
    (
        lambda o: S.CosineAnnealingLR(o, 4, 0.1),
        [0.1 + 0.45 * (1 + math.cos(math.pi * t / 4)) for t in range(10)],
    ),
    (
        lambda o: S.CosineAnnealingWarmRestarts(o, 2, 2),
        [1, 0.5, 1, 0.853553, 0.5, 0.146447, 1],
    ),
    (
        lambda o: S.SequentialLR(
            o, [S.ConstantLR(o, 0.1, 9), S.ExponentialLR(o, 0.5)], [2]
        ),
        [0.1, 0.1, 1, 0.5, 0.25],
    ),
    (
        lambda o: S.ChainedScheduler(
            [S.ConstantLR(o, 0.5, 2), S.ExponentialLR(o, 0.5)]
        ),
        [0.5, 0.25, 0.25, 0.125],
    ),
    (
        lambda o: S.CyclicLR(o, 0.0, 1.0, 2, cycle_momentum=False),
        [0, 0.5, 1, 0.5, 0, 0.5],
    ),
    (
        lambda o: S.OneCycleLR(
            o, 1.0, 11, pct_start=0.5, anneal_strategy="linear", cycle_momentum=False
        ),
        [0.04, 0.253333, 0.466667, 0.68, 0.893333],
    ),
]


@pytest.mark.parametrize("index", range(len(SEQUENCES)))
def test_sequence(index):
    make, expected = SEQUENCES[index]
    assert rates(make, len(expected)) == pytest.approx(expected, abs=1e-6)


def test_momentum_moves_against_the_rate():
    opt = optimizer(momentum=0.9)
    schedule = S.CyclicLR(opt, 0.0, 1.0, 2, base_momentum=0.5, max_momentum=0.9)
    seen = []
    for _ in range(4):
        seen.append(opt.param_groups[0]["momentum"])
        opt.step()
        schedule.step()
    assert seen == pytest.approx([0.9, 0.7, 0.5, 0.7])
    adam = optim.Adam([rushlight.zeros(1).requires_grad_()])
    S.OneCycleLR(adam, 1.0, 10)
    assert adam.param_groups[0]["betas"] == pytest.approx((0.95, 0.999))


def test_plateau():
    opt = optimizer()
    schedule = S.ReduceLROnPlateau(opt, factor=0.5, patience=3)
    seen = []
    for _ in range(10):
        seen.append(opt.param_groups[0]["lr"])
        schedule.step(1.0)
    assert seen == [1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25]


def test_plateau_modes(capsys):
    opt = optimizer()
    schedule = S.ReduceLROnPlateau(
        opt, "max", 0.1, 0, 0.5, "abs", cooldown=1, min_lr=0.05, verbose=True
    )
    for metric in (1.0, 1.6, 1.7, 1.7, 1.7):
        schedule.step(rushlight.tensor(metric))
    assert opt.param_groups[0]["lr"] == 0.05
    text = "Epoch     3: reducing learning rate of group 0 to 1.0000e-01.\n"
    assert text in capsys.readouterr().out


def test_wrong_order_warns():
    opt = optimizer()
    schedule = S.StepLR(opt, 2)
    with pytest.warns(
        UserWarning, match=r"Detected call of `lr_scheduler.step\(\)` befo"
    ):
        schedule.step()
    with pytest.warns(UserWarning, match=r"please use `get_last_lr\(\)`"):
        schedule.get_lr()


def test_epoch_argument_is_deprecated():
    opt = optimizer()
    schedule = S.StepLR(opt, 2)
    opt.step()
    with pytest.warns(UserWarning, match="The epoch parameter in `scheduler.step"):
        schedule.step(5)
    assert schedule.get_last_lr() == pytest.approx([0.01])


def test_state_and_resuming():
    opt = optimizer()
    schedule = S.StepLR(opt, 2)
    for _ in range(3):
        opt.step()
        schedule.step()
    saved = schedule.state_dict()
    assert "optimizer" not in saved and saved["last_epoch"] == 3
    other = S.StepLR(optimizer(), 7)
    other.load_state_dict(saved)
    assert other.step_size == 2 and other.last_epoch == 3
    again = S.StepLR(opt, 2, last_epoch=3)
    assert again.last_epoch == 4
    with pytest.raises(
        KeyError, match="param 'initial_lr' is not specified in param_gr"
    ):
        S.StepLR(optimizer(), 2, last_epoch=3)


def test_functions_are_not_saved_objects_are():
    class Warmup:
        def __init__(self, steps):
            self.steps = steps

        def __call__(self, epoch):
            return min(1, epoch / self.steps)

    a = S.LambdaLR(optimizer(), Warmup(4))
    b = S.LambdaLR(optimizer(), Warmup(9))
    b.load_state_dict(a.state_dict())
    assert b.lr_lambdas[0].steps == 4
    assert S.LambdaLR(optimizer(), lambda t: 1).state_dict()["lr_lambdas"] == [None]


def test_composite_states():
    def make(opt):
        return S.SequentialLR(
            opt, [S.ConstantLR(opt, 0.1, 9), S.ExponentialLR(opt, 0.5)], [2]
        )

    opt = optimizer()
    schedule = make(opt)
    for _ in range(4):
        opt.step()
        schedule.step()
    other = make(optimizer())
    other.load_state_dict(schedule.state_dict())
    assert other.last_epoch == 4 and other._schedulers[1].last_epoch == 2


@pytest.mark.parametrize(
    ("action", "kind", "text"),
    [
        (lambda o: S.StepLR(3, 2), TypeError, "int is not an Optimizer"),
        (
            lambda o: S.ReduceLROnPlateau(o, factor=1.0),
            ValueError,
            "Factor should be < 1",
        ),
        (lambda o: S.ReduceLROnPlateau(o, "x"), ValueError, "mode x is unknown!"),
        (lambda o: S.ConstantLR(o, 2.0), ValueError, "expected to be between 0 and 1"),
        (
            lambda o: S.LambdaLR(o, [abs, abs]),
            ValueError,
            "Expected 1 lr_lambdas, but got",
        ),
        (
            lambda o: S.CyclicLR(o, 0, 1, mode="x"),
            ValueError,
            "mode is invalid and scale",
        ),
        (
            lambda o: S.OneCycleLR(o, 1.0),
            ValueError,
            "You must define either total_steps",
        ),
        (
            lambda o: S.SequentialLR(o, [S.StepLR(o, 1)], [1]),
            ValueError,
            "to be one more than the number of milestone points",
        ),
        (
            lambda o: S.ChainedScheduler([S.ReduceLROnPlateau(o)]),
            ValueError,
            "does not support `ReduceLROnPlateau`",
        ),
    ],
)
def test_errors(action, kind, text):
    with pytest.raises(kind) as caught:
        action(optimizer())
    assert text in str(caught.value)


def test_public_paths():
    for name in lr_scheduler.__all__:
        value = getattr(lr_scheduler, name)
        if isinstance(value, type):
            assert value.__module__ == "rushlight.optim.lr_scheduler"
