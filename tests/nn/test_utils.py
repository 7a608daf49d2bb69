"""nn.utils: clipping, parameters as a vector."""

import pytest

import rushlight
from rushlight import nn
from rushlight.nn import utils


def with_grad(*values):
    p = nn.Parameter(rushlight.zeros(len(values)))
    p.grad = rushlight.tensor(values)
    return p


def test_norm():
    a, b, c = with_grad(3.0, 0.0), with_grad(4.0), nn.Parameter(rushlight.ones(1))
    total = utils.clip_grad_norm_([a, b, c], 1.0)
    assert total.item() == 5 and total.shape == ()
    assert a.grad.tolist() == pytest.approx([0.6, 0], abs=1e-6)
    assert b.grad.tolist() == pytest.approx([0.8], abs=1e-6)
    # Small gradients stay as they are.
    utils.clip_grad_norm_([a, b], 10.0)
    assert a.grad.tolist() == pytest.approx([0.6, 0], abs=1e-6)
    assert utils.clip_grad_norm_(with_grad(-7.0, 2.0), 9.0, "inf").item() == 7
    assert utils.clip_grad_norm_([c], 1.0).item() == 0


def test_norm_that_is_not_finite():
    p = with_grad(float("inf"))
    with pytest.raises(RuntimeError, match="The total norm of order 2.0 for gradients"):
        utils.clip_grad_norm_(p, 1.0, error_if_nonfinite=True)
    assert p.grad.tolist() == [float("inf")]
    with pytest.warns(UserWarning, match="`parameters` is an empty generator"):
        utils.clip_grad_norm_((p for p in []), 1.0)


def test_value():
    p = with_grad(-3.0, 0.2, 9.0)
    utils.clip_grad_value_(p, 0.5)
    assert p.grad.tolist() == pytest.approx([-0.5, 0.2, 0.5])


def test_vector():
    a, b = nn.Parameter(rushlight.ones(2, 2)), nn.Parameter(rushlight.zeros(1))
    vector = utils.parameters_to_vector([a, b])
    assert vector.tolist() == [1, 1, 1, 1, 0]
    utils.vector_to_parameters(rushlight.arange(5.0), [a, b])
    assert a.tolist() == [[0, 1], [2, 3]] and b.tolist() == [4]
    with pytest.raises(TypeError, match="expected torch.Tensor, but got: int"):
        utils.vector_to_parameters(3, [a])
