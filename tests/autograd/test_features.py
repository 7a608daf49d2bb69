"""What training programs do with gradients, from one-element losses to bare optimisers."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

import rushlight as torch
import rushlight.nn.functional as F
from rushlight import nn, optim
from rushlight.utils.checkpoint import checkpoint, checkpoint_sequential


def test_polynomial() -> None:
    x = torch.tensor([2.0], requires_grad=True)
    (x**2 + 3 * x + 1).backward()
    assert x.grad.tolist() == [7.0] and str(x.grad) == "tensor([7.])"
    y = torch.ones(2, 2, requires_grad=True)
    (3 * (y + 2) ** 2).mean().backward()
    assert y.grad.tolist() == [[4.5, 4.5], [4.5, 4.5]]


def test_vector_jacobian_product() -> None:
    a = torch.tensor([2.0, 3.0], requires_grad=True)
    b = torch.tensor([6.0, 4.0], requires_grad=True)
    q = 3 * a**3 - b**2
    with pytest.raises(RuntimeError, match="only for scalar outputs"):
        q.backward()
    with pytest.raises(
        RuntimeError, match=r"grad_output\[0\] has a shape of torch.Size\(\[3\]\)"
    ):
        q.backward(gradient=torch.ones(3))
    q.backward(gradient=torch.tensor([1.0, 1.0]))
    assert str(9 * a**2 == a.grad) == "tensor([True, True])"
    assert str(-2 * b == b.grad) == "tensor([True, True])"


def test_accumulation_and_clearing() -> None:
    x = torch.tensor(2.0, requires_grad=True)
    for _ in range(3):
        (x**2).backward()
    assert x.grad.item() == 12
    x.grad.zero_()
    assert x.grad.item() == 0
    x.grad.data.zero_()
    net = nn.Linear(2, 3)
    net(torch.ones(1, 2)).sum().backward()
    assert net.bias.grad.shape == (3,)
    net.zero_grad()
    assert net.bias.grad is None
    eye = torch.eye(5, requires_grad=True)
    out = (eye + 1).pow(2)
    out.backward(torch.ones_like(eye), retain_graph=True)
    assert eye.grad[0].tolist() == [4, 2, 2, 2, 2]
    out.backward(torch.ones_like(eye))
    assert eye.grad[0].tolist() == [8, 4, 4, 4, 4]


def test_graph_of_a_network() -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    loss = nn.MSELoss()(net(torch.ones(1, 3)), torch.zeros(1, 2))
    node = loss.grad_fn
    names = [node.name()]
    node = node.next_functions[0][0]
    names.append(node.name())
    bias, hidden, weight = (n for n, _ in node.next_functions)
    names += [bias.name(), hidden.name(), weight.name()]
    accumulate = "torch::autograd::AccumulateGrad"
    assert names == [
        "MseLossBackward0",
        "AddmmBackward0",
        accumulate,
        "ReluBackward0",
        "TBackward0",
    ]
    assert bias.variable is net[2].bias
    assert "grad_fn=<MseLossBackward0>" in str(loss)


def test_control_flow() -> None:
    x = torch.tensor([0.5, 1.0], requires_grad=True)
    y = x * 2
    doublings = 1
    while y.data.norm() < 1000:
        y = y * 2
        doublings += 1
    y.backward(torch.tensor([0.1, 1.0]))
    torch.testing.assert_close(x.grad, torch.tensor([0.1, 1.0]) * 2.0**doublings)


def test_order_of_retain_graph() -> None:
    x = torch.ones(2, requires_grad=True)
    y = x.exp().sum()
    y.backward()
    with pytest.raises(RuntimeError, match="Specify retain_graph=True"):
        y.backward(retain_graph=True)


def test_variable() -> None:
    x = torch.autograd.Variable(torch.ones(2, 2))
    temp = torch.autograd.Variable(torch.zeros(2, 2), requires_grad=True)
    (x + temp + 2).mean().backward()
    assert x.grad is None and temp.grad.tolist() == [[0.25, 0.25], [0.25, 0.25]]
    with pytest.raises(
        AttributeError, match="'NoneType' object has no attribute 'data'"
    ):
        x.grad.data.zero_()
    assert isinstance(temp, torch.autograd.Variable) and type(temp) is torch.Tensor


def test_logistic_graph() -> None:
    w = torch.randn(5, 3, requires_grad=True)
    b = torch.randn(3, requires_grad=True)
    z = torch.matmul(torch.ones(5), w) + b
    loss = F.binary_cross_entropy_with_logits(z, torch.zeros(3))
    assert z.grad_fn.name() == "AddBackward0"
    assert loss.grad_fn.name() == "BinaryCrossEntropyWithLogitsBackward0"
    loss.backward()
    assert w.grad.shape == (5, 3) and b.grad.shape == (3,)
    torch.testing.assert_close(b.grad, torch.sigmoid(z.detach()) / 3)


def test_manual_step_and_bare_tensors() -> None:
    net = nn.Linear(2, 1)
    before = net.weight.detach().clone()
    net(torch.ones(1, 2)).sum().backward()
    version = net.weight._version
    for f in net.parameters():
        f.data.sub_(f.grad.data * 0.1)
    torch.testing.assert_close(net.weight.detach(), before - 0.1)
    assert net.weight._version == version
    w1 = torch.randn(3, 2, requires_grad=True)
    w2 = torch.randn(1, 3, requires_grad=True)
    start, x = w1.detach().clone(), torch.ones(2, 4)
    assert w1.grad is None
    optimizer = optim.SGD([w1, w2], lr=0.001)
    for _ in range(10):
        optimizer.zero_grad()
        torch.sigmoid(w2 @ torch.sigmoid(w1 @ x)).sum().backward()
        optimizer.step()
    assert not torch.equal(w1, start)


class Big(nn.Module):
    """Three layers, the first two checkpointed."""

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))
        self.options = options

    def forward(self, x: Any) -> Any:
        for layer in self.layers[:2]:
            x = checkpoint(layer, x, **self.options)
        return self.layers[2](x)


def test_checkpoint_and_inputs_without_grad() -> None:
    x = torch.ones(2, 4)
    net = Big()
    with pytest.warns(UserWarning) as caught:
        net(x).sum().backward()
    texts = [str(w.message) for w in caught]
    assert any("None of the inputs have requires_grad=True" in t for t in texts)
    assert any(
        "use_reentrant parameter should be passed explicitly" in t for t in texts
    )
    assert sum(p.grad is not None for p in net.parameters()) == 2
    net = Big(use_reentrant=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net(x).sum().backward()
    assert all(p.grad is not None for p in net.parameters())


def test_checkpoint_repeats_random_numbers() -> None:
    for reentrant in (True, False):
        x = torch.ones(100, requires_grad=True)
        y = checkpoint(
            lambda t: F.dropout(t.exp(), 0.5) * t, x, use_reentrant=reentrant
        )
        torch.rand(3)
        state = torch.get_rng_state()
        (g,) = (x.grad,) if y.sum().backward() is None else (None,)
        assert torch.equal(state, torch.get_rng_state())
        torch.testing.assert_close(g, 2 * y.detach())


def test_checkpoint_sequential() -> None:
    net = nn.Sequential(*(nn.Linear(3, 3) for _ in range(4)))
    x = torch.ones(1, 3, requires_grad=True)
    out = checkpoint_sequential(net, 2, x, use_reentrant=False)
    torch.testing.assert_close(out, net(x))
    out.sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    with pytest.raises(
        TypeError, match="missing 1 required positional argument: 'segments'"
    ):
        checkpoint_sequential(net, input=x, chunks=2)


def test_what_is_missing_is_named() -> None:
    for name in ("profiler", "nothing"):
        with pytest.raises(AttributeError, match=rf"rushlight\.autograd\.{name}"):
            getattr(torch.autograd, name)
    with pytest.raises(NotImplementedError, match=r"rushlight\.autograd\.forward_ad"):
        _ = torch.autograd.forward_ad
    function = torch.autograd.Function
    with pytest.raises(
        NotImplementedError, match=r"rushlight\.autograd\.Function\.vmap"
    ):
        function.vmap(None, None)
    with pytest.raises(
        NotImplementedError, match=r"rushlight\.autograd\.Function\.jvp"
    ):
        function.jvp(None)


def test_handles() -> None:
    from rushlight.utils.hooks import RemovableHandle

    x = torch.ones(1, requires_grad=True)
    y = x * 2
    calls: list[str] = []
    with y.register_hook(lambda g: calls.append("with")) as handle:
        (y * 1).backward(retain_graph=True)
    (y * 1).backward(retain_graph=True)
    assert calls == ["with"]
    layer = nn.Linear(1, 1)
    for one in (
        handle,
        x.register_post_accumulate_grad_hook(lambda t: None),
        y.grad_fn.register_hook(lambda a, b: None),
        layer.register_forward_hook(lambda *a: None),
    ):
        assert isinstance(one, RemovableHandle) and isinstance(one.id, int)
    assert not isinstance(3, RemovableHandle)


def test_composite_in_place_keeps_its_history() -> None:
    x = torch.tensor([[3.0, 4.0], [0.3, 0.4]], requires_grad=True)
    (expected,) = torch.autograd.grad(x.renorm(2, 0, 1).sum(), x)
    y = x.clone()
    y.renorm_(2, 0, 1)
    (actual,) = torch.autograd.grad(y.sum(), x)
    torch.testing.assert_close(actual, expected)


def test_no_grad_on_a_class_holds_in_its_constructor() -> None:
    x = torch.ones(1, requires_grad=True)
    with pytest.warns(FutureWarning, match="Decorating classes is deprecated"):

        @torch.no_grad()
        class Doubled:
            def __init__(self) -> None:
                self.value = x * 2

            def tracked(self) -> Any:
                return x * 2

    assert not Doubled().value.requires_grad and Doubled().tracked().requires_grad


def test_variable_without_a_tensor() -> None:
    variable: Any = torch.autograd.Variable
    assert variable().shape == (0,)
    with pytest.raises(
        TypeError, match="Variable data has to be a tensor, but got int"
    ):
        variable(1)
    with pytest.warns(UserWarning, match="volatile was removed and now has no effect"):
        variable(torch.ones(1), volatile=True)
