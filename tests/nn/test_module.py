"""Module: registration, attribute access, the tree, modes, conversions, copies."""

import copy
import pickle

import pytest

import rushlight
from rushlight import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 3)
        self.register_buffer("mean", rushlight.zeros(3))
        self.register_buffer("scratch", rushlight.zeros(1), persistent=False)

    def forward(self, x):
        return self.fc(x) - self.mean


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = Block()
        self.scale = nn.Parameter(rushlight.ones(3))
        self.plain = rushlight.ones(2)

    def forward(self, x):
        return self.block(x) * self.scale

    @property
    def broken(self):
        return self.nothing_here


def test_assignment_registers():
    net = Net()
    names = [name for name, _ in net.named_parameters()]
    assert names == ["scale", "block.fc.weight", "block.fc.bias"]
    assert [name for name, _ in net.named_buffers()] == ["block.mean", "block.scratch"]
    assert list(net.state_dict()) == [
        "scale",
        "block.mean",
        "block.fc.weight",
        "block.fc.bias",
    ]
    assert "plain" in vars(net) and "scale" not in vars(net)
    assert [type(m).__name__ for m in net.modules()] == ["Net", "Block", "Linear"]
    assert [name for name, _ in net.named_modules()] == ["", "block", "block.fc"]
    assert len(list(net.children())) == 1


def test_tables_can_be_written_directly():
    module = nn.Module()
    module._modules["0"] = nn.ReLU()
    module._parameters["p"] = nn.Parameter(rushlight.ones(1))
    assert isinstance(getattr(module, "0"), nn.ReLU)
    assert module.p.item() == 1
    assert "p" in dir(module) and "0" not in dir(module)


def test_assignment_moves_between_tables():
    module = nn.Module()
    module.x = 3
    module.x = nn.Parameter(rushlight.ones(1))
    assert "x" not in vars(module) and "x" in module._parameters
    module.x = None
    assert module.x is None and "x" in module._parameters
    del module.x
    module.x = nn.ReLU()
    assert "x" not in module._parameters and "x" in module._modules
    del module.x
    assert not hasattr(module, "x")
    module.b = nn.Buffer(rushlight.ones(1), persistent=False)
    assert "b" in module._buffers and not module.state_dict()
    module.b = rushlight.zeros(2)
    assert module._buffers["b"].shape == (2,)


@pytest.mark.parametrize(
    ("action", "kind", "text"),
    [
        (lambda m: setattr(m, "scale", rushlight.ones(3)), TypeError, "as parameter"),
        (
            lambda m: setattr(m, "block", "text"),
            TypeError,
            "cannot assign 'str' as chi",
        ),
        (
            lambda m: setattr(m.block, "mean", 3),
            TypeError,
            "cannot assign 'int' as buf",
        ),
        (lambda m: m.add_module("a.b", nn.ReLU()), KeyError, 'contain ".", got: a.b'),
        (lambda m: m.add_module("scale", nn.ReLU()), KeyError, "already exists"),
        (lambda m: m.add_module("a", 3), TypeError, "int is not a Module subclass"),
        (lambda m: m.register_buffer("", None), KeyError, "empty string"),
        (lambda m: m.train(1), ValueError, "training mode is expected to be boolean"),
        (lambda m: m.to(rushlight.int64), TypeError, "only accepts floating point"),
        (lambda m: m.zzz, AttributeError, "'Net' object has no attribute 'zzz'"),
        (lambda m: m.broken, AttributeError, "no attribute 'nothing_here'"),
        (lambda m: m.get_submodule("block.x"), AttributeError, "no attribute `x`"),
        (
            lambda m: m.get_parameter("block.mean"),
            AttributeError,
            "not an nn.Parameter",
        ),
        (lambda m: nn.Module()(1), NotImplementedError, 'the required "forward"'),
        (lambda m: nn.Module(1), TypeError, "takes 1 positional argument but 2 were"),
    ],
)
def test_errors(action, kind, text):
    with pytest.raises(kind) as caught:
        action(Net())
    assert text in str(caught.value)


def test_init_must_come_first():
    class Early(nn.Module):
        def __init__(self):
            self.fc = nn.Linear(1, 1)

    with pytest.raises(AttributeError, match="cannot assign module before Module"):
        Early()

    class Never(nn.Module):
        def __init__(self):
            pass

    with pytest.raises(AttributeError, match=r"super\(\).__init__\(\)"):
        Never()(1)


def test_lookup_by_path():
    net = Net()
    assert net.get_submodule("block.fc") is net.block.fc
    assert net.get_submodule("") is net
    assert net.get_parameter("block.fc.bias") is net.block.fc.bias
    assert net.get_buffer("block.mean") is net.block.mean
    net.set_submodule("block.fc", nn.Linear(2, 3, bias=False))
    assert net.block.fc.bias is None


def test_modes_and_freezing():
    net = Net()
    assert net.training and net.eval() is net
    assert not any(m.training for m in net.modules())
    assert net.train().block.training
    net.requires_grad_(False)
    assert not any(p.requires_grad for p in net.parameters())
    seen = []
    assert net.apply(lambda m: seen.append(type(m).__name__)) is net
    assert seen == ["Linear", "Block", "Net"]


def test_zero_grad():
    net = Net()
    net(rushlight.ones(1, 2)).sum().backward()
    net.zero_grad(set_to_none=False)
    assert net.scale.grad.tolist() == [0, 0, 0]
    net.zero_grad()
    assert net.scale.grad is None


def test_conversion_keeps_the_parameters():
    net = Net()
    scale = net.scale
    net(rushlight.ones(1, 2)).sum().backward()
    assert net.double() is net and net.scale is scale
    assert scale.dtype == scale.grad.dtype == rushlight.float64
    assert net.block.mean.dtype == rushlight.float64
    net.to(rushlight.float32)
    assert scale.dtype == scale.grad.dtype == rushlight.float32
    net.block.register_buffer("count", rushlight.tensor(3))
    assert net.half().block.count.dtype == rushlight.int64
    assert net.to("cpu", rushlight.float64).scale.dtype == rushlight.float64
    assert net.to(rushlight.ones(1)).scale.dtype == rushlight.float32
    with pytest.raises(TypeError):
        net.to(3.5)


def test_repr():
    net = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU(inplace=True)))
    assert repr(net) == (
        "Sequential(\n"
        "  (0): Linear(in_features=2, out_features=3, bias=True)\n"
        "  (1): Sequential(\n"
        "    (0): ReLU(inplace=True)\n"
        "  )\n"
        ")"
    )
    assert repr(nn.Module()) == "Module()"


def test_copies_are_independent():
    net = Net()
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert list(other.state_dict()) == list(net.state_dict())
        with rushlight.no_grad():
            other.scale.fill_(7)
        assert net.scale.tolist() == [1, 1, 1]
        assert other.scale.requires_grad
        x = rushlight.ones(1, 2)
        assert (other(x) / 7 - net(x)).abs().max().item() < 1e-6


def test_old_pickles_gain_the_newer_tables():
    state = nn.Linear(1, 1).__getstate__()
    for key in ("_forward_hooks_with_kwargs", "_non_persistent_buffers_set"):
        state.pop(key)
    module = nn.Linear.__new__(nn.Linear)
    module.__setstate__(state)
    assert module(rushlight.ones(1)).shape == (1,)
    assert list(module.state_dict()) == ["weight", "bias"]


def test_not_available():
    with pytest.raises(NotImplementedError, match="rushlight.nn.Module.compile"):
        nn.Linear(1, 1).compile()
    with pytest.raises(NotImplementedError, match="rushlight.nn.LazyLinear"):
        nn.LazyLinear(3)
    with pytest.raises(NotImplementedError, match="UninitializedParameter"):
        nn.UninitializedParameter()
