"""Optimizer: groups, state dicts, hooks, checks; SGD and Adam against their formulas."""

import copy
import pickle

import numpy as np
import pytest

import rushlight
from rushlight import optim


def parameter(*values):
    return rushlight.tensor(values).requires_grad_()


def run(opt, p, grads):
    seen = []
    for grad in grads:
        p.grad = rushlight.tensor(grad)
        opt.step()
        seen.append(p.detach().numpy().copy())
    return np.array(seen)


def test_sgd_with_momentum_and_dampening():
    p = parameter(1.0)
    opt = optim.SGD([p], lr=0.1, momentum=0.9, dampening=0.5)
    got = run(opt, p, [[1.0]] * 3)
    np.testing.assert_allclose(got[:, 0], [0.9, 0.76, 0.584], rtol=1e-6)


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("maximize", [False, True])
def test_sgd_formula(nesterov, maximize):
    rng = np.random.default_rng(0)
    p, grads = parameter(1.0, -2.0), rng.standard_normal((5, 2)).tolist()
    opt = optim.SGD(
        [p],
        lr=0.1,
        momentum=0.8,
        weight_decay=0.05,
        nesterov=nesterov,
        maximize=maximize,
    )
    got = run(opt, p, grads)
    x, v = np.array([1.0, -2.0]), None
    for row, grad in zip(got, grads):
        g = (-1 if maximize else 1) * np.array(grad) + 0.05 * x
        v = g if v is None else 0.8 * v + g
        x = x - 0.1 * (g + 0.8 * v if nesterov else v)
        np.testing.assert_allclose(row, x, rtol=1e-5)


@pytest.mark.parametrize("decoupled", [False, True])
@pytest.mark.parametrize("amsgrad", [False, True])
def test_adam_formula(decoupled, amsgrad):
    rng = np.random.default_rng(0)
    p, grads = parameter(1.0, -2.0), rng.standard_normal((6, 2)).tolist()
    make = optim.AdamW if decoupled else optim.Adam
    opt = make([p], 0.05, (0.8, 0.9), 1e-6, 0.1, amsgrad)
    got = run(opt, p, grads)
    x = np.array([1.0, -2.0])
    m = v = top = np.zeros(2)
    for step, (row, grad) in enumerate(zip(got, grads), 1):
        g = np.array(grad)
        if decoupled:
            x = x * (1 - 0.05 * 0.1)
        else:
            g = g + 0.1 * x
        m, v = 0.8 * m + 0.2 * g, 0.9 * v + 0.1 * g * g
        top = np.maximum(top, v) if amsgrad else v
        root = np.sqrt(top / (1 - 0.9**step)) + 1e-6
        x = x - 0.05 * m / (1 - 0.8**step) / root
        np.testing.assert_allclose(row, x, rtol=2e-5)
    state = opt.state[p]
    keys = ["step", "exp_avg", "exp_avg_sq"] + ["max_exp_avg_sq"] * amsgrad
    assert list(state) == keys
    assert state["step"].item() == 6 and state["step"].dtype == rushlight.float32


def test_parameters_without_a_gradient_are_skipped():
    a, b = parameter(1.0), parameter(1.0)
    a.grad = rushlight.ones(1)
    for make in (optim.SGD, optim.Adam):
        opt = make([a, b], lr=0.5)
        opt.step()
        assert b.item() == 1 and b not in opt.state
    opt = optim.SGD([a, b], 0.1, momentum=0.9)
    opt.step()
    b.grad = rushlight.ones(1)
    before = b.item()
    opt.step()
    assert b.item() == pytest.approx(before - 0.1)


def test_groups():
    a, b = parameter(1.0), parameter(1.0)
    opt = optim.SGD([{"params": [a], "lr": 0.5}, {"params": (p for p in [b])}], lr=0.1)
    assert [g["lr"] for g in opt.param_groups] == [0.5, 0.1]
    a.grad, b.grad = rushlight.ones(1), rushlight.ones(1)
    opt.step()
    assert (a.item(), round(b.item(), 6)) == (0.5, 0.9)
    opt.param_groups[1]["lr"] = 0.3
    opt.step()
    assert b.item() == pytest.approx(0.6)
    opt.zero_grad(set_to_none=False)
    assert a.grad.item() == 0
    opt.zero_grad()
    assert a.grad is None
    named = optim.SGD([("a", a), ("b", b)], 0.1)
    assert named.param_groups[0]["param_names"] == ["a", "b"]


def test_closure():
    p = parameter(3.0)
    opt = optim.SGD([p], lr=0.1)

    def closure():
        opt.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with rushlight.no_grad():
        assert opt.step(closure).item() == 9
    assert p.item() == pytest.approx(2.4)


@pytest.mark.parametrize("make", [optim.SGD, optim.Adam, optim.AdamW])
def test_state_dict(make):
    kwargs = {"momentum": 0.9} if make is optim.SGD else {}
    p, q = parameter(1.0, 2.0), parameter(1.0, 2.0)
    a, b = make([p], lr=0.1, **kwargs), make([q], lr=5.0)
    run(a, p, [[1.0, 2.0]] * 3)
    with rushlight.no_grad():
        q.copy_(p)
    saved = a.state_dict()
    assert saved["param_groups"][0]["params"] == [0] and list(saved["state"]) == [0]
    # As in PyTorch the two would share the state's tensors.
    b.load_state_dict(copy.deepcopy(saved))
    assert b.param_groups[0]["lr"] == 0.1
    assert (run(a, p, [[1.0, -1.0]] * 3) == run(b, q, [[1.0, -1.0]] * 3)).all()


def test_loading_casts_to_the_parameter():
    p, q = parameter(1.0), parameter(1.0).double().detach().requires_grad_()
    a, b = optim.Adam([p]), optim.Adam([q])
    run(a, p, [[1.0]])
    b.load_state_dict(a.state_dict())
    assert b.state[q]["exp_avg"].dtype == rushlight.float64
    assert b.state[q]["step"].dtype == rushlight.float32


def test_pickle():
    p = parameter(1.0)
    opt = optim.SGD([p], 0.1, momentum=0.9)
    run(opt, p, [[1.0]])
    again = pickle.loads(pickle.dumps(opt))
    q = again.param_groups[0]["params"][0]
    assert (run(opt, p, [[1.0]]) == run(again, q, [[1.0]])).all()


def test_repr():
    assert repr(optim.SGD([parameter(1.0)], 0.1)) == (
        "SGD (\nParameter Group 0\n    dampening: 0\n    differentiable: False\n"
        "    foreach: None\n    fused: None\n    lr: 0.1\n    maximize: False\n"
        "    momentum: 0\n    nesterov: False\n    weight_decay: 0\n)"
    )


def test_hooks():
    p, log = parameter(1.0), []
    opt = optim.SGD([p], 0.1)
    opt.register_step_pre_hook(lambda o, args, kw: log.append("pre"))
    handle = opt.register_step_post_hook(lambda o, args, kw: log.append("post"))
    run(opt, p, [[1.0]])
    handle.remove()
    run(opt, p, [[1.0]])
    assert log == ["pre", "post", "pre"]
    opt.register_state_dict_post_hook(lambda o, state: {**state, "more": 1})
    opt.register_load_state_dict_pre_hook(
        lambda o, state: log.append(state.pop("more"))
    )
    opt.load_state_dict(opt.state_dict())
    assert log[-1] == 1


def test_own_optimizer():
    class Signs(optim.Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, {"lr": lr})

        def step(self, closure=None):
            with rushlight.no_grad():
                for group in self.param_groups:
                    for p in group["params"]:
                        p.sub_(p.grad.sign() * group["lr"])

    p, log = parameter(1.0), []
    opt = Signs([p], 0.25)
    opt.register_step_pre_hook(lambda *_: log.append(1))
    assert run(opt, p, [[5.0], [-2.0]]).tolist() == [[0.75], [1.0]]
    assert log == [1, 1]


def test_tensor_learning_rate():
    p = parameter(1.0)
    lr = rushlight.tensor(0.5)
    opt = optim.SGD([p], lr)
    run(opt, p, [[1.0]])
    lr.fill_(0.25)
    assert run(opt, p, [[1.0]]).tolist() == [[0.25]]


@pytest.mark.parametrize(
    ("action", "kind", "text"),
    [
        (
            lambda p: optim.SGD([], 0.1),
            ValueError,
            "optimizer got an empty parameter li",
        ),
        (
            lambda p: optim.SGD(p, 0.1),
            TypeError,
            "iterable of Tensors or dicts, but got",
        ),
        (
            lambda p: optim.SGD([p * 2], 0.1),
            ValueError,
            "can't optimize a non-leaf Tens",
        ),
        (lambda p: optim.SGD([p], -1), ValueError, "Invalid learning rate: -1"),
        (
            lambda p: optim.SGD([p], 0.1, nesterov=True),
            ValueError,
            "Nesterov momentum re",
        ),
        (lambda p: optim.Adam([p], betas=(1.0, 0.9)), ValueError, "at index 0: 1.0"),
        (
            lambda p: optim.SGD([{"params": [p]}, {"params": [p]}], 0.1),
            ValueError,
            "some parameters appear in more than one parameter group",
        ),
        (lambda p: optim.SGD([{"parameters": [p]}], 0.1), KeyError, "'params'"),
        (
            lambda p: optim.SGD([p], 0.1).load_state_dict(
                optim.SGD([p, parameter(1.0)], 0.1).state_dict()
            ),
            ValueError,
            "doesn't match the size of optimizer's group",
        ),
        (
            lambda p: optim.Adam([p], capturable=True),
            NotImplementedError,
            "capturable=True is not available",
        ),
        (
            lambda p: optim.SGD([p], differentiable=True),
            NotImplementedError,
            "differentiable=True is not available",
        ),
    ],
)
def test_errors(action, kind, text):
    with pytest.raises(kind) as caught:
        action(parameter(1.0))
    assert text in str(caught.value)
