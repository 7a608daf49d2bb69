"""Parameter and Buffer."""

import copy
import pickle

import pytest

import rushlight
from rushlight import nn


def test_parameter_shares_memory_and_wants_a_gradient():
    data = rushlight.ones(2)
    p = nn.Parameter(data)
    assert isinstance(p, nn.Parameter) and isinstance(p, rushlight.Tensor)
    assert p.requires_grad and p.is_leaf and p.grad is None
    data.fill_(3)
    assert p.tolist() == [3, 3]
    assert not nn.Parameter(data, requires_grad=False).requires_grad
    assert not isinstance(data, nn.Parameter)
    assert nn.Parameter().shape == (0,)


def test_results_are_plain_tensors():
    p = nn.Parameter(rushlight.ones(2))
    for result in (p * 2, p.data, p.detach(), p[0], p.view(2)):
        assert type(result) is rushlight.Tensor


def test_no_grad_does_not_matter():
    with rushlight.no_grad():
        assert nn.Parameter(rushlight.ones(1)).requires_grad


def test_repr():
    p = nn.Parameter(rushlight.tensor([1.0, 1.0]))
    text = "Parameter containing:\ntensor([1., 1.], requires_grad=True)"
    assert repr(p) == text


def test_copies():
    p = nn.Parameter(rushlight.ones(2), requires_grad=False)
    for q in (copy.deepcopy(p), pickle.loads(pickle.dumps(p))):
        assert type(q) is nn.Parameter and not q.requires_grad
        q.fill_(2)
        assert p.tolist() == [1, 1]
    shared = [p, p]
    first, second = copy.deepcopy(shared)
    assert first is second


def test_buffer():
    b = nn.Buffer(rushlight.ones(2))
    assert isinstance(b, nn.Buffer) and b.persistent
    assert not isinstance(rushlight.ones(2), nn.Buffer)


def test_wrong_data():
    with pytest.raises(
        TypeError, match="expected a Tensor for argument 'data', got li"
    ):
        nn.Parameter([1.0])


def test_printing_says_that_it_is_a_parameter():
    text = "Parameter containing:\ntensor([1., 1.], requires_grad=True)"
    parameter = nn.Parameter(rushlight.ones(2))
    assert str(parameter) == repr(parameter) == text
    assert f"{parameter}" == text
