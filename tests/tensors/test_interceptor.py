"""The interceptor hook, seen through the call counter: which operators a program runs."""

import pytest

import rushlight as torch
from rushlight import _C


def test_counts_what_runs_inside_only() -> None:
    x = torch.ones(3)
    x.exp()
    with _C._OpCounter() as counter:
        x.exp()
        x.exp()
        x.sin()
    x.cos()
    assert counter.counts == {"exp": 2, "sin": 1}
    assert counter.nanoseconds.keys() == counter.counts.keys()


def test_a_composite_is_one_call() -> None:
    x = torch.ones(2, 3)
    with _C._OpCounter() as counter:
        x.swapaxes(0, 1)
    assert counter.counts == {"swapaxes": 1}


def test_backward_calls_pass_too() -> None:
    x = torch.ones(3, requires_grad=True)
    y = x.sin().sum()
    with _C._OpCounter() as counter:
        y.backward()
    assert counter.counts["cos"] == 1


def test_counters_nest() -> None:
    x = torch.ones(3)
    with _C._OpCounter() as outer:
        x.exp()
        with _C._OpCounter() as inner:
            x.sin()
    assert inner.counts == {"sin": 1}
    assert outer.counts == {"exp": 1, "sin": 1}


def test_a_failing_call_leaves_the_hook_in_place() -> None:
    with _C._OpCounter() as counter:
        with pytest.raises(RuntimeError):
            torch.ones(2) + torch.ones(3)
        torch.ones(2).exp()
    assert counter.counts["exp"] == 1


def test_one_counter_cannot_count_twice() -> None:
    counter = _C._OpCounter()
    with counter, pytest.raises(RuntimeError, match="already counting"):
        counter.__enter__()
