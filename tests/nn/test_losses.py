"""Losses against their formulas; reductions, warnings and errors."""

import numpy as np
import pytest

import rushlight
from rushlight import nn
from rushlight.nn import functional as F

rng = np.random.default_rng(0)
A, B = rng.standard_normal((4, 3)), rng.standard_normal((4, 3))
P = rng.uniform(0.1, 0.9, (4, 3))
SIGN = np.where(rng.uniform(size=(4, 3)) > 0.5, 1.0, -1.0)


def log_softmax(x):
    return x - np.log(np.exp(x).sum(1, keepdims=True))


def t(values):
    return rushlight.tensor(values.tolist(), dtype=rushlight.float64)


D = np.abs(A - B)
CASES = [
    (nn.MSELoss, {}, (A, B), D**2),
    (nn.L1Loss, {}, (A, B), D),
    (nn.SmoothL1Loss, {"beta": 0.5}, (A, B), np.where(D < 0.5, D**2, D - 0.25)),
    (
        nn.HuberLoss,
        {"delta": 0.5},
        (A, B),
        np.where(D < 0.5, D**2 / 2, 0.5 * (D - 0.25)),
    ),
    (
        nn.BCELoss,
        {},
        (P, P[::-1]),
        -P[::-1] * np.log(P) - (1 - P[::-1]) * np.log(1 - P),
    ),
    (
        nn.BCEWithLogitsLoss,
        {},
        (A, P),
        np.log1p(np.exp(A)) - A * P,
    ),
    (nn.KLDivLoss, {"log_target": True}, (A, B), np.exp(B) * (B - A)),
    (nn.PoissonNLLLoss, {}, (A, P), np.exp(A) - P * A),
    (nn.SoftMarginLoss, {}, (A, SIGN), np.log1p(np.exp(-SIGN * A))),
    (
        nn.HingeEmbeddingLoss,
        {"margin": 0.7},
        (A, SIGN),
        np.where(SIGN > 0, A, np.maximum(0, 0.7 - A)),
    ),
    (
        nn.MarginRankingLoss,
        {"margin": 0.2},
        (A, B, SIGN),
        np.maximum(0, -SIGN * (A - B) + 0.2),
    ),
    (
        nn.GaussianNLLLoss,
        {},
        (A, B, P),
        0.5 * (np.log(P) + (A - B) ** 2 / P),
    ),
]


@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides")
@pytest.mark.parametrize("case", CASES, ids=lambda c: c[0].__name__)
def test_elementwise(case):
    cls, kwargs, inputs, expected = case
    tensors = [t(value) for value in inputs]
    for reduction, value in (
        ("none", expected),
        ("mean", expected.mean()),
        ("sum", expected.sum()),
    ):
        got = cls(**kwargs, reduction=reduction)(*tensors).numpy()
        np.testing.assert_allclose(got, value, rtol=1e-9)


def test_cross_entropy():
    target = np.array([0, 2, 1, 2])
    picked = -log_softmax(A)[np.arange(4), target]
    x, y = t(A), rushlight.tensor(target.tolist())
    assert nn.CrossEntropyLoss()(x, y).item() == pytest.approx(picked.mean())
    logs = nn.LogSoftmax(1)(x)
    assert nn.NLLLoss()(logs, y).item() == pytest.approx(picked.mean())
    kept = picked[target != 2]
    ignoring = nn.CrossEntropyLoss(ignore_index=2)
    assert ignoring(x, y).item() == pytest.approx(kept.mean())
    w = np.array([1.0, 2.0, 3.0])
    weighted = nn.CrossEntropyLoss(weight=t(w))
    expected = (picked * w[target]).sum() / w[target].sum()
    assert weighted(x, y).item() == pytest.approx(expected)
    smooth = 0.9 * picked - 0.1 * log_softmax(A).mean(1)
    smoothing = nn.CrossEntropyLoss(label_smoothing=0.1)
    assert smoothing(x, y).item() == pytest.approx(smooth.mean())
    soft = P / P.sum(1, keepdims=True)
    got = nn.CrossEntropyLoss()(x, t(soft)).item()
    assert got == pytest.approx(-(soft * log_softmax(A)).sum(1).mean())


def test_cross_entropy_errors():
    x = rushlight.zeros(3, 5)
    with pytest.raises(IndexError, match="Target 5 is out of bounds."):
        F.cross_entropy(x, rushlight.tensor([1, 5, 0]))
    with pytest.raises(
        ValueError, match=r"batch_size \(3\) to match target batch_size"
    ):
        F.cross_entropy(x, rushlight.tensor([1, 0]))


def test_distances():
    far = nn.TripletMarginLoss(margin=2.0, reduction="none")
    norm = np.linalg.norm
    expected = np.maximum(
        0, norm(A - B + 1e-6, axis=1) - norm(A - P + 1e-6, axis=1) + 2
    )
    np.testing.assert_allclose(far(t(A), t(B), t(P)).numpy(), expected, rtol=1e-6)
    sign = rushlight.tensor([1.0, -1.0, 1.0, -1.0], dtype=rushlight.float64)
    cos = (A * B).sum(1) / (norm(A, axis=1) * norm(B, axis=1))
    expected = np.where(sign.numpy() > 0, 1 - cos, np.maximum(0, cos - 0.1))
    got = nn.CosineEmbeddingLoss(0.1, reduction="none")(t(A), t(B), sign)
    np.testing.assert_allclose(got.numpy(), expected, rtol=1e-6)
    with pytest.raises(
        ValueError, match="margin to be greater than 0, got -1.0 instead"
    ):
        nn.TripletMarginLoss(margin=-1.0)


def test_reduction_is_checked():
    with pytest.raises(ValueError, match="foo is not a valid value for reduction"):
        nn.MSELoss(reduction="foo")(rushlight.zeros(1), rushlight.zeros(1))
    with pytest.warns(UserWarning, match="please use reduction='sum' instead"):
        assert nn.MSELoss(size_average=False).reduction == "sum"


def test_sizes_that_differ():
    with pytest.warns(
        UserWarning, match=r"Using a target size \(torch.Size\(\[3\]\)\)"
    ):
        assert F.mse_loss(rushlight.zeros(3, 1), rushlight.ones(3)).item() == 1
    with pytest.raises(
        ValueError, match=r"Target size \(torch.Size\(\[2\]\)\) must be"
    ):
        F.binary_cross_entropy_with_logits(rushlight.zeros(2, 1), rushlight.zeros(2))
    with pytest.raises(RuntimeError, match="should be between 0 and 1"):
        F.binary_cross_entropy(rushlight.full((2,), 2.0), rushlight.zeros(2))


def test_batchmean():
    x, y = t(A), t(P)
    total = F.kl_div(x, y, reduction="sum").item()
    assert F.kl_div(x, y, reduction="batchmean").item() == pytest.approx(total / 4)
    with pytest.warns(UserWarning, match="'batchmean' divides only by the batch size"):
        F.kl_div(x, y)


def test_element_weights():
    w = t(P)
    got = F.mse_loss(t(A), t(B), weight=w).item()
    assert got == pytest.approx((D**2 * P).sum() / P.sum())
    with pytest.raises(ValueError, match="Weights and input must have the same size."):
        F.l1_loss(t(A), t(B), weight=w[0])


@pytest.mark.parametrize("loss", [F.mse_loss, F.smooth_l1_loss, F.huber_loss])
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_masks_as_targets(loss, reduction):
    x = rushlight.tensor([0.25, 0.5, -1.0], requires_grad=True)
    mask = rushlight.tensor([True, False, True])
    results = []
    for target in (mask, mask.float()):
        value = loss(x, target, reduction=reduction)
        slope = rushlight.autograd.grad(value.sum(), x, create_graph=True)[0]
        curve = rushlight.autograd.grad(slope.sum(), x)[0]
        results.append([t.tolist() for t in (value, slope, curve)])
    assert results[0] == results[1]


def test_huber_keeps_the_dtype_of_its_input():
    half, double = rushlight.ones(2).half(), rushlight.zeros(2).double()
    assert F.huber_loss(half, double).dtype == rushlight.float16
    assert F.mse_loss(half, double).dtype == rushlight.float64
