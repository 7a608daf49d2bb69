"""Hooks around forward and backward: order, what they may change, removal."""

import pytest

import rushlight
from rushlight import nn
from rushlight.nn.modules import module as global_hooks


@pytest.fixture
def linear():
    layer = nn.Linear(2, 1, bias=False)
    with rushlight.no_grad():
        layer.weight.copy_(rushlight.tensor([[2.0, 3.0]]))
    return layer


def test_forward_hooks_change_arguments_and_output(linear):
    linear.register_forward_pre_hook(lambda m, args: args[0] + 1)
    handle = linear.register_forward_hook(lambda m, args, out: out * 10)
    assert linear(rushlight.zeros(2)).tolist() == [50]
    handle.remove()
    handle.remove()
    assert linear(rushlight.zeros(2)).tolist() == [5]


def test_order_and_prepend(linear):
    log = []
    for name in "ab":
        linear.register_forward_hook(lambda *_, name=name: log.append(name))
    linear.register_forward_hook(lambda *_: log.append("first"), prepend=True)
    linear(rushlight.zeros(2))
    assert log == ["first", "a", "b"]


def test_keyword_arguments(linear):
    linear.register_forward_pre_hook(
        lambda m, args, kw: ((), {"input": kw["input"] + 1}), with_kwargs=True
    )
    seen = []
    linear.register_forward_hook(
        lambda m, args, kw, out: seen.append(sorted(kw)), with_kwargs=True
    )
    assert linear(input=rushlight.zeros(2)).tolist() == [5]
    assert seen == [["input"]]
    linear.register_forward_pre_hook(lambda m, args, kw: 3, with_kwargs=True)
    with pytest.raises(
        RuntimeError, match="forward pre-hook must return None or a tup"
    ):
        linear(input=rushlight.zeros(2))


def test_always_call(linear):
    seen = []
    linear.register_forward_hook(lambda *_: seen.append("never"))
    linear.register_forward_hook(lambda *_: seen.append("always"), always_call=True)
    with pytest.raises(RuntimeError):
        linear(rushlight.zeros(3))
    assert seen == ["always"]


def test_full_backward_hooks(linear):
    x = rushlight.ones(1, 2).requires_grad_()
    linear.register_full_backward_pre_hook(lambda m, out: (out[0] * 5,))
    linear.register_full_backward_hook(lambda m, inp, out: (inp[0] + out[0],))
    linear(x).sum().backward()
    assert x.grad.tolist() == [[15, 20]]
    assert linear.weight.grad.tolist() == [[5, 5]]


def test_backward_hook_without_an_input_that_needs_a_gradient(linear):
    seen = []
    linear.register_full_backward_hook(lambda m, inp, out: seen.append((inp, len(out))))
    with pytest.warns(UserWarning, match="no inputs require gradients"):
        linear(rushlight.ones(1, 2)).sum().backward()
    assert seen == [((None,), 1)]


def test_kinds_of_backward_hooks_do_not_mix(linear):
    linear.register_full_backward_hook(lambda *_: None)
    with pytest.raises(RuntimeError, match="Cannot use both regular backward hooks"):
        linear.register_backward_hook(lambda *_: None)


def test_deprecated_backward_hook(linear):
    seen = []
    linear.register_backward_hook(lambda m, inp, out: seen.append(out[0].tolist()))
    linear(rushlight.ones(1, 2)).sum().backward()
    assert seen == [[[1]]]


def test_global_hooks(linear):
    log = []
    handles = [
        global_hooks.register_module_forward_pre_hook(lambda *_: log.append("pre")),
        global_hooks.register_module_forward_hook(lambda *_: log.append("post")),
        global_hooks.register_module_full_backward_hook(lambda *_: log.append("back")),
    ]
    linear(rushlight.ones(1, 2).requires_grad_()).sum().backward()
    for handle in handles:
        handle.remove()
    linear(rushlight.ones(1, 2))
    assert log == ["pre", "post", "back"]


def test_registration_hooks():
    seen = []
    register = global_hooks.register_module_parameter_registration_hook
    with register(lambda m, name, p: seen.append(name)):
        nn.Linear(1, 1)
    nn.Linear(1, 1)
    assert seen == ["weight", "bias"]
