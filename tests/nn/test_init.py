"""nn.init: distributions, exact patterns, errors."""

import math

import pytest

import rushlight
from rushlight import nn
from rushlight.nn import init


@pytest.fixture(autouse=True)
def seed():
    rushlight.manual_seed(0)


def filled(*shape):
    return nn.Parameter(rushlight.full(shape, 9.0))


@pytest.mark.parametrize(
    ("fill", "bound"),
    [
        (lambda w: init.uniform_(w, -2.0, 2.0), 2.0),
        (init.xavier_uniform_, math.sqrt(6 / 500)),
        (lambda w: init.kaiming_uniform_(w, nonlinearity="relu"), math.sqrt(6 / 300)),
        (lambda w: init.kaiming_uniform_(w, a=math.sqrt(5)), math.sqrt(1 / 300)),
        (lambda w: init.trunc_normal_(w, 0.0, 1.0, -0.5, 0.5), 0.5),
        (lambda w: init.trunc_normal_(w, 0.0, 1.0, -2.0, 2.0), 2.0),
    ],
)
def test_bounded(fill, bound):
    w = filled(200, 300)
    assert fill(w) is w
    assert w.requires_grad and w.grad_fn is None
    assert 0.9 * bound < w.abs().max().item() <= bound


@pytest.mark.parametrize(
    ("fill", "std"),
    [
        (lambda w: init.normal_(w, 0.0, 3.0), 3.0),
        (init.xavier_normal_, math.sqrt(2 / 500)),
        (lambda w: init.kaiming_normal_(w, nonlinearity="relu"), math.sqrt(2 / 300)),
        (
            lambda w: init.kaiming_normal_(w, mode="fan_out", nonlinearity="relu"),
            math.sqrt(2 / 200),
        ),
    ],
)
def test_normal(fill, std):
    w = filled(200, 300)
    fill(w)
    assert w.std().item() == pytest.approx(std, rel=0.02)
    assert abs(w.mean().item()) < 0.02 * std


def test_patterns():
    assert init.constant_(filled(2), 0.5).tolist() == [0.5, 0.5]
    assert init.ones_(filled(2)).tolist() == [1, 1]
    assert init.zeros_(filled(2)).tolist() == [0, 0]
    assert init.eye_(filled(2, 3)).tolist() == [[1, 0, 0], [0, 1, 0]]
    w = init.dirac_(filled(3, 3, 3, 3))
    x = rushlight.randn(1, 3, 5, 5)
    same = nn.functional.conv2d(x, w, padding=1)
    assert (same - x).abs().max().item() < 1e-6
    zeros = (init.sparse_(filled(10, 4), 0.3) == 0).sum(0)
    assert zeros.tolist() == [3, 3, 3, 3]


def test_orthogonal():
    w = init.orthogonal_(filled(3, 5), gain=2.0)
    assert ((w @ w.T) - 4 * rushlight.eye(3)).abs().max().item() < 1e-5


def test_gains():
    gain = init.calculate_gain
    assert gain("linear") == gain("conv2d") == gain("sigmoid") == 1
    assert gain("tanh") == 5 / 3 and gain("relu") == math.sqrt(2)
    assert gain("leaky_relu", 0.2) == math.sqrt(2 / 1.04) and gain("selu") == 0.75


@pytest.mark.parametrize(
    ("action", "text"),
    [
        (lambda: init.xavier_normal_(filled(3)), "fewer than 2 dimensions"),
        (
            lambda: init.kaiming_normal_(filled(3, 3), mode="x"),
            r"Mode x not supported, please use one of \['fan_in', 'fan_out'\]",
        ),
        (lambda: init.calculate_gain("x"), "Unsupported nonlinearity x"),
        (lambda: init.calculate_gain("leaky_relu", True), "not a valid number"),
        (lambda: init.eye_(filled(3)), "Only tensors with 2 dimensions are supported"),
        (lambda: init.dirac_(filled(3)), "with 3, 4, or 5 dimensions are supported"),
        (lambda: init.dirac_(filled(3, 1, 1), 2), "dim 0 must be divisible by groups"),
        (lambda: init.orthogonal_(filled(3)), "2 or more dimensions are supported"),
    ],
)
def test_errors(action, text):
    with pytest.raises(ValueError, match=text):
        action()


def test_warnings():
    with pytest.warns(UserWarning, match="zero-element tensors is a no-op"):
        init.kaiming_uniform_(filled(0, 3))
    with pytest.warns(
        FutureWarning, match="deprecated in favor of `nn.init.constant_`"
    ):
        init.constant(filled(2), 1.0)
    with pytest.warns(UserWarning, match="mean is more than 2 std from"):
        init.trunc_normal_(filled(2), 0.0, 1.0, 3.0, 4.0)


def test_layers_start_where_they_should():
    layer = nn.Linear(400, 10)
    assert 0.045 < layer.weight.abs().max().item() <= 0.05
    assert layer.bias.abs().max().item() <= 0.05
    conv = nn.Conv2d(4, 50, 5)
    assert 0.09 < conv.weight.abs().max().item() <= 0.1
