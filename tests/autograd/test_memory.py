"""What graphs keep alive and when they let go; graphs of 100,000 nodes."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

import rushlight as torch

DEEP = 100_000


@pytest.fixture(autouse=True)
def no_collector() -> Iterator[None]:
    """Things must go by counting alone, unless a test asks for the collector."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


class Box:
    """A value that can be watched."""

    def __init__(self, value: Any) -> None:
        self.value = value


def boxes() -> tuple[list[weakref.ref[Box]], Any]:
    """References to all that is saved inside the context, and the context."""
    seen: list[weakref.ref[Box]] = []

    def pack(t: Any) -> Box:
        box = Box(t.detach())
        seen.append(weakref.ref(box))
        return box

    return seen, torch.autograd.graph.saved_tensors_hooks(pack, lambda box: box.value)


def alive(seen: list[weakref.ref[Box]]) -> int:
    return sum(ref() is not None for ref in seen)


def test_backward_frees_what_was_saved() -> None:
    x = torch.ones(3, requires_grad=True)
    seen, context = boxes()
    with context:
        y = (x.exp() * x).sum()
    assert alive(seen) == len(seen) == 3
    y.backward(retain_graph=True)
    assert alive(seen) == 3
    y.backward()
    assert alive(seen) == 0
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        y.backward()


def test_dropping_the_result_frees_the_graph() -> None:
    x = torch.ones(3, requires_grad=True)
    seen, context = boxes()
    with context:
        y = (x.exp() * x).sum()
    del y
    assert alive(seen) == 0


def test_no_grad_saves_nothing() -> None:
    x = torch.ones(3, requires_grad=True)
    seen, context = boxes()
    with context, torch.no_grad():
        (x.exp() * x).sum()
    assert seen == []


def test_context_of_a_function_goes_with_the_graph() -> None:
    seen = []

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.box = Box(1)
            seen.append(weakref.ref(ctx.box))
            ctx.save_for_backward(x)
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 2

    x = torch.ones(1, requires_grad=True)
    y = Double.apply(x)
    assert seen[0]() is not None
    y.backward()
    assert seen[0]() is not None
    del y
    assert seen[0]() is None
    Double.apply(x.detach())
    assert seen[1]() is None
    y = Double.apply(x)
    node = y.grad_fn
    del y
    assert seen[2]() is not None
    assert node.next_functions[0][0].name() == "torch::autograd::AccumulateGrad"
    del node
    assert seen[2]() is None


def test_failing_forward_and_backward_leave_nothing() -> None:
    seen = []

    class Fails(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, late: bool) -> Any:
            ctx.box = Box(1)
            seen.append(weakref.ref(ctx.box))
            if not late:
                raise ValueError("forward")
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            raise ValueError("backward")

    x = torch.ones(1, requires_grad=True)
    with pytest.raises(ValueError, match="forward"):
        Fails.apply(x, False)
    y = Fails.apply(x, True)
    with pytest.raises(ValueError, match="backward"):
        y.backward()
    del y
    assert [ref() for ref in seen] == [None, None]


def test_leaf_goes_though_its_accumulator_was_used() -> None:
    x = torch.ones(2, requires_grad=True)
    x.box = Box(1)
    ref = weakref.ref(x.box)
    node = (x * 2).grad_fn.next_functions[0][0]
    assert node.variable is x
    del x
    assert ref() is not None
    del node
    assert ref() is None


def test_removed_hook_is_dropped() -> None:
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    for register in (
        x.register_hook,
        y.register_hook,
        y.grad_fn.register_hook,
        y.grad_fn.register_prehook,
        x.register_post_accumulate_grad_hook,
    ):
        box = Box(1)
        ref = weakref.ref(box)

        def hook(*args: Any, box: Box = box) -> None:
            pass

        handle = register(hook)
        del hook, box
        assert ref() is not None
        handle.remove()
        assert ref() is None
        handle.remove()


def test_collector_finds_a_hook_over_its_own_tensor() -> None:
    x = torch.ones(2, requires_grad=True)
    x.box = Box(1)
    ref = weakref.ref(x.box)
    x.register_hook(lambda g, x=x: g + x.sum())
    x.me = x
    del x
    gc.collect()
    assert ref() is None


def test_saving_the_output_itself_is_no_cycle() -> None:
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.box = Box(1)
            refs.append(weakref.ref(ctx.box))
            out = x * x
            ctx.save_for_backward(x, out)
            return out

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g

    refs: list[weakref.ref[Box]] = []
    x = torch.ones(1, requires_grad=True)
    Square.apply(x)
    assert refs[0]() is None
    seen, _ = boxes()
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        y = Square.apply(x).exp()
    del y
    assert refs[1]() is None


@pytest.mark.parametrize(
    "step",
    [
        lambda t: t + 1,
        lambda t: t * 1.0,
        lambda t: t.view(1).view(()),
        lambda t: t.add_(1),
        lambda t: torch.stack([t, t]).unbind()[0],
    ],
    ids=["add", "saved", "views", "in place", "several outputs"],
)
def test_deep_graph(step: Any) -> None:
    x = torch.zeros((), requires_grad=True)
    y = x * 1
    for _ in range(DEEP):
        y = step(y)
    y.backward()
    assert x.grad is not None and x.grad.item() == 1
    y = x * 1
    for _ in range(DEEP):
        y = step(y)
    del y  # freed without a backward pass


def test_deep_graph_of_functions() -> None:
    class Pass(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.keep = x
            return x * 1

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g

    x = torch.zeros((), requires_grad=True)
    y = x * 1
    for _ in range(DEEP // 5):
        y = Pass.apply(y)
    y.backward(retain_graph=True)
    assert x.grad.item() == 1
    del y


def test_deep_second_order() -> None:
    x = torch.ones((), requires_grad=True)
    y = x * 1
    for _ in range(DEEP // 20):
        y = y * 1.0 + x * x * 1e-4
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    (h,) = torch.autograd.grad(g, x)
    assert h.item() == pytest.approx(2e-4 * (DEEP // 20), rel=1e-3)


def test_many_leaves_and_shared_nodes() -> None:
    leaves = [torch.ones((), requires_grad=True) for _ in range(5000)]
    torch.stack(leaves).sum().backward()
    assert all(leaf.grad.item() == 1 for leaf in leaves)
    x = torch.ones((), requires_grad=True)
    y = x
    for _ in range(30):
        y = y + y  # 2^30 paths, 30 nodes
    y.backward()
    assert x.grad.item() == 2**30
