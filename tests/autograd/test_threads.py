"""Backward passes in several Python threads at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

import rushlight as torch

THREADS = 8


def in_threads(work: Callable[[int], Any], count: int = THREADS) -> list[Any]:
    """Results of ``work(i)`` by thread; the first error is raised."""
    results: list[Any] = [None] * count
    errors: list[BaseException] = []
    start = threading.Barrier(count)

    def body(i: int) -> None:
        try:
            start.wait()
            results[i] = work(i)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=body, args=(i,)) for i in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
        assert not t.is_alive()
    if errors:
        raise errors[0]
    return results


def test_accumulation_into_one_leaf() -> None:
    x = torch.ones(64, requires_grad=True)

    def work(i: int) -> None:
        for _ in range(50):
            (x * 2).sum().backward()

    in_threads(work)
    assert x.grad.tolist() == [2.0 * 50 * THREADS] * 64


def test_one_graph_walked_by_all() -> None:
    x = torch.linspace(0, 1, 32).requires_grad_()
    y = (x.exp() * x.sin()).sum()
    (expected,) = torch.autograd.grad(y, x, retain_graph=True)

    def work(i: int) -> Any:
        return [torch.autograd.grad(y, x, retain_graph=True)[0] for _ in range(30)]

    for gradients in in_threads(work):
        for g in gradients:
            assert torch.equal(g, expected)


def test_one_graph_freed_by_the_first() -> None:
    x = torch.ones(8, requires_grad=True)
    for _ in range(20):
        y = (x.exp() * x).sum()

        def work(i: int, y: Any = y) -> bool:
            try:
                y.backward()
            except RuntimeError as error:
                assert "second time" in str(error)
                return False
            return True

        assert any(in_threads(work, 4))


def test_second_order_in_threads() -> None:
    def work(i: int) -> float:
        x = torch.tensor(float(i), requires_grad=True)
        (g,) = torch.autograd.grad(x**3, x, create_graph=True)
        (h,) = torch.autograd.grad(g, x)
        return h.item()

    assert in_threads(work) == [6.0 * i for i in range(THREADS)]


def test_functions_and_hooks() -> None:
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return g * 2 * x

    shared = torch.full((4,), 3.0, requires_grad=True)
    base = Double.apply(shared)
    calls = []
    shared.register_hook(lambda g: calls.append(threading.get_ident()))

    def work(i: int) -> None:
        for _ in range(20):
            y = Double.apply(base)
            handle = y.register_hook(lambda g: g * 1)
            y.sum().backward(retain_graph=True)
            handle.remove()

    in_threads(work)
    # dy/dbase = 2 * base = 2 * 6, dbase/dshared = 2 * 3
    assert shared.grad.tolist() == [72.0 * 20 * THREADS] * 4
    assert len(calls) == 20 * THREADS


def test_modes_belong_to_threads() -> None:
    torch.set_grad_enabled(False)
    try:

        def work(i: int) -> tuple[bool, bool, bool]:
            first = torch.is_grad_enabled()
            with torch.no_grad(), torch.autograd.set_detect_anomaly(True):
                inside = torch.is_grad_enabled()
                with torch.enable_grad():
                    again = torch.is_grad_enabled()
            return first, inside, again

        assert in_threads(work) == [(True, False, True)] * THREADS
        assert not torch.is_grad_enabled() and not torch.is_anomaly_enabled()
    finally:
        torch.set_grad_enabled(True)


def test_views_remade_by_several_threads() -> None:
    for _ in range(20):
        x = torch.ones(4, requires_grad=True)
        base = x * 1
        view = base[:2]
        base.mul_(3)
        names = in_threads(lambda i, view=view: view.grad_fn.name(), 4)
        assert set(names) == {"AsStridedBackward0"}
        (g,) = torch.autograd.grad(view.sum(), x)
        assert g.tolist() == [3.0, 3.0, 0.0, 0.0]


def test_backward_within_backward() -> None:
    x = torch.ones(2, requires_grad=True)
    z = torch.ones(2, requires_grad=True)

    def hook(g: Any) -> None:
        with torch.enable_grad():
            (z * 5).sum().backward()

    (x * 2).register_hook(hook)
    y = x * 2
    y.register_hook(hook)
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0] and z.grad.tolist() == [5.0, 5.0]


def test_error_in_one_thread_leaves_the_others() -> None:
    x = torch.ones(2, requires_grad=True)

    def work(i: int) -> bool:
        y = x * 2
        if i % 2:
            y.register_hook(lambda g: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                y.sum().backward()
            return False
        y.sum().backward()
        return True

    assert sum(in_threads(work)) == THREADS // 2
    assert x.grad.tolist() == [float(THREADS)] * 2
