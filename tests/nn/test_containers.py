"""Sequential, ModuleList, ModuleDict, ParameterList, ParameterDict."""

from collections import OrderedDict

import pytest

import rushlight
from rushlight import nn


def test_sequential():
    net = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    assert net(rushlight.ones(3, 2, 2)).shape == (3, 2)
    assert len(net) == 2 and net[-1] is net[1]
    assert isinstance(net[:1], nn.Sequential) and len(net[:1]) == 1
    net.append(nn.ReLU()).insert(1, nn.Identity()).extend([nn.Tanh()])
    names = [type(m).__name__ for m in net]
    assert names == ["Flatten", "Identity", "Linear", "ReLU", "Tanh"]
    del net[1:3]
    assert list(net._modules) == ["0", "1", "2"]
    assert isinstance(net.pop(-1), nn.Tanh) and len(net) == 2
    net[0] = nn.SiLU()
    assert repr(net + net) == repr(net * 2)
    net *= 2
    assert len(net) == 4
    with pytest.raises(IndexError, match="index 9 is out of range"):
        net[9]
    with pytest.raises(TypeError):
        net["a"]


def test_named_sequential():
    net = nn.Sequential(OrderedDict([("fc", nn.Linear(1, 1)), ("act", nn.ReLU())]))
    assert list(net.state_dict()) == ["fc.weight", "fc.bias"]
    assert net.fc is net[0]
    net.add_module("last", nn.Tanh())
    assert isinstance(net[2], nn.Tanh)
    assert list(net[1:]._modules) == ["act", "last"]


def test_module_list():
    layers = nn.ModuleList([nn.Linear(1, 1) for _ in range(3)])
    layers.insert(1, nn.ReLU())
    layers += [nn.Tanh()]
    assert len(layers) == 5 and isinstance(layers[1], nn.ReLU)
    assert len(list(layers.parameters())) == 6
    del layers[0]
    assert list(layers._modules) == ["0", "1", "2", "3"]
    assert "(1-2): 2 x Linear(in_features=1, out_features=1, bias=True)" in repr(layers)
    assert isinstance(layers.pop(0), nn.ReLU)
    assert isinstance((layers + layers)[:2], nn.ModuleList)
    with pytest.raises(NotImplementedError, match='the required "forward" function'):
        layers(1)
    with pytest.raises(TypeError, match="with an iterable, but got int"):
        layers.extend(3)


def test_module_dict():
    choices = nn.ModuleDict({"a": nn.ReLU()})
    choices.update([("b", nn.Tanh())])
    choices["c"] = nn.Linear(1, 1)
    assert list(choices) == list(choices.keys()) == ["a", "b", "c"]
    assert "b" in choices and isinstance(choices.pop("b"), nn.Tanh)
    assert [k for k, _ in choices.items()] == ["a", "c"]
    choices.clear()
    assert len(choices) == 0
    with pytest.raises(KeyError):
        choices.pop("a")
    with pytest.raises(ValueError, match="has length 1; 2 is required"):
        choices.update([("a",)])


def test_parameter_list():
    params = nn.ParameterList([rushlight.ones(2), nn.Parameter(rushlight.ones(3)), "x"])
    assert isinstance(params[0], nn.Parameter) and params[-1] == "x"
    params.append(rushlight.zeros(1)).extend([rushlight.zeros(1)])
    params[0] = rushlight.ones(5)
    assert [p.numel() for p in params.parameters()] == [5, 3, 1, 1]
    assert len(params) == 5 and len(params[1:3]) == 2
    assert "(1): Parameter containing: [torch.float32 of size 3]" in repr(params)
    with pytest.raises(RuntimeError, match="should not be called"):
        params()


def test_a_refused_parameter_leaves_no_trace():
    whole = rushlight.ones(1, dtype=rushlight.int64)
    listed, named = nn.ParameterList(), nn.ParameterDict()
    for refused in (lambda: listed.append(whole), lambda: named.update({"a": whole})):
        with pytest.raises(RuntimeError, match="Only Tensors of floating point"):
            refused()
    assert list(listed) == [] and len(named) == 0


def test_parameter_dict():
    params = nn.ParameterDict({"b": rushlight.ones(2), "a": rushlight.ones(1)})
    assert list(params) == ["a", "b"]
    assert params.setdefault("c", rushlight.ones(3)).shape == (3,)
    assert [k for k, _ in params.named_parameters()] == ["a", "b", "c"]
    assert params.get("z") is None and "z" not in params
    joined = params | nn.ParameterDict({"d": rushlight.ones(4)})
    assert list(joined) == ["a", "b", "c", "d"]
    assert joined.pop("a").shape == (1,) and joined.popitem()[0] == "d"
    assert list(reversed(joined)) == ["c", "b"]
    del params["a"]
    params.clear()
    assert not list(params.parameters())
    with pytest.raises(KeyError):
        params.pop("a")
