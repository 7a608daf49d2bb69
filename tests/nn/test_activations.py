"""Activations against their formulas."""

import math

import numpy as np
import pytest

import rushlight
from rushlight import nn
from rushlight.nn import functional as F


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def erf(x):
    return np.vectorize(math.erf)(x)


def relu6(x):
    return np.clip(x, 0, 6)


ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805

CASES = [
    (nn.ReLU(), lambda x: np.maximum(x, 0)),
    (nn.ReLU6(), relu6),
    (nn.Sigmoid(), sigmoid),
    (nn.Tanh(), np.tanh),
    (nn.LeakyReLU(0.2), lambda x: np.where(x > 0, x, 0.2 * x)),
    (nn.PReLU(), lambda x: np.where(x > 0, x, 0.25 * x)),
    (nn.ELU(0.5), lambda x: np.where(x > 0, x, 0.5 * np.expm1(x))),
    (nn.CELU(0.5), lambda x: np.where(x > 0, x, 0.5 * np.expm1(x / 0.5))),
    (nn.SELU(), lambda x: SCALE * np.where(x > 0, x, ALPHA * np.expm1(x))),
    (nn.SiLU(), lambda x: x * sigmoid(x)),
    (nn.Mish(), lambda x: x * np.tanh(np.log1p(np.exp(x)))),
    (nn.GELU(), lambda x: x * 0.5 * (1 + erf(x / math.sqrt(2)))),
    (
        nn.GELU("tanh"),
        lambda x: (
            0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
        ),
    ),
    (nn.Softplus(2.0), lambda x: np.log1p(np.exp(2 * x)) / 2),
    (nn.LogSigmoid(), lambda x: np.log(sigmoid(x))),
    (nn.Softsign(), lambda x: x / (1 + np.abs(x))),
    (nn.Tanhshrink(), lambda x: x - np.tanh(x)),
    (nn.Hardtanh(-0.5, 0.5), lambda x: np.clip(x, -0.5, 0.5)),
    (nn.Hardsigmoid(), lambda x: relu6(x + 3) / 6),
    (nn.Hardswish(), lambda x: x * relu6(x + 3) / 6),
    (nn.Hardshrink(0.5), lambda x: np.where(np.abs(x) > 0.5, x, 0)),
    (nn.Softshrink(0.5), lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0)),
    (nn.Threshold(0.1, 7.0), lambda x: np.where(x > 0.1, x, 7.0)),
    (nn.Softmax(0), lambda x: np.exp(x) / np.exp(x).sum()),
    (nn.Softmin(0), lambda x: np.exp(-x) / np.exp(-x).sum()),
    (nn.LogSoftmax(0), lambda x: x - np.log(np.exp(x).sum())),
    (nn.RReLU(0.1, 0.3).eval(), lambda x: np.where(x > 0, x, 0.2 * x)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda c: type(c[0]).__name__)
def test_formula(case):
    layer, formula = case
    values = np.array([-4.0, -1.3, -0.6, -0.2, 0.0, 0.3, 0.7, 1.9, 5.0, 7.5])
    x = rushlight.tensor(values.tolist())
    got = layer(x).detach().numpy()
    np.testing.assert_allclose(got, formula(values), rtol=2e-5, atol=2e-6)
    assert x.tolist() == rushlight.tensor(values.tolist()).tolist()


@pytest.mark.parametrize(
    "layer",
    [
        nn.ReLU(True),
        nn.ELU(1.0, True),
        nn.LeakyReLU(0.1, True),
        nn.SiLU(True),
        nn.Hardtanh(-1.0, 1.0, True),
    ],
    ids=lambda m: type(m).__name__,
)
def test_in_place(layer):
    x = rushlight.tensor([-1.0, 2.0])
    assert layer(x) is x
    assert "inplace=True" in repr(layer)


def test_glu():
    x = rushlight.tensor([[1.0, 2.0, 0.0, 0.0]])
    assert nn.GLU()(x).tolist() == [[0.5, 1.0]]


def test_softmax_without_dim_warns():
    with pytest.warns(UserWarning, match="Implicit dimension choice for log_softmax"):
        F.log_softmax(rushlight.zeros(2, 3))
    with pytest.warns(UserWarning, match="Implicit dimension choice for softmax"):
        assert nn.Softmax()(rushlight.zeros(2, 4)).tolist() == [[0.25] * 4] * 2


def test_gumbel_softmax():
    rushlight.manual_seed(0)
    logits = rushlight.zeros(5, 4).requires_grad_()
    hard = F.gumbel_softmax(logits, hard=True)
    assert hard.sum(1).tolist() == [1] * 5
    assert hard.max(1)[0].detach().tolist() == pytest.approx([1] * 5)
    (hard * rushlight.arange(4.0)).sum().backward()
    assert logits.grad.abs().sum().item() > 0


def test_functions_are_at_their_public_path():
    assert F.relu.__module__ == F.mse_loss.__module__ == "rushlight.nn.functional"
